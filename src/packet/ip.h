// IP headers, from the version nibble to the header behind them. Lengths are settled here: what an IP
// header did not promise is cut off, what it promised and the snap length cut stays countable.
#pragma once

#include <cstring>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/walk.h"

namespace restitch {

constexpr std::uint8_t protocol_tcp = 6;
constexpr std::uint8_t protocol_etherip = 97;

// In the field of flags and fragment offset of IPv4: what is zero but in fragments.
constexpr std::uint16_t more_fragments_or_offset = 0x3fff;

// The header behind an IP protocol number other than TCP.
Header header_of_other_protocol(std::uint8_t protocol, DecodedPacket& packet);

inline Header header_of_protocol(std::uint8_t protocol, DecodedPacket& packet) {
  if (protocol == protocol_tcp) [[likely]]
    return Header::tcp;
  return header_of_other_protocol(protocol, packet);
}

// Requires: header_size >= 20. The fixed part is summed in three loads.
[[gnu::always_inline]] inline bool ipv4_checksum_ok(const std::uint8_t* header, std::size_t header_size) {
  std::uint64_t first;
  std::uint64_t second;
  std::uint32_t last;
  std::memcpy(&first, header, sizeof first);
  std::memcpy(&second, header + 8, sizeof second);
  std::memcpy(&last, header + 16, sizeof last);
  std::uint64_t sum = add_with_carry(add_with_carry(first, second), last);
  if (header_size > 20) [[unlikely]]
    sum = add_with_carry(sum, sum_words(header + 20, header_size - 20));
  return fold_sum(sum) == 0xffff;
}

// Requires: no IPv6 address there before, whose other bytes would stay.
inline void set_ipv4(IpAddress& address, const std::uint8_t* bytes) {
  address.version = 4;
  std::memcpy(address.bytes.data() + 12, bytes, 4);
}

// Notes the IPv4 fragment at which the walk stands, header and all.
void note_ipv4_fragment(const Walk& walk, const DecodedPacket& packet);

// The walk stands in a datagram that was put together: what follows `fragment`'s headers.
Header enter_datagram(const IpFragment& fragment, Walk& walk, DecodedPacket& packet);

Header enter_ip(Walk& walk, DecodedPacket& packet);
Header enter_inner_mpls(Walk& walk, DecodedPacket& packet);
Header enter_inner_ethernet(Walk& walk, DecodedPacket& packet);
Header enter_inner_ip(Walk& walk, DecodedPacket& packet);
Header enter_authentication(Walk& walk, DecodedPacket& packet);
Header enter_ipv6(Walk& walk, DecodedPacket& packet);

// Requires: packet.net has no IPv6 addresses of a header further out.
[[gnu::always_inline]] inline Header enter_ipv4(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size_min = 20;
  const std::uint8_t* p = walk.data;
  if (walk.captured < header_size_min) return drop(packet, DropReason::truncated);
  const std::size_t header_size = (p[0] & 0x0fu) * std::size_t{4};
  const std::size_t total = load_be16(p + 2);
  if ((p[0] >> 4) != 4 || header_size < header_size_min) return drop(packet, DropReason::bad_ip_header);
  walk.overlong = false;
  if (total != 0) {  // 0: segmentation offload, the packet fills the frame
    if (total < header_size) return drop(packet, DropReason::bad_ip_header);
    walk.overlong = !walk.limit(total);
  }
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  packet.ip_checksum_ok = ipv4_checksum_ok(p, header_size);
  packet.ttl = p[8];
  packet.ip_id = load_be16(p + 4);
  packet.tcp.network_words = p[0] & 0x0fu;
  set_ipv4(packet.net.source, p + 12);
  set_ipv4(packet.net.destination, p + 16);
  if ((load_be16(p + 6) & more_fragments_or_offset) != 0) return drop(packet, DropReason::fragment);
  walk.skip(header_size);
  return header_of_protocol(p[9], packet);
}

}  // namespace restitch
