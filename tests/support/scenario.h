// Scenario and Step: one sequence of segments to be run through the byte-map model and through the real
// thing, and Outcome: all that a step made visible, to be compared. Values.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "restitch/detail/half_state.h"
#include "restitch/stream.h"
#include "support/byte_map_model.h"

namespace restitch::test {

// What the stream asks to see again, of every delivery alike.
enum class Keeper : std::uint8_t { nothing, everything, last_byte, second_half, from_saved };

inline std::optional<std::size_t> keep_from(Keeper keeper, std::size_t available, std::size_t saved) {
  switch (keeper) {
    case Keeper::everything:
      return 0;
    case Keeper::last_byte:
      return available == 0 ? 0 : available - 1;
    case Keeper::second_half:
      return available / 2;
    case Keeper::from_saved:
      return saved;
    case Keeper::nothing:
      break;
  }
  return {};
}

struct Scenario {
  const ReceiverPolicy* policy = &default_receiver_policy();
  std::uint32_t base = 0;  // sequence number of position 0
  Keeper keeper = Keeper::nothing;
  std::uint32_t pages_max = 0;  // 0: no limit
  bool history = false;         // delivered bytes are remembered, all of them
};

constexpr std::size_t whole_history = std::size_t{64} << 20;  // bytes, more than any test delivers

struct Step {
  enum class Kind : std::uint8_t { segment, skip, close } kind = Kind::segment;
  Position at = 0;  // of the first byte of payload
  std::uint32_t size = 0;
  bool syn = false;
  bool fin = false;
  bool rst = false;
  bool start = false;
  bool differs = true;  // from other copies of the same bytes
};

inline std::string describe(const Step& step) {
  if (step.kind == Step::Kind::skip) return "skip_gap";
  if (step.kind == Step::Kind::close) return "close";
  return fmt::format("[{},+{}){}{}{}{}{}", step.at, step.size, step.syn ? " SYN" : "", step.fin ? " FIN" : "",
                     step.rst ? " RST" : "", step.start ? " start" : "", step.differs ? "" : " same");
}

inline std::string describe(const Scenario& scenario, std::span<const Step> steps) {
  std::string text =
      fmt::format("policy {}, base {:#x}, keeper {}, pages_max {}, history {}:", scenario.policy->name,
                  scenario.base, static_cast<int>(scenario.keeper), scenario.pages_max, scenario.history);
  for (const Step& step : steps) text += "\n  " + describe(step);
  return text;
}

inline std::string describe(const Delivery& d) {
  std::string packets;
  for (std::size_t i = 0; i < d.packets.size() && i < 40; ++i) packets += fmt::format("{},", d.packets[i]);
  return fmt::format(
      "offset {} bytes \"{}\" packets {} saved {} skip {} start {} end {} chunks {}/{} queued {}/{} overlap "
      "{}/{}",
      d.offset, d.bytes.substr(0, 200), packets, d.saved, d.skip, d.start, d.end, d.chunks_count,
      d.packets_count, d.queued_bytes, d.queued_packets, d.overlap_bytes, d.overlap_packets);
}

inline std::string describe(const ModelEvent& e) {
  return fmt::format("{} at {} size {} held \"{}\" of packet {}, arrived \"{}\"{}", to_string(e.kind),
                     e.offset ? static_cast<std::int64_t>(*e.offset) : -1, e.size, e.held.substr(0, 40),
                     e.held_packet, e.arrived.substr(0, 40), e.delivered == Winner::held ? "" : " wins");
}

// What one step made visible.
struct Outcome {
  std::vector<Delivery> deliveries;
  std::vector<ModelEvent> events;
  ByteCounts bytes;
  std::uint64_t pages = 0;
};

inline std::string describe(const Outcome& o) {
  std::string text;
  for (const ModelEvent& event : o.events) text += "\n    " + describe(event);
  for (const Delivery& delivery : o.deliveries) text += "\n    " + describe(delivery);
  return text + fmt::format(
                    "\n    seen {} delivered {} duplicate {} before the start {} refused {} dropped {} held "
                    "{} pages {}",
                    o.bytes.seen, o.bytes.delivered, o.bytes.duplicate, o.bytes.before_start, o.bytes.refused,
                    o.bytes.dropped, o.bytes.held, o.pages);
}

inline bool same(const ModelEvent& expected, const ModelEvent& actual) {
  return expected.kind == actual.kind && expected.size == actual.size && expected.held == actual.held &&
         expected.arrived == actual.arrived && expected.held_packet == actual.held_packet &&
         expected.delivered == actual.delivered && (!expected.offset || expected.offset == actual.offset);
}

inline bool same(const ByteCounts& a, const ByteCounts& b) {
  return a.seen == b.seen && a.delivered == b.delivered && a.duplicate == b.duplicate &&
         a.before_start == b.before_start && a.refused == b.refused && a.dropped == b.dropped &&
         a.held == b.held;
}

inline bool same(const Outcome& expected, const Outcome& actual) {
  return expected.deliveries == actual.deliveries && same(expected.bytes, actual.bytes) &&
         expected.pages == actual.pages &&
         std::equal(expected.events.begin(), expected.events.end(), actual.events.begin(),
                    actual.events.end(), [](const ModelEvent& a, const ModelEvent& b) { return same(a, b); });
}

// The payload of a step: one copy differs from another unless it is told to be the same.
inline std::string payload_of(const Step& step, std::uint64_t packet) {
  std::string payload(step.size, '\0');
  for (std::uint32_t i = 0; i < step.size; ++i) {
    const auto here = static_cast<std::uint64_t>(step.at + i);
    payload[i] = static_cast<char>('!' + (here * 7 + (step.differs ? packet * 31 : 0)) % 90);
  }
  return payload;
}

// The packet of a step; borrows `payload`.
inline TcpSegment segment_of(const Scenario& scenario, const Step& step, const std::string& payload) {
  TcpSegment tcp;
  tcp.source_port = 1;
  tcp.destination_port = 2;
  tcp.sequence = Sequence(scenario.base).add(step.at - (step.syn ? 1 : 0));
  tcp.flags = {static_cast<std::uint8_t>(TcpFlag::ack)};
  // It scales windows, so no step lies beyond the largest one that there can be.
  static constexpr std::array<std::uint8_t, 4> window_scale = {3, 3, 14, 0};
  if (step.syn) {
    tcp.flags = tcp.flags | TcpFlag::syn;
    tcp.options = window_scale;
  }
  if (step.fin) tcp.flags = tcp.flags | TcpFlag::fin;
  if (step.rst) tcp.flags = tcp.flags | TcpFlag::rst;
  tcp.payload = Bytes(reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size());
  return tcp;
}

inline CaptureInfo info_of(std::uint64_t packet) {
  CaptureInfo info;
  info.packet_number = packet;
  info.timestamp.ns = static_cast<std::int64_t>(packet) * 1000;
  return info;
}

// What a stream sees of a delivery, looked at in every way there is.
inline Delivery read(ScatterGather& sg, Keeper keeper) {
  Delivery d;
  const auto [available, saved] = sg.lengths();
  const Bytes all = sg.fetch(available);
  d.bytes.assign(all.begin(), all.end());
  std::size_t at = 0;
  for (const ScatterGather::Chunk& chunk : sg.chunks()) {
    const bool agrees = chunk.offset == at && std::equal(chunk.bytes.begin(), chunk.bytes.end(),
                                                         all.begin() + static_cast<std::ptrdiff_t>(at));
    if (!agrees || chunk.bytes.empty()) d.bytes += "<a chunk that is not what fetch() shows>";
    at += chunk.bytes.size();
  }
  d.packets.reserve(available);
  for (std::size_t i = 0; i < available; ++i) d.packets.push_back(sg.capture_info(i).packet_number);
  if (sg.capture_info(available) != CaptureInfo{}) d.bytes += "<a packet for a byte beyond the last>";
  d.saved = saved;
  d.offset = sg.info().offset;
  d.skip = sg.info().skip;
  d.start = sg.info().start;
  d.end = sg.info().end;
  d.chunks_count = sg.stats().chunks;
  d.packets_count = sg.stats().packets;
  d.queued_bytes = sg.stats().queued_bytes;
  d.queued_packets = sg.stats().queued_packets;
  d.overlap_bytes = sg.stats().overlap_bytes;
  d.overlap_packets = sg.stats().overlap_packets;
  if (const auto keep = keep_from(keeper, available, saved)) sg.keep_from(*keep);
  return d;
}

inline ModelEvent read(const Event& event) {
  return {event.kind,
          event.offset,
          event.size,
          std::string(event.held.begin(), event.held.end()),
          std::string(event.arrived.begin(), event.arrived.end()),
          event.held_info.packet_number,
          event.delivered};
}

inline ByteCounts since(const ByteCounts& before, const ByteCounts& now) {
  return {now.seen - before.seen,
          now.delivered - before.delivered,
          now.duplicate - before.duplicate,
          now.before_start - before.before_start,
          now.refused - before.refused,
          now.dropped - before.dropped,
          now.held - before.held};
}

inline std::string report(const Scenario& scenario, std::span<const Step> steps, const std::string& where,
                          const Outcome& expected, const Outcome& actual) {
  return fmt::format("{}\n  {}: expected{}\n  but saw{}", describe(scenario, steps), where,
                     describe(expected), describe(actual));
}

}  // namespace restitch::test
