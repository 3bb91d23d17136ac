// decode(): a walk from header to header. Ethernet, IPv4 and TCP are inlined in a row; everything rarer
// goes through follow().
#include "packet/follow.h"
#include "packet/ip.h"
#include "packet/link_layer.h"
#include "packet/tcp.h"
#include "packet/walk.h"
#include "restitch/packet.h"

namespace restitch {
namespace {

[[gnu::noinline]] void follow_any(LinkType link_type, Bytes frame, std::size_t original_size,
                                  DecodedPacket& packet) {
  Walk walk(frame, original_size);
  const Header header = first_header(link_type);
  if (header == Header::dropped) {
    packet.reason = DropReason::unknown_link_type;
    return;
  }
  std::size_t depth = 0;
  follow(header, walk, depth, packet);
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
  DecodedPacket packet = fresh_packet();
  if (is_plain(link_type, frame)) [[likely]] {
    follow_plain(Walk(frame, original_size), packet);
  } else {
    follow_any(link_type, frame, original_size, packet);
  }
  return packet;
}

bool is_supported(LinkType link_type) { return first_header(link_type) != Header::dropped; }

}  // namespace restitch
