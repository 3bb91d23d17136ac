// WireSegment: a segment on its way between the two hosts of a conversation, with what the model knows of it
// and no observer does: whether it is forged, of which connection it is, and where in the stream it lies.
// A value.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/packet.h"
#include "support/frame_builder.h"

namespace restitch::forgery {

// The two hosts: `a` opens connections, `b` listens.
enum class Side : std::uint8_t { a, b };

constexpr Side other(Side side) { return side == Side::a ? Side::b : Side::a; }
constexpr std::size_t index(Side side) { return static_cast<std::size_t>(side); }
constexpr char name_of(Side side) { return side == Side::a ? 'A' : 'B'; }

// Where a byte lies in its stream: 0 is the first one behind the SYN, which is at -1. It never wraps.
using Position = std::int64_t;

struct Timestamps {
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
};

struct WireSegment {
  Side from = Side::a;
  Sequence seq;
  Sequence ack;
  TcpFlags flags;
  std::uint16_t window = 0;
  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;
  std::optional<Timestamps> timestamps;
  bool sack_permitted = false;
  std::vector<SackBlock> sacks;
  std::string payload;
  bool wrong_checksum = false;
  bool short_lived = false;  // its TTL does not reach the receiver
  bool tunnelled = false;    // inside a UDP tunnel between two other hosts

  // What no observer knows.
  std::string_view forgery{};    // empty: the host itself sent it
  std::uint32_t connection = 0;  // of the sender; one that is forged: at which it is aimed
  Position position = 0;         // of the first byte of its payload
  std::optional<Position>
      acked;             // its host has taken in all bytes before this one; only of what is not forged
  Position offered = 0;  // the window behind them, in bytes

  [[nodiscard]] bool has(TcpFlag flag) const { return flags.has(flag); }
  [[nodiscard]] bool forged() const { return !forgery.empty(); }
  [[nodiscard]] Sequence first() const { return seq.add(has(TcpFlag::syn) ? 1 : 0); }
  [[nodiscard]] Position size() const { return static_cast<Position>(payload.size()); }
  [[nodiscard]] Position end() const { return position + size(); }
  // Of sequence numbers.
  [[nodiscard]] Position length() const {
    return size() + (has(TcpFlag::syn) ? 1 : 0) + (has(TcpFlag::fin) ? 1 : 0);
  }
};

// What one host offers the other on one connection, for all to see.
struct Endpoints {
  bool ipv6 = false;
  std::uint16_t port_a = 40000;
  std::uint16_t port_b = 80;

  [[nodiscard]] std::uint16_t port(Side side) const { return side == Side::a ? port_a : port_b; }
  [[nodiscard]] std::string address(Side side) const {
    if (ipv6) return side == Side::a ? "2001:db8::1" : "2001:db8::2";
    return side == Side::a ? "10.0.0.1" : "10.0.0.2";
  }
};

inline testing::Frame options_of(const WireSegment& segment) {
  testing::Frame options;
  if (segment.mss) testing::put(options, testing::tcp_option::mss(*segment.mss));
  if (segment.window_scale) testing::put(options, testing::tcp_option::window_scale(*segment.window_scale));
  if (segment.sack_permitted) testing::put(options, testing::tcp_option::sack_permitted());
  if (segment.timestamps) {
    testing::put(options,
                 testing::tcp_option::timestamps(segment.timestamps->value, segment.timestamps->echo));
  }
  if (!segment.sacks.empty()) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> blocks;
    for (const SackBlock& block : segment.sacks) blocks.emplace_back(block.left.value(), block.right.value());
    testing::put(options, testing::tcp_option::sack(blocks));
  }
  return options;
}

// The raw IP datagram of a segment.
inline testing::Frame datagram_of(const WireSegment& segment, const Endpoints& endpoints) {
  testing::FrameBuilder builder;
  builder.ip(endpoints.address(segment.from), endpoints.address(other(segment.from)))
      .tcp(endpoints.port(segment.from), endpoints.port(other(segment.from)))
      .seq(segment.seq.value())
      .ack(segment.has(TcpFlag::ack) ? segment.ack.value() : 0)
      .flags(segment.flags)
      .window(segment.window)
      .ttl(segment.short_lived ? 2 : 64)
      .option(options_of(segment))
      .payload(segment.payload);
  if (segment.wrong_checksum) builder.bad_checksum();
  const testing::Frame inner = builder.build_ip();
  if (!segment.tunnelled) return inner;
  testing::FrameBuilder outer;
  return outer.ipv4("192.0.2.1", "192.0.2.2").ip_payload(endpoints.ipv6 ? 41 : 4, inner).build_ip();
}

// "A>B SYN ACK 100+5 ack 7 win 20 'hello' data/race low ttl", numbers relative to the origins given.
inline std::string describe(const WireSegment& segment, Sequence seq_origin, Sequence ack_origin) {
  std::string text = fmt::format("{}>{}", name_of(segment.from), name_of(other(segment.from)));
  constexpr std::string_view letters = "FSRPAU";
  text += ' ';
  for (std::size_t bit = 0; bit < letters.size(); ++bit) {
    if ((segment.flags.bits >> bit & 1) != 0) text += letters[bit];
  }
  text += fmt::format(" {}+{}", seq_origin.difference(segment.seq), segment.payload.size());
  if (segment.has(TcpFlag::ack)) text += fmt::format(" ack {}", ack_origin.difference(segment.ack));
  text += fmt::format(" win {}", segment.window);
  if (segment.window_scale) text += fmt::format(" scale {}", *segment.window_scale);
  if (segment.timestamps)
    text += fmt::format(" ts {}/{}", segment.timestamps->value, segment.timestamps->echo);
  for (const SackBlock& block : segment.sacks) {
    text += fmt::format(" sack {}-{}", ack_origin.difference(block.left), ack_origin.difference(block.right));
  }
  if (!segment.payload.empty())
    text += fmt::format(" '{}{}'", segment.payload.substr(0, 24), segment.payload.size() > 24 ? "…" : "");
  text += fmt::format(" #{}", segment.connection);
  if (segment.forged()) text += fmt::format("  FORGED {}", segment.forgery);
  if (segment.wrong_checksum) text += ", wrong checksum";
  if (segment.short_lived) text += ", low TTL";
  if (segment.tunnelled) text += ", in a tunnel";
  return text;
}

}  // namespace restitch::forgery
