#include "packet/tags.h"

#include "packet/ip.h"
#include "packet/link_layer.h"

namespace restitch {
namespace {

bool is_ethernet_at(std::size_t offset, const Walk& walk) {
  return walk.captured >= offset + ethernet_size && looks_like_ethernet(walk.data + offset);
}

// Whether what looks like an Ethernet header is an IP header after all: its checksum is right, or its
// length fits exactly.
bool is_surely_ip(const Walk& walk) {
  const std::uint8_t* p = walk.data;
  if (p[0] >> 4 == 6) return load_be16(p + 4) + std::size_t{40} == walk.wire;
  const std::size_t header_size = (p[0] & 0x0fu) * std::size_t{4};
  return header_size >= 20 && walk.captured >= header_size && ipv4_checksum_ok(p, header_size);
}

// Nothing in MPLS says what the last label leads to. A version nibble means IP (RFC 4928), zeros the control
// word of a pseudowire (RFC 4385), anything else its Ethernet frame; a frame without control word begins
// with any bytes, so where its ethertype would stand one has a look.
Header enter_label_payload(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t control_word_size = 4;
  if (walk.captured == 0) return drop(packet, DropReason::truncated);
  switch (walk.data[0] >> 4) {
    case 4:
    case 6:
      return !is_ethernet_at(0, walk) || is_surely_ip(walk) ? Header::ip : Header::ethernet;
    case 0:
      if (is_ethernet_at(control_word_size, walk) || !is_ethernet_at(0, walk))
        return enter_behind(control_word_size, Header::ethernet, walk, packet);
      return Header::ethernet;
    case 1:  // a control channel (RFC 5586), or an address
      return is_ethernet_at(0, walk) ? Header::ethernet : drop(packet, DropReason::not_ip);
    default:
      return Header::ethernet;
  }
}

}  // namespace

// IEEE 802.1ah: the frame of the customer follows whole.
Header enter_pbb(Walk& walk, DecodedPacket& packet) {
  if (walk.captured < 4) return drop(packet, DropReason::truncated);
  note_layer(walk, packet, LayerKind::pbb, load_be32(walk.data) & 0xffffff);
  return enter_behind(4, Header::ethernet, walk, packet);
}

// Cisco's security group tags: version, length in units of an option, options of four bytes.
Header enter_cisco_metadata(Walk& walk, DecodedPacket& packet) {
  if (walk.captured < 2) return drop(packet, DropReason::truncated);
  const std::size_t options = walk.data[1];
  if (walk.data[0] != 1 || options == 0) return drop(packet, DropReason::not_ip);
  return enter_tag(2 + 4 * options + 2, walk, packet);
}

// IEEE 802.1AE. Only frames that are signed but not encrypted can be read.
Header enter_macsec(Walk& walk, DecodedPacket& packet) {
  constexpr std::uint8_t encrypted_or_changed = 0x0c;
  constexpr std::uint8_t has_channel = 0x20;
  constexpr std::uint8_t short_length = 0x3f;  // of what is signed, if it is below 48 bytes
  if (walk.captured < 2) return drop(packet, DropReason::truncated);
  const std::uint8_t control = walk.data[0];
  if ((control & encrypted_or_changed) != 0) return drop(packet, DropReason::encrypted);
  const std::size_t tag_size = (control & has_channel) != 0 ? 14 : 6;
  const std::size_t size = walk.data[1] & short_length;
  if (size != 0) walk.limit(tag_size + size);
  return enter_tag(tag_size + 2, walk, packet);
}

Header enter_trill(Walk& walk, DecodedPacket& packet) {
  if (walk.captured < 2) return drop(packet, DropReason::truncated);
  const std::size_t option_words = (load_be16(walk.data) >> 6) & 0x1fu;
  return enter_behind(6 + 4 * option_words, Header::ethernet, walk, packet);
}

// RFC 8300.
Header enter_nsh(Walk& walk, DecodedPacket& packet) {
  if (walk.captured < 8) return drop(packet, DropReason::truncated);
  const std::size_t size = (walk.data[1] & 0x3fu) * std::size_t{4};
  const std::uint8_t next = walk.data[3];
  if (size < 8) return drop(packet, DropReason::not_ip);
  switch (next) {
    case 1:
      return enter_behind(size, Header::ipv4, walk, packet);
    case 2:
      return enter_behind(size, Header::ipv6, walk, packet);
    case 3:
      return enter_behind(size, Header::ethernet, walk, packet);
    case 5:
      return enter_behind(size, Header::mpls, walk, packet);
    default:
      return drop(packet, DropReason::not_ip);
  }
}

Header enter_mpls(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t label_size = 4;
  constexpr std::uint32_t bottom_of_stack = 0x100;
  if (walk.captured < label_size) return drop(packet, DropReason::truncated);
  const std::uint32_t entry = load_be32(walk.data);
  note_layer(walk, packet, LayerKind::mpls, entry >> 12);
  walk.skip(label_size);
  if ((entry & bottom_of_stack) == 0) return Header::mpls;
  return enter_label_payload(walk, packet);
}

}  // namespace restitch
