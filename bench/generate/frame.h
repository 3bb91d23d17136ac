// Frames of a generated connection: Ethernet, IPv4 or IPv6, TCP, with right checksums. Appends to the
// caller's buffer; keeps nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "generate/flow.h"

namespace restitch::bench {

constexpr std::uint8_t flag_fin = 0x01;
constexpr std::uint8_t flag_syn = 0x02;
constexpr std::uint8_t flag_psh = 0x08;
constexpr std::uint8_t flag_ack = 0x10;

// A segment of a flow. Its bytes are what the flow's content says.
struct Segment {
  Side side = Side::client;
  std::uint8_t flags = flag_ack;
  std::uint64_t offset = 0;  // of its first byte
  std::size_t size = 0;
  std::uint64_t acknowledged = 0;  // how much of the other side, as an offset
};

// Replaces `frame` by the frame that carries the segment.
void build_frame(const Flow& flow, const Segment& segment, std::uint32_t clock,
                 std::vector<std::uint8_t>& frame);

}  // namespace restitch::bench
