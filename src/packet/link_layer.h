// Link headers: Ethernet with VLAN tags and LLC, BSD loopback, Linux cooked. Each function steps behind
// its header and names the next one.
#pragma once

#include "base/bytes.h"
#include "packet/walk.h"

namespace restitch {

constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint16_t ethertype_ipv6 = 0x86dd;

// The first header of a frame; Header::dropped for a link type without a decoder.
Header first_header(LinkType link_type);

// The header behind an ethertype other than IPv4.
Header header_of_other_ethertype(std::uint16_t ethertype, DecodedPacket& packet);

inline Header header_of_ethertype(std::uint16_t ethertype, DecodedPacket& packet) {
  if (ethertype == ethertype_ipv4) [[likely]]
    return Header::ipv4;
  return header_of_other_ethertype(ethertype, packet);
}

inline Header enter_ethernet(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 14;
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  const std::uint16_t ethertype = load_be16(walk.data + 12);
  walk.skip(header_size);
  return header_of_ethertype(ethertype, packet);
}

Header enter_vlan(Walk& walk, DecodedPacket& packet);
Header enter_llc(Walk& walk, DecodedPacket& packet);
Header enter_null(Walk& walk, DecodedPacket& packet);
Header enter_linux_sll(Walk& walk, DecodedPacket& packet);
Header enter_linux_sll2(Walk& walk, DecodedPacket& packet);

}  // namespace restitch
