// A new link type or tunnel is a Header, one function, and a line in enter().
#include "packet/follow.h"

#include "packet/gre.h"
#include "packet/ip.h"
#include "packet/l2tp.h"
#include "packet/link_layer.h"
#include "packet/other_links.h"
#include "packet/ppp.h"
#include "packet/tags.h"
#include "packet/tcp.h"
#include "packet/udp_tunnels.h"
#include "packet/wireless.h"

namespace restitch {
namespace {

Header enter_noted_ipv4(Walk& walk, DecodedPacket& packet) {
  packet.net.source = packet.net.destination = IpAddress{};
  const Header next = enter_ipv4(walk, packet);
  if (next == Header::dropped && packet.reason == DropReason::fragment) note_ipv4_fragment(walk, packet);
  return next;
}

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
    case Header::llc:
      return enter_llc(walk, packet);
    case Header::fddi:
      return enter_fddi(walk, packet);
    case Header::token_ring:
      return enter_token_ring(walk, packet);
    case Header::atm:
      return enter_atm(walk, packet);
    case Header::sunatm:
      return enter_sunatm(walk, packet);
    case Header::ip_over_fc:
      return enter_behind(16, Header::llc, walk, packet);
    case Header::ip_over_1394:
      return enter_tag(18, walk, packet);
    case Header::ip_over_infiniband:
      return enter_ip_over_infiniband(walk, packet);
    case Header::frame_relay:
      return enter_frame_relay(walk, packet);
    case Header::slip:
      return enter_behind(16, Header::ip, walk, packet);
    case Header::openbsd_enc:
      return enter_openbsd_enc(walk, packet);
    case Header::pflog:
      return enter_pflog(walk, packet);
    case Header::nflog:
      return enter_nflog(walk, packet);
    case Header::pktap:
      return enter_pktap(walk, packet);
    case Header::ppi:
      return enter_ppi(walk, packet);
    case Header::ieee80211:
      return enter_ieee80211(walk, packet);
    case Header::aggregate:
      return enter_aggregate(walk, packet);
    case Header::radiotap:
      return enter_radiotap(walk, packet);
    case Header::prism:
      return enter_prism(walk, packet);
    case Header::avs:
      return enter_avs(walk, packet);
    case Header::mpacket:
      return enter_mpacket(walk, packet);
    case Header::netanalyzer:
      return enter_behind(4, Header::ethernet, walk, packet);
    case Header::netanalyzer_transparent:
      return enter_behind(12, Header::ethernet, walk, packet);
    case Header::dsa:
      return enter_tag(18, walk, packet);
    case Header::edsa:
      return enter_edsa(walk, packet);
    case Header::brcm_prepend:
      return enter_behind(4, Header::ethernet, walk, packet);
    case Header::direction_ppp:
      return enter_direction_ppp(walk, packet);
    case Header::direction_hdlc:
      return enter_behind(1, Header::hdlc, walk, packet);
    case Header::direction_frame_relay:
      return enter_behind(1, Header::frame_relay, walk, packet);
    case Header::vlan:
      return enter_vlan(walk, packet);
    case Header::pbb:
      return enter_pbb(walk, packet);
    case Header::fabricpath:
      return enter_behind(2, Header::ethernet, walk, packet);
    case Header::cisco_metadata:
      return enter_cisco_metadata(walk, packet);
    case Header::vntag:
    case Header::hsr:
      return enter_tag(6, walk, packet);
    case Header::etag:
      return enter_tag(8, walk, packet);
    case Header::macsec:
      return enter_macsec(walk, packet);
    case Header::trill:
      return enter_trill(walk, packet);
    case Header::nsh:
      return enter_nsh(walk, packet);
    case Header::mpls:
      return enter_mpls(walk, packet);
    case Header::pppoe:
      return enter_pppoe(walk, packet);
    case Header::ppp:
      return enter_ppp(walk, packet);
    case Header::hdlc:
      return enter_hdlc(walk, packet);
    case Header::ip:
      return enter_ip(walk, packet);
    case Header::ipv4:
      return enter_noted_ipv4(walk, packet);
    case Header::ipv6:
      return enter_ipv6(walk, packet);
    case Header::inner_ip:
      return enter_inner_ip(walk, packet);
    case Header::inner_mpls:
      return enter_inner_mpls(walk, packet);
    case Header::inner_ethernet:
      return enter_inner_ethernet(walk, packet);
    case Header::authentication:
      return enter_authentication(walk, packet);
    case Header::udp:
      return enter_udp(walk, packet);
    case Header::gre:
      return enter_gre(walk, packet);
    case Header::etherip:
      return enter_etherip(walk, packet);
    case Header::l2tpv3:
      return enter_l2tpv3(walk, packet);
    case Header::tcp:
      return enter_tcp(walk, packet);
    case Header::dropped:
    case Header::found:
      break;
  }
  return header;
}

bool is_end(Header header) { return header == Header::dropped || header == Header::found; }

// A header that ends where a layer around it does was not cut off by the snap length.
void judge_length(const Walk& walk, DecodedPacket& packet) {
  if (packet.reason == DropReason::truncated && walk.captured == walk.declared) {
    packet.reason = DropReason::bad_length;
  }
}

// What a port alone made us look into, and does not hold up, was no tunnel. A frame that the snap length
// cut may well have been one.
void judge_guess(const Walk& walk, DecodedPacket& packet) {
  if (!walk.guessed || packet.reason == DropReason::none || packet.reason == DropReason::fragment) return;
  const bool cut = packet.reason == DropReason::truncated && walk.wire > walk.captured;
  if (!cut) packet.reason = DropReason::not_tcp;
}

}  // namespace

void follow(Header header, Walk& walk, DecodedPacket& packet) {
  while (!is_end(header)) {
    if (walk.depth == decode_depth_max) {
      drop(packet, DropReason::too_deep);
      break;
    }
    ++walk.depth;
    header = enter(header, walk, packet);
  }
  judge_length(walk, packet);
  judge_guess(walk, packet);
}

}  // namespace restitch
