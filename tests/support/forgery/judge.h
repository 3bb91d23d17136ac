// judge(): reads a conversation in every way that there is and says what is wrong; shrink(): leaves out what
// is not needed for that. A packet that is left out is one that the capture missed, so what is left is a
// conversation, too.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/forgery/verdict.h"

namespace restitch::forgery {

inline std::vector<Reading> all_readings() {
  constexpr std::int64_t second = 1'000'000'000;
  const auto with = [](const char* policy) {
    PoolOptions options;
    options.receiver = find_receiver_policy(policy);
    options.hash_seed = 1;
    options.history_bytes_max = std::size_t{64} << 10;  // so that copies of delivered bytes are compared
    return options;
  };
  std::vector<Reading> readings = {{"capture", with("capture")},
                                   {"capture watching", with("capture")},
                                   {"linux", with("linux"), true},
                                   {"gopacket", with("gopacket"), true},
                                   {"capture acknowledged", with("capture"), false, true},
                                   {"gopacket acknowledged", with("gopacket"), true, true},
                                   {"command", with("capture")}};
  readings[1].options.observe = true;
  readings[1].options.tell_copies = true;
  readings[4].options.acknowledged_tolerance_ns = 2 * second;
  readings[5].options.acknowledged_tolerance_ns = 0;
  readings[6].options.midstream_packets_max = 8;
  readings[6].options.midstream_wait_ns = second / 5;
  readings[6].options.ageing = Ageing::usual();
  return readings;
}

inline std::optional<Failure> judge(const Conversation& conversation, const Reading& reading) {
  const std::vector<OwedStream> owed = TruthFinder(conversation).find();
  const Heard heard = hear(conversation, reading.options);
  return Verdict(conversation, owed, heard, reading).find();
}

// Leaves packets out as long as the same rule is broken.
inline Conversation shrink(Conversation conversation, const Reading& reading, std::string_view rule) {
  for (std::size_t size = conversation.packets.size() / 2; size > 0; size /= 2) {
    for (std::size_t at = 0; at < conversation.packets.size();) {
      Conversation less = conversation;
      const auto first = less.packets.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t count = std::min(size, less.packets.size() - at);
      less.packets.erase(first, first + static_cast<std::ptrdiff_t>(count));
      const auto failure = judge(less, reading);
      if (failure && failure->rule == rule) {
        conversation = std::move(less);
      } else {
        at += count;
      }
    }
  }
  return conversation;
}

// The packets, one a line, with numbers as they stand in the connection of the packet.
inline std::string describe(const Conversation& conversation) {
  std::string text;
  std::array<std::optional<Sequence>, 2> origins;
  for (const CapturedPacket& packet : conversation.packets) {
    const WireSegment& segment = packet.segment;
    auto& origin = origins[index(segment.from)];
    if (!origin && !segment.forged()) origin = segment.first().add(-segment.position);
    if (!origins[index(other(segment.from))] && segment.has(TcpFlag::ack) && segment.acked) {
      origins[index(other(segment.from))] = segment.ack.add(-*segment.acked);
    }
  }
  for (std::size_t i = 0; i < conversation.packets.size(); ++i) {
    const CapturedPacket& packet = conversation.packets[i];
    const Side from = packet.segment.from;
    text += fmt::format("  {:3} {:9.3f} {}\n", i + 1, static_cast<double>(packet.time) / 1e6,
                        describe(packet.segment, origins[index(from)].value_or(Sequence()),
                                 origins[index(other(from))].value_or(Sequence())));
  }
  return text;
}

// What was taken in, and by whom.
inline std::string describe_truth(const Conversation& conversation) {
  std::string text;
  for (const OwedStream& stream : TruthFinder(conversation).find()) {
    text += fmt::format("  truth {}>{} #{}: acknowledged {}, window {}\n", name_of(stream.from),
                        name_of(other(stream.from)), stream.connection, stream.acked, stream.window);
    for (const OwedRun& run : stream.runs) text += fmt::format("    {} '{}'\n", run.first, run.bytes);
  }
  return text;
}

inline std::string describe(const Heard& heard) {
  std::string text;
  for (const HeardConnection& connection : heard.connections) {
    text += fmt::format("  heard a connection, {}\n",
                        connection.reason ? to_string(*connection.reason) : std::string_view("open"));
    for (const Side side : {Side::a, Side::b}) {
      for (const HeardRun& run : connection.streams[index(side)].runs) {
        text += fmt::format("    {}>{} {} '{}' of packet {}\n", name_of(side), name_of(other(side)),
                            run.offset, run.bytes, run.packet + 1);
      }
      for (const HeardEvent& event : connection.streams[index(side)].events) {
        text += fmt::format("    {}>{} {} {} at {}+{}{}\n", name_of(side), name_of(other(side)),
                            to_string(event.kind),
                            event.kind == EventKind::refused ? to_string(event.refusal) : "", event.offset,
                            event.size, event.packet ? fmt::format(" packet {}", *event.packet + 1) : "");
      }
    }
  }
  return text;
}

}  // namespace restitch::forgery
