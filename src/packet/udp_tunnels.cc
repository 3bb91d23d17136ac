#include "packet/udp_tunnels.h"

#include "packet/l2tp.h"
#include "packet/link_layer.h"

namespace restitch {
namespace {

enum : std::uint16_t {
  port_lisp = 4341,
  port_ayiya = 5072,
  port_mpls = 6635,
  port_tzsp = 37008,
};

Header not_this(DecodedPacket& packet) { return drop(packet, DropReason::not_tcp); }

// RFC 7348; reserved bits are used by extensions, only the one that says there is a VNI counts.
Header enter_vxlan(Walk& walk, DecodedPacket& packet) {
  constexpr std::uint8_t has_vni = 0x08;
  if (walk.captured < 8 || (walk.data[0] & has_vni) == 0) return not_this(packet);
  note_layer(walk, packet, LayerKind::vxlan, load_be24(walk.data + 4));
  return enter_behind(8, Header::ethernet, walk, packet);
}

// The same with a next protocol (draft-ietf-nvo3-vxlan-gpe).
Header enter_vxlan_gpe(Walk& walk, DecodedPacket& packet) {
  constexpr std::uint8_t has_next_protocol = 0x04;
  if (walk.captured < 8) return not_this(packet);
  if ((walk.data[0] & has_next_protocol) == 0) return enter_vxlan(walk, packet);
  const std::uint8_t next = walk.data[3];
  note_layer(walk, packet, LayerKind::vxlan, load_be24(walk.data + 4));
  walk.skip(8);
  switch (next) {
    case 1:
      return Header::ipv4;
    case 2:
      return Header::ipv6;
    case 3:
      return Header::ethernet;
    case 4:
      return Header::nsh;
    case 5:
      return Header::mpls;
    default:
      return not_this(packet);
  }
}

// RFC 8926.
Header enter_geneve(Walk& walk, DecodedPacket& packet) {
  if (walk.captured < 8 || (walk.data[0] >> 6) != 0) return not_this(packet);
  const std::size_t size = 8 + (walk.data[0] & 0x3fu) * std::size_t{4};
  const std::uint16_t protocol = load_be16(walk.data + 2);
  if (walk.captured < size || protocol < 0x0600) return not_this(packet);
  note_layer(walk, packet, LayerKind::geneve, load_be24(walk.data + 4));
  walk.skip(size);
  return header_of_ethertype(protocol, walk, packet);
}

// The extension headers of GTP-U: a length in words, contents, the type of the next. `type` is the first.
bool skip_gtp_extensions(std::uint8_t type, Walk& walk) {
  while (type != 0) {
    if (walk.captured < 4) return false;
    const std::size_t size = walk.data[0] * std::size_t{4};
    if (size == 0 || walk.captured < size) return false;
    type = walk.data[size - 1];
    walk.skip(size);
  }
  return true;
}

// 3GPP TS 29.281.
Header enter_gtp(Walk& walk, DecodedPacket& packet) {
  constexpr std::uint8_t version_and_type = 0xf0;
  constexpr std::uint8_t version_1_gtp = 0x30;
  constexpr std::uint8_t has_optional_part = 0x07;
  constexpr std::uint8_t has_extension = 0x04;
  constexpr std::uint8_t message_data = 0xff;
  if (walk.captured < 8) return not_this(packet);
  const std::uint8_t flags = walk.data[0];
  if ((flags & version_and_type) != version_1_gtp || walk.data[1] != message_data) return not_this(packet);
  const std::size_t length = load_be16(walk.data + 2);
  note_layer(walk, packet, LayerKind::gtp, load_be32(walk.data + 4));
  walk.skip(8);
  walk.limit(length);
  if ((flags & has_optional_part) == 0) return Header::ip;
  if (walk.captured < 4) return not_this(packet);
  const std::uint8_t extension = (flags & has_extension) != 0 ? walk.data[3] : std::uint8_t{0};
  walk.skip(4);
  return skip_gtp_extensions(extension, walk) ? Header::ip : not_this(packet);
}

// RFC 4380: IPv6 behind an optional authentication and an optional origin, told apart by their first bytes.
Header enter_teredo(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t origin_size = 8;
  if (walk.captured >= 4 && load_be16(walk.data) == 1) {
    const std::size_t size = 4 + std::size_t{walk.data[2]} + walk.data[3] + 9;
    if (walk.captured < size) return not_this(packet);
    walk.skip(size);
  }
  if (walk.captured >= origin_size && load_be16(walk.data) == 0) walk.skip(origin_size);
  if (walk.captured < 40 || (walk.data[0] >> 4) != 6) return not_this(packet);
  if (load_be16(walk.data + 4) + std::size_t{40} > walk.wire) return not_this(packet);
  note_layer(walk, packet, LayerKind::teredo, 0);
  return Header::ipv6;
}

// Relays of Teredo are reached at any port. An IPv6 packet that fills the datagram to the byte, with an
// address of Teredo (2001::/32), is one.
bool is_bare_teredo(const Walk& walk) {
  constexpr std::size_t ipv6_size = 40;
  constexpr std::uint32_t prefix = 0x20010000;
  return walk.captured >= ipv6_size && (walk.data[0] >> 4) == 6 &&
         load_be16(walk.data + 4) + ipv6_size == walk.wire &&
         (load_be32(walk.data + 8) == prefix || load_be32(walk.data + 24) == prefix);
}

// draft-massar-v6ops-ayiya: an identity and a signature of any size, and what stands behind them.
Header enter_ayiya(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t fixed_size = 8;
  constexpr std::uint8_t forward = 1;
  if (walk.captured < fixed_size || (walk.data[2] & 0x0f) != forward) return not_this(packet);
  const std::size_t identity = std::size_t{1} << (walk.data[0] >> 4);
  const std::size_t size = fixed_size + identity + (walk.data[1] >> 4) * std::size_t{4};
  const std::uint8_t next = walk.data[3];
  if (walk.captured < size) return not_this(packet);
  note_layer(walk, packet, LayerKind::other, port_ayiya);
  walk.skip(size);
  if (next == 41) return Header::ipv6;
  return next == 4 ? Header::ipv4 : not_this(packet);
}

// RFC 9300: eight bytes in front of an IP packet.
Header enter_lisp(Walk& walk, DecodedPacket& packet) {
  if (walk.captured < 9) return not_this(packet);
  note_layer(walk, packet, LayerKind::other, port_lisp);
  return enter_behind(8, Header::ip, walk, packet);
}

// TaZmen Sniffer Protocol: any of several link types behind a list of tags.
Header enter_tzsp(Walk& walk, DecodedPacket& packet) {
  constexpr std::uint8_t tag_padding = 0;
  constexpr std::uint8_t tag_end = 1;
  if (walk.captured < 5 || walk.data[0] != 1) return not_this(packet);
  const std::uint16_t link = load_be16(walk.data + 2);
  walk.skip(4);
  while (walk.captured >= 2 && walk.data[0] != tag_end) {
    const std::size_t size = walk.data[0] == tag_padding ? 1 : 2 + std::size_t{walk.data[1]};
    if (walk.captured < size) return not_this(packet);
    walk.skip(size);
  }
  if (walk.captured < 2) return not_this(packet);
  note_layer(walk, packet, LayerKind::other, port_tzsp);
  walk.skip(1);
  if (link == 1) return Header::ethernet;
  if (link == 18) return Header::ieee80211;
  return not_this(packet);
}

using Enter = Header (*)(Walk&, DecodedPacket&);

Header next_is_gre(Walk&, DecodedPacket&) { return Header::gre; }

// RFC 7510.
Header enter_udp_mpls(Walk& walk, DecodedPacket& packet) {
  note_layer(walk, packet, LayerKind::other, port_mpls);
  return Header::mpls;
}

Enter tunnel_of_port(std::uint16_t port) {
  switch (port) {
    case 1701:
      return enter_l2tp;
    case 2152:
      return enter_gtp;
    case 3544:
      return enter_teredo;
    case port_lisp:
      return enter_lisp;
    case 4754:
      return next_is_gre;
    case port_ayiya:
      return enter_ayiya;
    case 4789:
    case 8472:
      return enter_vxlan;
    case 4790:
      return enter_vxlan_gpe;
    case 6081:
      return enter_geneve;
    case port_mpls:
      return enter_udp_mpls;
    case port_tzsp:
      return enter_tzsp;
    default:
      return nullptr;
  }
}

}  // namespace

Header enter_udp(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 8;
  if (walk.captured < header_size) return not_this(packet);
  Enter enter = tunnel_of_port(load_be16(walk.data + 2));
  if (enter == nullptr) enter = tunnel_of_port(load_be16(walk.data));
  const std::size_t size = load_be16(walk.data + 4);
  if (size != 0 && size < header_size) return not_this(packet);
  if (size != 0) walk.limit(size);  // 0: a jumbogram or segmentation offload
  walk.skip(header_size);
  if (enter == nullptr && is_bare_teredo(walk)) enter = enter_teredo;
  if (enter == nullptr) return not_this(packet);
  walk.guessed = true;
  return enter(walk, packet);
}

}  // namespace restitch
