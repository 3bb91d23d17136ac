// What the enumerations of packet.h are called in messages and statistics.
#include "restitch/packet.h"

namespace restitch {

std::string link_type_name(LinkType link_type) {
  switch (link_type) {
    case LinkType::null:
      return "BSD loopback";
    case LinkType::ethernet:
      return "Ethernet";
    case LinkType::token_ring:
      return "Token Ring";
    case LinkType::slip:
      return "SLIP";
    case LinkType::ppp:
      return "PPP";
    case LinkType::fddi:
      return "FDDI";
    case LinkType::raw_bsd:
    case LinkType::raw_openbsd:
    case LinkType::raw:
      return "Raw IP";
    case LinkType::ppp_hdlc:
      return "PPP in HDLC framing";
    case LinkType::pppoe:
      return "PPPoE";
    case LinkType::atm_rfc1483:
      return "ATM RFC 1483";
    case LinkType::cisco_hdlc:
      return "Cisco HDLC";
    case LinkType::ieee80211:
      return "802.11";
    case LinkType::frame_relay:
      return "Frame Relay";
    case LinkType::loop:
      return "OpenBSD loopback";
    case LinkType::openbsd_enc:
      return "OpenBSD encapsulated IP";
    case LinkType::linux_sll:
      return "Linux cooked v1";
    case LinkType::pflog:
      return "OpenBSD pflog";
    case LinkType::ieee80211_prism:
      return "802.11 with Prism header";
    case LinkType::ip_over_fc:
      return "IP over Fibre Channel";
    case LinkType::sunatm:
      return "SunATM";
    case LinkType::ieee80211_radiotap:
      return "802.11 with radiotap header";
    case LinkType::ip_over_1394:
      return "IP over IEEE 1394";
    case LinkType::user2:
    case LinkType::pktap:
      return "Apple PKTAP";
    case LinkType::ieee80211_avs:
      return "802.11 with AVS header";
    case LinkType::ppp_pppd:
    case LinkType::ppp_with_direction:
      return "PPP with direction";
    case LinkType::ppi:
      return "Per-Packet Information";
    case LinkType::cisco_hdlc_with_direction:
      return "Cisco HDLC with direction";
    case LinkType::frame_relay_with_direction:
      return "Frame Relay with direction";
    case LinkType::mpls:
      return "MPLS";
    case LinkType::ipv4:
      return "Raw IPv4";
    case LinkType::ipv6:
      return "Raw IPv6";
    case LinkType::nflog:
      return "Linux NFLOG";
    case LinkType::netanalyzer:
      return "netANALYZER";
    case LinkType::netanalyzer_transparent:
      return "netANALYZER transparent";
    case LinkType::ip_over_infiniband:
      return "IP over InfiniBand";
    case LinkType::ethernet_mpacket:
      return "IEEE 802.3br mPackets";
    case LinkType::linux_sll2:
      return "Linux cooked v2";
    case LinkType::dsa_tag_brcm:
      return "Broadcom switch tag";
    case LinkType::dsa_tag_brcm_prepend:
      return "Broadcom switch tag, in front";
    case LinkType::dsa_tag:
      return "Marvell DSA";
    case LinkType::dsa_tag_edsa:
      return "Marvell EDSA";
  }
  return "link type " + std::to_string(static_cast<std::uint16_t>(link_type));
}

std::string_view to_string(LayerKind kind) {
  switch (kind) {
    case LayerKind::none:
      return "none";
    case LayerKind::vlan:
      return "vlan";
    case LayerKind::mpls:
      return "mpls";
    case LayerKind::pppoe:
      return "pppoe";
    case LayerKind::pbb:
      return "pbb";
    case LayerKind::ip:
      return "ip";
    case LayerKind::gre:
      return "gre";
    case LayerKind::pptp:
      return "pptp";
    case LayerKind::erspan:
      return "erspan";
    case LayerKind::vxlan:
      return "vxlan";
    case LayerKind::geneve:
      return "geneve";
    case LayerKind::gtp:
      return "gtp";
    case LayerKind::teredo:
      return "teredo";
    case LayerKind::l2tp:
      return "l2tp";
    case LayerKind::other:
      return "other";
    case LayerKind::count_:
      break;
  }
  return "unknown";
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
    case DropReason::bad_length:
      return "bad_length";
    case DropReason::encrypted:
      return "encrypted";
    case DropReason::compressed:
      return "compressed";
    case DropReason::link_fragment:
      return "link_fragment";
    case DropReason::count_:
      break;
  }
  return "unknown";
}

std::string_view to_string(TcpFlowDirection direction) {
  return direction == TcpFlowDirection::client_to_server ? "client->server" : "server->client";
}

}  // namespace restitch
