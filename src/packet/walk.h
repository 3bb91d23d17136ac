// Walk: where decode() stands in a frame. Each enter_*() function reads one header, steps behind it and
// names the header that comes next. Borrows the frame; lives for one decode().
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "restitch/packet.h"

namespace restitch {

// The header that comes next, or one of the two ends of a walk.
enum class Header : std::uint8_t {
  dropped,  // packet.reason says why
  found,    // packet.tcp is filled
  ethernet,
  null,  // BSD loopback, the family in either byte order
  linux_sll,
  linux_sll2,
  vlan,
  llc,
  ip,  // version by its first nibble
  ipv4,
  ipv6,
  tcp,
};

// A default DecodedPacket. It is defined out of sight, because copying it takes eight wide moves, while
// the constructor, whose zeros the compiler sees, becomes a `rep stos` that costs half of decode()'s time.
extern const DecodedPacket empty_packet;

struct Walk {
  const std::uint8_t* data;
  std::size_t captured;  // bytes at data that may be read
  std::size_t wire;      // bytes from data on that were on the wire; never below captured
  // Bytes from data on that the enclosing IP header promised; nothing outside an IP header is limited.
  std::size_t declared = std::numeric_limits<std::size_t>::max();

  Walk(Bytes frame, std::size_t original_size)
      : data(frame.data()), captured(frame.size()), wire(std::max(original_size, frame.size())) {}

  // Requires: size <= captured.
  void skip(std::size_t size) {
    data += size;
    captured -= size;
    wire -= size;
    declared -= size;  // captured <= declared, so this cannot wrap
  }

  // Forgets what lies behind the first `size` bytes, as padding does behind an IP datagram.
  void limit(std::size_t size) {
    if (size >= declared) return;
    declared = size;
    captured = std::min(captured, size);
    wire = std::min(wire, size);
  }
};

inline Header drop(DecodedPacket& packet, DropReason reason) {
  packet.reason = reason;
  return Header::dropped;
}

}  // namespace restitch
