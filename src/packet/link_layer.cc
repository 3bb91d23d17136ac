#include "packet/link_layer.h"

namespace restitch {
namespace {

// ARPHRD_ values of Linux whose frames do not carry an ethertype in the cooked header.
constexpr std::uint16_t arphrd_ieee80211_first = 801;
constexpr std::uint16_t arphrd_ieee80211_last = 803;
constexpr std::uint16_t arphrd_netlink = 824;

bool is_vlan(std::uint16_t ethertype) {
  return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100 || ethertype == 0x9200;
}

// The protocol field of a cooked header: an ethertype, or one of Linux's numbers for frames without.
Header header_of_cooked(std::uint16_t hardware, std::uint16_t protocol, Walk& walk, DecodedPacket& packet) {
  constexpr std::uint16_t protocol_8022_llc = 4;
  if (hardware == arphrd_netlink || (hardware >= arphrd_ieee80211_first && hardware <= arphrd_ieee80211_last))
    return drop(packet, DropReason::not_ip);
  if (protocol == protocol_8022_llc) return Header::llc;
  if (protocol < 0x0600) return drop(packet, DropReason::not_ip);
  return header_of_ethertype(protocol, walk, packet);
}

}  // namespace

Header header_of_family(std::uint32_t family) {
  switch (family) {
    case 2:
      return Header::ipv4;
    case 10:  // Linux
    case 24:  // NetBSD, OpenBSD
    case 28:  // FreeBSD
    case 30:  // Darwin
      return Header::ipv6;
    default:
      return Header::dropped;
  }
}

Header header_of_other_ethertype(std::uint16_t ethertype, Walk& walk, DecodedPacket& packet) {
  if (is_vlan(ethertype)) return Header::vlan;
  if (ethertype < 0x0600) {
    walk.limit(ethertype);
    return Header::llc;
  }
  switch (ethertype) {
    case ethertype_ipv6:
      return Header::ipv6;
    case 0x22f3:
      return Header::trill;
    case ethertype_bridge:
      return Header::ethernet;
    case 0x8847:
    case 0x8848:
      return Header::mpls;
    case 0x8864:
      return Header::pppoe;
    case 0x8870:  // LLC in a jumbo frame, whose length does not fit
      return Header::llc;
    case 0x880b:
      return Header::ppp;
    case 0x88e5:
      return Header::macsec;
    case 0x88e7:
      return Header::pbb;
    case 0x8903:
      return Header::fabricpath;
    case 0x8909:
      return Header::cisco_metadata;
    case 0x8926:
      return Header::vntag;
    case 0x892f:
      return Header::hsr;
    case 0x893f:
      return Header::etag;
    case 0x894f:
      return Header::nsh;
    default:
      return drop(packet, DropReason::not_ip);
  }
}

bool looks_like_ethernet(const std::uint8_t* p) {
  constexpr std::uint16_t ethertype_arp = 0x0806;
  const std::uint16_t ethertype = load_be16(p + 12);
  return ethertype == ethertype_ipv4 || ethertype == ethertype_ipv6 || ethertype == ethertype_arp ||
         is_vlan(ethertype) || ethertype == 0x8847 || ethertype == 0x8864;
}

Header enter_vlan(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t tag_size = 4;
  if (walk.captured < tag_size) return drop(packet, DropReason::truncated);
  note_layer(walk, packet, LayerKind::vlan, load_be16(walk.data) & 0x0fffu);
  return enter_tag(tag_size, walk, packet);
}

// IEEE 802.2: IP is found behind a SNAP header with an OUI that stands for Ethernet's types (the second is
// that of bridges, 802.1H), or behind its own (rare) SAP.
Header enter_llc(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t llc_size = 3;
  constexpr std::size_t snap_size = 8;
  if (walk.captured < llc_size) return drop(packet, DropReason::truncated);
  const std::uint32_t saps_and_control = load_be24(walk.data);
  if (saps_and_control == 0x060603) {
    walk.skip(llc_size);
    return Header::ipv4;
  }
  if (saps_and_control != 0xaaaa03) return drop(packet, DropReason::not_ip);
  if (walk.captured < snap_size) return drop(packet, DropReason::truncated);
  const std::uint32_t oui = load_be24(walk.data + llc_size);
  if (oui != 0 && oui != 0x0000f8) return drop(packet, DropReason::not_ip);
  const std::uint16_t ethertype = load_be16(walk.data + 6);
  walk.skip(snap_size);
  if (ethertype < 0x0600) return drop(packet, DropReason::not_ip);
  return header_of_ethertype(ethertype, walk, packet);
}

Header enter_null(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 4;
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  Header next = header_of_family(load_be32(walk.data));
  if (next == Header::dropped) next = header_of_family(load_le32(walk.data));
  if (next == Header::dropped) return drop(packet, DropReason::not_ip);
  walk.skip(header_size);
  return next;
}

Header enter_linux_sll(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 16;
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  const std::uint16_t hardware = load_be16(walk.data + 2);
  const std::uint16_t protocol = load_be16(walk.data + 14);
  walk.skip(header_size);
  return header_of_cooked(hardware, protocol, walk, packet);
}

Header enter_linux_sll2(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 20;
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  const std::uint16_t protocol = load_be16(walk.data);
  const std::uint16_t hardware = load_be16(walk.data + 8);
  walk.skip(header_size);
  return header_of_cooked(hardware, protocol, walk, packet);
}

}  // namespace restitch
