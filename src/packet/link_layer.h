// Link headers: Ethernet with VLAN tags and LLC, BSD loopback, Linux cooked. Each function steps behind
// its header and names the next one.
#pragma once

#include "base/bytes.h"
#include "packet/walk.h"

namespace restitch {

constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint16_t ethertype_ipv6 = 0x86dd;
constexpr std::uint16_t ethertype_bridge = 0x6558;  // transparent Ethernet bridging, in GRE and Geneve

constexpr std::size_t ethernet_size = 14;  // of the header, without tags

// The first header of a frame; Header::dropped for a link type without a decoder.
Header first_header(LinkType link_type);

// The header behind an ethertype other than IPv4. Below 0x0600 it is the length of an IEEE 802.3 frame.
Header header_of_other_ethertype(std::uint16_t ethertype, Walk& walk, DecodedPacket& packet);

// The walk stands behind the ethertype.
inline Header header_of_ethertype(std::uint16_t ethertype, Walk& walk, DecodedPacket& packet) {
  if (ethertype == ethertype_ipv4) [[likely]]
    return Header::ipv4;
  return header_of_other_ethertype(ethertype, walk, packet);
}

// The header behind an address family, as any of the systems numbers it; Header::dropped for others.
Header header_of_family(std::uint32_t family);

// True when the 14 bytes at `p` may well be an Ethernet header: where nothing else says what follows.
bool looks_like_ethernet(const std::uint8_t* p);

// Steps over `size` bytes, the last two of which are an ethertype.
inline Header enter_tag(std::size_t size, Walk& walk, DecodedPacket& packet) {
  if (walk.captured < size) return drop(packet, DropReason::truncated);
  const std::uint16_t ethertype = load_be16(walk.data + size - 2);
  walk.skip(size);
  return header_of_ethertype(ethertype, walk, packet);
}

// Steps over `size` bytes in front of `next`.
inline Header enter_behind(std::size_t size, Header next, Walk& walk, DecodedPacket& packet) {
  if (walk.captured < size) return drop(packet, DropReason::truncated);
  walk.skip(size);
  return next;
}

inline Header enter_ethernet(Walk& walk, DecodedPacket& packet) {
  return enter_tag(ethernet_size, walk, packet);
}

Header enter_vlan(Walk& walk, DecodedPacket& packet);
Header enter_llc(Walk& walk, DecodedPacket& packet);
Header enter_null(Walk& walk, DecodedPacket& packet);
Header enter_linux_sll(Walk& walk, DecodedPacket& packet);
Header enter_linux_sll2(Walk& walk, DecodedPacket& packet);

}  // namespace restitch
