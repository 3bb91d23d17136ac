#include "packet/ppp.h"

#include "packet/link_layer.h"

namespace restitch {
namespace {

constexpr std::uint8_t hdlc_all_stations = 0xff;
constexpr std::uint8_t hdlc_unnumbered = 0x03;

Header header_of_ppp_protocol(std::uint32_t protocol, DecodedPacket& packet) {
  switch (protocol) {
    case 0x0021:
      return Header::ipv4;
    case 0x0057:
      return Header::ipv6;
    case 0x0281:
    case 0x0283:
      return Header::mpls;
    case 0x0003:  // ROHC
    case 0x0005:
    case 0x002d:  // Van Jacobson
    case 0x002f:
    case 0x0061:  // RFC 2507
    case 0x0063:
    case 0x0065:
    case 0x00fb:
    case 0x00fd:
      return drop(packet, DropReason::compressed);
    case 0x0053:
    case 0x0055:
      return drop(packet, DropReason::encrypted);
    case 0x003d:  // multilink
      return drop(packet, DropReason::link_fragment);
    default:
      return drop(packet, DropReason::not_ip);
  }
}

// Network layer protocol ids of ISO/IEC TR 9577, behind a Frame Relay address.
Header header_of_nlpid(std::uint8_t nlpid, Walk& walk, DecodedPacket& packet) {
  switch (nlpid) {
    case 0xcc:
      return Header::ipv4;
    case 0x8e:
      return Header::ipv6;
    case 0xcf:
      return Header::ppp;
    case 0x80:
      break;
    case 0xb1:  // FRF.12
      return drop(packet, DropReason::link_fragment);
    default:
      return drop(packet, DropReason::not_ip);
  }
  if (walk.captured < 5) return drop(packet, DropReason::truncated);
  const std::uint32_t oui = load_be24(walk.data);
  const std::uint16_t type = load_be16(walk.data + 3);
  if (oui == 0x0080c2 && (type == 0x0001 || type == 0x0007))  // bridged, with or without its FCS
    return enter_behind(5, Header::ethernet, walk, packet);
  if (oui != 0) return drop(packet, DropReason::not_ip);
  return enter_tag(5, walk, packet);
}

}  // namespace

// Address, control and half of the protocol number may have been negotiated away.
Header enter_ppp(Walk& walk, DecodedPacket& packet) {
  if (walk.captured >= 2 && walk.data[0] == hdlc_all_stations && walk.data[1] == hdlc_unnumbered)
    walk.skip(2);
  if (walk.captured < 2) return drop(packet, DropReason::truncated);
  const bool compressed = (walk.data[0] & 1) != 0;
  const std::uint32_t protocol = compressed ? walk.data[0] : load_be16(walk.data);
  walk.skip(compressed ? 1 : 2);
  return header_of_ppp_protocol(protocol, packet);
}

// Cisco's address bytes say unicast or broadcast; anything else is PPP's. Its type field is not always
// right about the version of IP, and the version nibble is.
Header enter_hdlc(Walk& walk, DecodedPacket& packet) {
  constexpr std::uint8_t cisco_unicast = 0x0f;
  constexpr std::uint8_t cisco_broadcast = 0x8f;
  if (walk.captured < 2) return drop(packet, DropReason::truncated);
  if (walk.data[0] != cisco_unicast && walk.data[0] != cisco_broadcast) return Header::ppp;
  const Header next = enter_tag(4, walk, packet);
  return next == Header::ipv4 || next == Header::ipv6 ? Header::ip : next;
}

Header enter_pppoe(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 6;
  constexpr std::uint8_t version_and_type = 0x11;
  constexpr std::uint8_t code_session = 0;
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  if (walk.data[0] != version_and_type || walk.data[1] != code_session)
    return drop(packet, DropReason::not_ip);
  note_layer(walk, packet, LayerKind::pppoe, load_be16(walk.data + 2));
  walk.limit(header_size + load_be16(walk.data + 4));
  return enter_behind(header_size, Header::ppp, walk, packet);
}

Header enter_frame_relay(Walk& walk, DecodedPacket& packet) {
  constexpr std::uint8_t last_address_byte = 1;
  std::size_t address_size = 0;
  do {
    if (walk.captured < address_size + 3) return drop(packet, DropReason::truncated);
    if (address_size == 4) return drop(packet, DropReason::not_ip);
  } while ((walk.data[address_size++] & last_address_byte) == 0);
  if (address_size >= 2 && walk.captured >= address_size + 2 && walk.data[address_size] != hdlc_unnumbered)
    return enter_tag(address_size + 2, walk, packet);  // Cisco: an ethertype
  walk.skip(address_size + 1);
  if (walk.captured > 1 && walk.data[0] == 0) walk.skip(1);  // a byte of padding
  if (walk.captured < 1) return drop(packet, DropReason::truncated);
  const std::uint8_t nlpid = walk.data[0];
  walk.skip(1);
  return header_of_nlpid(nlpid, walk, packet);
}

Header enter_direction_ppp(Walk& walk, DecodedPacket& packet) {
  if (walk.captured < 2) return drop(packet, DropReason::truncated);
  return enter_behind(walk.data[1] == hdlc_unnumbered ? 2 : 1, Header::ppp, walk, packet);
}

}  // namespace restitch
