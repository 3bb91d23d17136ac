// decode(): a walk from header to header. Ethernet, IPv4 and TCP are inlined in a row; everything rarer
// goes through follow().
#include "packet/follow.h"
#include "packet/ip.h"
#include "packet/link_layer.h"
#include "packet/plain.h"
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
  follow(header, walk, packet);
}

// Knowing that the frame is a plain one, the compiler drops half of the questions that the enter functions
// ask, and has no call to save registers for.
[[gnu::always_inline]] inline void follow_plain(Walk walk, DecodedPacket& packet) {
  if (enter_ethernet(walk, packet) != Header::ipv4) return;
  if (enter_ipv4(walk, packet) != Header::tcp) return;
  enter_tcp(walk, packet);
}

}  // namespace

DecodedPacket decode(LinkType link_type, Bytes frame, std::size_t original_size) {
  DecodedPacket packet = fresh_packet();
  constexpr std::size_t tcp_size = 20;
  if (frame.size() >= ethernet_size + plain_ipv4_size + tcp_size && is_plain(link_type, frame)) [[likely]] {
    follow_plain(Walk(frame, original_size), packet);
  } else {
    follow_any(link_type, frame, original_size, packet);
  }
  return packet;
}

bool is_supported(LinkType link_type) { return first_header(link_type) != Header::dropped; }

}  // namespace restitch
