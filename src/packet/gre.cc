#include "packet/gre.h"

#include "packet/ip.h"
#include "packet/link_layer.h"

namespace restitch {
namespace {

enum : std::uint16_t {
  gre_checksum = 0x8000,
  gre_routing = 0x4000,
  gre_key = 0x2000,
  gre_sequence = 0x1000,
  gre_acknowledgment = 0x0080,
  gre_version = 0x0007,
};

// Type I is bare Ethernet; it has no sequence number, the others do.
Header enter_erspan(bool has_sequence, Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 8;
  if (!has_sequence) {
    note_layer(walk, packet, LayerKind::erspan, 0);
    return Header::ethernet;
  }
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  note_layer(walk, packet, LayerKind::erspan, load_be16(walk.data + 2) & 0x03ffu);
  return enter_behind(header_size, Header::ethernet, walk, packet);
}

Header enter_erspan3(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 12;
  constexpr std::uint8_t has_subheader = 1;
  constexpr std::size_t subheader_size = 8;
  constexpr std::uint8_t ip_frames = 2;
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  note_layer(walk, packet, LayerKind::erspan, load_be16(walk.data + 2) & 0x03ffu);
  const std::uint8_t frame_type = (load_be16(walk.data + 10) >> 10) & 0x1f;
  const bool longer = (walk.data[11] & has_subheader) != 0;
  return enter_behind(header_size + (longer ? subheader_size : 0),
                      frame_type == ip_frames ? Header::ip : Header::ethernet, walk, packet);
}

// Web Cache Communication: version 2 has four bytes in front of the packet, whose version nibble would
// stand in their place.
Header enter_wccp(Walk& walk, DecodedPacket& packet) {
  if (walk.captured < 1) return drop(packet, DropReason::truncated);
  return enter_behind((walk.data[0] >> 4) == 4 ? 0 : 4, Header::ipv4, walk, packet);
}

// Access points of Aruba send whole 802.11 frames to their controller; the type tells which radio and
// network.
bool is_aruba(std::uint16_t protocol) {
  return (protocol >= 0x8200 && protocol <= 0x8370 && (protocol & 0x0f) == 0) || protocol == 0x9000;
}

// Source route entries (RFC 1701): family, offset, length, up to an empty one.
bool skip_routes(Walk& walk) {
  while (walk.captured >= 4) {
    const std::size_t size = walk.data[3];
    const bool last = load_be16(walk.data) == 0 && size == 0;
    if (walk.captured < 4 + size) return false;
    walk.skip(4 + size);
    if (last) return true;
  }
  return false;
}

Header header_of_gre_protocol(std::uint16_t protocol, std::uint16_t flags, Walk& walk,
                              DecodedPacket& packet) {
  switch (protocol) {
    case 0x88be:
      return enter_erspan((flags & gre_sequence) != 0, walk, packet);
    case 0x22eb:
      return enter_erspan3(walk, packet);
    case 0x883e:
      return enter_wccp(walk, packet);
    default:
      if (protocol < 0x0600) return drop(packet, DropReason::not_tcp);
      if (is_aruba(protocol)) return Header::ieee80211;
      return header_of_ethertype(protocol, walk, packet);
  }
}

Header enter_gre0(std::uint16_t flags, std::uint16_t protocol, Walk& walk, DecodedPacket& packet) {
  std::size_t key_at = 4;
  if ((flags & (gre_checksum | gre_routing)) != 0) key_at += 4;
  std::size_t size = key_at;
  if ((flags & gre_key) != 0) size += 4;
  if ((flags & gre_sequence) != 0) size += 4;
  if (walk.captured < size) return drop(packet, DropReason::truncated);
  note_layer(walk, packet, LayerKind::gre, (flags & gre_key) != 0 ? load_be32(walk.data + key_at) : 0);
  walk.skip(size);
  if ((flags & gre_routing) != 0 && !skip_routes(walk)) return drop(packet, DropReason::truncated);
  return header_of_gre_protocol(protocol, flags, walk, packet);
}

Header enter_pptp(std::uint16_t flags, std::uint16_t protocol, Walk& walk, DecodedPacket& packet) {
  constexpr std::uint16_t protocol_ppp = 0x880b;
  const std::size_t size =
      8 + ((flags & gre_sequence) != 0 ? 4u : 0u) + ((flags & gre_acknowledgment) != 0 ? 4u : 0u);
  if (protocol != protocol_ppp || (flags & gre_key) == 0) return drop(packet, DropReason::not_tcp);
  if (walk.captured < size) return drop(packet, DropReason::truncated);
  if ((flags & gre_sequence) == 0) return drop(packet, DropReason::not_tcp);  // an acknowledgment alone
  note_layer(walk, packet, LayerKind::pptp, load_be16(walk.data + 6));
  walk.limit(size + load_be16(walk.data + 4));
  return enter_behind(size, Header::ppp, walk, packet);
}

}  // namespace

Header enter_gre(Walk& walk, DecodedPacket& packet) {
  if (walk.captured < 4) return drop(packet, DropReason::truncated);
  const std::uint16_t flags = load_be16(walk.data);
  const std::uint16_t protocol = load_be16(walk.data + 2);
  switch (flags & gre_version) {
    case 0:
      return enter_gre0(flags, protocol, walk, packet);
    case 1:
      return enter_pptp(flags, protocol, walk, packet);
    default:
      return drop(packet, DropReason::not_tcp);
  }
}

Header enter_etherip(Walk& walk, DecodedPacket& packet) {
  if (walk.captured < 2) return drop(packet, DropReason::truncated);
  if ((walk.data[0] >> 4) != 3) return drop(packet, DropReason::not_tcp);
  note_layer(walk, packet, LayerKind::other, protocol_etherip);
  return enter_behind(2, Header::ethernet, walk, packet);
}

}  // namespace restitch
