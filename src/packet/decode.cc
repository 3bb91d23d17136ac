// decode(): a walk from header to header. Ethernet, IPv4 and TCP are inlined here; everything rarer is
// a call. A new link type or tunnel is a Header, one function, and a line in enter().
#include "packet/ip.h"
#include "packet/link_layer.h"
#include "packet/tcp.h"
#include "packet/walk.h"
#include "restitch/packet.h"

namespace restitch {
namespace {

inline Header enter(Header header, Walk& walk, DecodedPacket& packet) {
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

}  // namespace

DecodedPacket decode(LinkType link_type, Bytes frame, std::size_t original_size) {
  DecodedPacket packet;
  Walk walk(frame, original_size);
  Header header = first_header(link_type);
  if (header == Header::dropped) {
    packet.reason = DropReason::unknown_link_type;
    return packet;
  }
  for (std::size_t depth = 0; depth < decode_depth_max; ++depth) {
    header = enter(header, walk, packet);
    if (is_end(header)) return packet;
  }
  packet.reason = DropReason::too_deep;
  return packet;
}

bool is_supported(LinkType link_type) { return first_header(link_type) != Header::dropped; }

}  // namespace restitch
