// What the enumerations of packet.h are called in messages and statistics.
#include "restitch/packet.h"

namespace restitch {

std::string link_type_name(LinkType link_type) {
  switch (link_type) {
    case LinkType::null:
      return "BSD loopback";
    case LinkType::ethernet:
      return "Ethernet";
    case LinkType::raw_bsd:
    case LinkType::raw_openbsd:
    case LinkType::raw:
      return "Raw IP";
    case LinkType::loop:
      return "OpenBSD loopback";
    case LinkType::linux_sll:
      return "Linux cooked v1";
    case LinkType::ipv4:
      return "Raw IPv4";
    case LinkType::ipv6:
      return "Raw IPv6";
    case LinkType::linux_sll2:
      return "Linux cooked v2";
  }
  return "link type " + std::to_string(static_cast<std::uint16_t>(link_type));
}

std::string_view to_string(DropReason reason) {
  switch (reason) {
    case DropReason::none:
      return "none";
    case DropReason::truncated:
      return "truncated";
    case DropReason::unknown_link_type:
      return "unknown_link_type";
    case DropReason::not_ip:
      return "not_ip";
    case DropReason::not_tcp:
      return "not_tcp";
    case DropReason::bad_ip_header:
      return "bad_ip_header";
    case DropReason::bad_tcp_header:
      return "bad_tcp_header";
    case DropReason::fragment:
      return "fragment";
    case DropReason::too_deep:
      return "too_deep";
    case DropReason::count_:
      break;
  }
  return "unknown";
}

std::string_view to_string(TcpFlowDirection direction) {
  return direction == TcpFlowDirection::client_to_server ? "client->server" : "server->client";
}

}  // namespace restitch
