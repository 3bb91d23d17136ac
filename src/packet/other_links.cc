#include "packet/other_links.h"

#include "packet/link_layer.h"

namespace restitch {
namespace {

// A family in the byte order of a host that nobody knows.
Header header_of_host_family(const std::uint8_t* p) {
  const Header next = header_of_family(load_be32(p));
  return next != Header::dropped ? next : header_of_family(load_le32(p));
}

}  // namespace

Header enter_fddi(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 13;
  constexpr std::uint8_t frame_class_mask = 0xc0;
  constexpr std::uint8_t frame_class_llc = 0x40;
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  if ((walk.data[0] & frame_class_mask) != frame_class_llc) return drop(packet, DropReason::not_ip);
  return enter_behind(header_size, Header::llc, walk, packet);
}

Header enter_token_ring(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 14;
  constexpr std::uint8_t frame_class_llc = 0x40;
  constexpr std::uint8_t has_route = 0x80;  // in the first byte of the source address
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  if ((walk.data[1] & 0xc0) != frame_class_llc) return drop(packet, DropReason::not_ip);
  const bool routed = (walk.data[8] & has_route) != 0;
  walk.skip(header_size);
  if (!routed) return Header::llc;
  if (walk.captured < 2) return drop(packet, DropReason::truncated);
  return enter_behind(walk.data[0] & 0x1fu, Header::llc, walk, packet);
}

// RFC 2684: LLC, with a form of its own for bridged Ethernet; or bare IP on a circuit of its own.
Header enter_atm(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t bridged_size = 10;
  if (walk.captured < bridged_size) return drop(packet, DropReason::truncated);
  const std::uint8_t* p = walk.data;
  if (load_be24(p) != 0xaaaa03) return p[0] >> 4 == 4 || p[0] >> 4 == 6 ? Header::ip : Header::llc;
  if (load_be24(p + 3) != 0x0080c2) return Header::llc;
  const std::uint16_t type = load_be16(p + 6);
  if (type != 0x0001 && type != 0x0007) return drop(packet, DropReason::not_ip);
  return enter_behind(bridged_size, Header::ethernet, walk, packet);
}

Header enter_sunatm(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 4;
  constexpr std::uint8_t traffic_lane = 1;
  constexpr std::uint8_t traffic_llc = 2;
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  const std::uint8_t traffic = walk.data[0] & 0x0f;
  walk.skip(header_size);
  if (traffic == traffic_llc) return Header::atm;
  if (traffic == traffic_lane) return enter_behind(2, Header::ethernet, walk, packet);  // client id
  return drop(packet, DropReason::not_ip);
}

// A destination address of 20 bytes, an ethertype, two reserved bytes.
Header enter_ip_over_infiniband(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 24;
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  const std::uint16_t ethertype = load_be16(walk.data + 20);
  walk.skip(header_size);
  return header_of_ethertype(ethertype, walk, packet);
}

Header enter_openbsd_enc(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 12;
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  if (header_of_host_family(walk.data) == Header::dropped) return drop(packet, DropReason::not_ip);
  return enter_behind(header_size, Header::ip, walk, packet);
}

// The header says its own size, without the padding to four bytes.
Header enter_pflog(Walk& walk, DecodedPacket& packet) {
  if (walk.captured < 2) return drop(packet, DropReason::truncated);
  const std::size_t size = (walk.data[0] + std::size_t{3}) & ~std::size_t{3};
  if (size < 4 || header_of_family(walk.data[1]) == Header::dropped) return drop(packet, DropReason::not_ip);
  return enter_behind(size, Header::ip, walk, packet);
}

// A list of attributes, the payload among them. Lengths are in the byte order of the capturing host:
// nearly always little-endian; the type, below 256, tells.
Header enter_nflog(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 4;
  constexpr std::uint16_t type_payload = 9;
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  walk.skip(header_size);
  while (walk.captured >= 4) {
    const bool big_endian = walk.data[2] == 0 && walk.data[3] != 0;
    const std::size_t size = big_endian ? load_be16(walk.data) : load_le16(walk.data);
    const std::uint16_t type = big_endian ? load_be16(walk.data + 2) : load_le16(walk.data + 2);
    if (size < 4) return drop(packet, DropReason::not_ip);
    if (type == type_payload) {
      walk.limit(size);
      return enter_behind(4, Header::ip, walk, packet);
    }
    const std::size_t padded = (size + 3) & ~std::size_t{3};
    if (walk.captured < padded) break;
    walk.skip(padded);
  }
  return drop(packet, DropReason::truncated);
}

// Apple's: any other link type behind a header that says its own size.
Header enter_pktap(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t size_min = 12;
  constexpr std::uint32_t record_packet = 1;
  if (walk.captured < size_min) return drop(packet, DropReason::truncated);
  const std::size_t size = load_le32(walk.data);
  const std::uint32_t link_type = load_le32(walk.data + 8);
  const Header next = link_type <= 0xffff ? first_header(static_cast<LinkType>(link_type)) : Header::dropped;
  if (size < size_min || load_le32(walk.data + 4) != record_packet || next == Header::dropped)
    return drop(packet, DropReason::not_ip);
  return enter_behind(size, next, walk, packet);
}

// IEEE 802.3br: a preamble that ends with what kind of frame follows. Only whole frames, and the first
// parts of others, begin with an Ethernet header.
Header enter_mpacket(Walk& walk, DecodedPacket& packet) {
  constexpr std::uint8_t preamble = 0x55;
  constexpr std::size_t preamble_max = 7;
  std::size_t at = 0;
  while (at < walk.captured && at < preamble_max && walk.data[at] == preamble) ++at;
  if (at >= walk.captured) return drop(packet, DropReason::truncated);
  switch (walk.data[at]) {
    case 0xd5:  // express
    case 0xe6:  // preemptible, counted 0 to 3
    case 0x4c:
    case 0x7f:
    case 0xb3:
      return enter_behind(at + 1, Header::ethernet, walk, packet);
    case 0x61:  // what follows the first part, by the same count
    case 0x52:
    case 0x9e:
    case 0x2a:
      return drop(packet, DropReason::link_fragment);
    default:
      return drop(packet, DropReason::not_ip);
  }
}

// Marvell: both addresses, an ethertype and two zeros in front of the four bytes of the tag.
Header enter_edsa(Walk& walk, DecodedPacket& packet) {
  constexpr std::uint16_t ethertype_dsa = 0xdada;
  if (walk.captured < 14) return drop(packet, DropReason::truncated);
  if (load_be16(walk.data + 12) != ethertype_dsa) return Header::ethernet;
  return enter_tag(22, walk, packet);
}

}  // namespace restitch
