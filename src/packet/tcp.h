// The TCP header, the end of every successful walk.
#pragma once

#include "base/bytes.h"
#include "packet/walk.h"

namespace restitch {

// No receive window is larger (RFC 7323), so no segment can be: a snap length that seems to have cut
// more off is a lie of the record header.
constexpr std::size_t missing_size_max = std::size_t{1} << 30;

// Requires: walk.captured >= header_size, header_size >= 20.
inline void read_tcp(const Walk& walk, std::size_t header_size, TcpSegment& tcp) {
  const std::uint8_t* p = walk.data;
  const std::size_t missing_size = walk.wire - walk.captured;
  tcp.source_port = load_be16(p);
  tcp.destination_port = load_be16(p + 2);
  tcp.sequence = Sequence(load_be32(p + 4));
  tcp.acknowledgment = Sequence(load_be32(p + 8));
  tcp.flags = TcpFlags{p[13]};
  tcp.window = load_be16(p + 14);
  tcp.urgent_pointer = load_be16(p + 18);
  tcp.missing_size = missing_size <= missing_size_max ? static_cast<std::uint32_t>(missing_size) : 0;
  tcp.options = Bytes(p + 20, header_size - 20);
  tcp.payload = Bytes(p + header_size, walk.captured - header_size);
  tcp.bytes = Bytes(p, walk.captured);
}

[[gnu::always_inline]] inline Header enter_tcp(const Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size_min = 20;
  if (walk.captured < header_size_min) {
    return drop(packet, walk.declared < header_size_min ? DropReason::bad_tcp_header : DropReason::truncated);
  }
  const std::size_t header_size = (walk.data[12] >> 4) * std::size_t{4};
  if (header_size < header_size_min || header_size > walk.declared)
    return drop(packet, DropReason::bad_tcp_header);
  if (header_size > walk.captured) return drop(packet, DropReason::truncated);
  read_tcp(walk, header_size, packet.tcp);
  packet.tcp.network_ok = packet.ip_checksum_ok;
  packet.reason = DropReason::none;
  return Header::found;
}

}  // namespace restitch
