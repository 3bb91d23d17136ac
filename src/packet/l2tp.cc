#include "packet/l2tp.h"

#include "packet/link_layer.h"

namespace restitch {
namespace {

enum : std::uint16_t {
  l2tp_control = 0x8000,
  l2tp_length = 0x4000,
  l2tp_sequence = 0x0800,
  l2tp_offset = 0x0200,
  l2tp_version = 0x000f,
};

// The size of a version 2 data header, 0 if the frame ends in it.
std::size_t data_header_size(std::uint16_t flags, const Walk& walk) {
  std::size_t size = 6;
  if ((flags & l2tp_length) != 0) size += 2;
  if ((flags & l2tp_sequence) != 0) size += 4;
  if ((flags & l2tp_offset) != 0) {
    if (walk.captured < size + 2) return 0;
    size += 2 + std::size_t{load_be16(walk.data + size)};
  }
  return walk.captured < size ? 0 : size;
}

// Session, cookie, sublayer: their sizes, and what is carried, were negotiated elsewhere. Ethernet is what
// is usually carried, and its ethertype can be looked for.
Header enter_session(Walk& walk, DecodedPacket& packet) {
  if (walk.captured < 4 || load_be32(walk.data) == 0) return drop(packet, DropReason::not_tcp);  // control
  note_layer(walk, packet, LayerKind::l2tp, load_be32(walk.data));
  walk.skip(4);
  for (std::size_t cookie = 0; cookie <= 12 && walk.captured >= cookie + ethernet_size; cookie += 4) {
    if (looks_like_ethernet(walk.data + cookie)) {
      walk.guessed = true;
      return enter_behind(cookie, Header::ethernet, walk, packet);
    }
  }
  return drop(packet, DropReason::not_tcp);
}

}  // namespace

Header enter_l2tp(Walk& walk, DecodedPacket& packet) {
  if (walk.captured < 6) return drop(packet, DropReason::not_tcp);
  const std::uint16_t flags = load_be16(walk.data);
  if ((flags & l2tp_control) != 0) return drop(packet, DropReason::not_tcp);
  if ((flags & l2tp_version) == 3) {
    walk.skip(4);
    return enter_session(walk, packet);
  }
  const std::size_t size = data_header_size(flags, walk);
  if ((flags & l2tp_version) != 2 || size == 0) return drop(packet, DropReason::not_tcp);
  if ((flags & l2tp_length) != 0) {
    const std::size_t total = load_be16(walk.data + 2);
    if (total < size) return drop(packet, DropReason::not_tcp);
    walk.limit(total);
  }
  const std::size_t ids = (flags & l2tp_length) != 0 ? 4 : 2;
  note_layer(walk, packet, LayerKind::l2tp, load_be32(walk.data + ids));
  return enter_behind(size, Header::ppp, walk, packet);
}

Header enter_l2tpv3(Walk& walk, DecodedPacket& packet) { return enter_session(walk, packet); }

}  // namespace restitch
