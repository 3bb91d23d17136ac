// decode(): a walk from header to header. Ethernet, IPv4 and TCP are inlined in a row; everything rarer
// is a call. A new link type or tunnel is a Header, one function, and a line in enter().
#include "packet/ip.h"
#include "packet/link_layer.h"
#include "packet/tcp.h"
#include "packet/walk.h"
#include "restitch/packet.h"

namespace restitch {
namespace {

Header enter(Header header, Walk& walk, DecodedPacket& packet) {
  switch (header) {
    case Header::ethernet:
      return enter_ethernet(walk, packet);
    case Header::null:
      return enter_null(walk, packet);
    case Header::linux_sll:
      return enter_linux_sll(walk, packet);
    case Header::linux_sll2:
      return enter_linux_sll2(walk, packet);
    case Header::vlan:
      return enter_vlan(walk, packet);
    case Header::llc:
      return enter_llc(walk, packet);
    case Header::ip:
      return enter_ip(walk, packet);
    case Header::ipv4:
      return enter_ipv4(walk, packet);
    case Header::ipv6:
      return enter_ipv6(walk, packet);
    case Header::tcp:
      return enter_tcp(walk, packet);
    case Header::dropped:
    case Header::found:
      break;
  }
  return header;
}

bool is_end(Header header) { return header == Header::dropped || header == Header::found; }

// The walk: from the first header to an end, or as deep as decode() goes.
[[gnu::noinline]] void follow(LinkType link_type, Bytes frame, std::size_t original_size,
                              DecodedPacket& packet) {
  Walk walk(frame, original_size);
  Header header = first_header(link_type);
  if (header == Header::dropped) {
    packet.reason = DropReason::unknown_link_type;
    return;
  }
  for (std::size_t depth = 0; depth < decode_depth_max; ++depth) {
    header = enter(header, walk, packet);
    if (is_end(header)) return;
  }
  packet.reason = DropReason::too_deep;
}

// Ethernet, IPv4 without options, TCP: nearly every frame. Knowing that, the compiler drops half of the
// questions that the enter functions ask, and has no call to save registers for.
bool is_plain(LinkType link_type, Bytes frame) {
  return link_type == LinkType::ethernet && frame.size() >= 14 + 20 + 20 &&
         load_be16(frame.data() + 12) == ethertype_ipv4 && frame[14] == 0x45 && frame[14 + 9] == protocol_tcp;
}

[[gnu::always_inline]] inline void follow_plain(Walk walk, DecodedPacket& packet) {
  if (enter_ethernet(walk, packet) != Header::ipv4) return;
  if (enter_ipv4(walk, packet) != Header::tcp) return;
  enter_tcp(walk, packet);
}

}  // namespace

DecodedPacket decode(LinkType link_type, Bytes frame, std::size_t original_size) {
  DecodedPacket packet = empty_packet;
  if (is_plain(link_type, frame)) [[likely]] {
    follow_plain(Walk(frame, original_size), packet);
  } else {
    follow(link_type, frame, original_size, packet);
  }
  return packet;
}

bool is_supported(LinkType link_type) { return first_header(link_type) != Header::dropped; }

}  // namespace restitch
