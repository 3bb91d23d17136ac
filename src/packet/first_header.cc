// The table of link types: with which header a frame of each begins.
#include "packet/link_layer.h"

namespace restitch {

Header first_header(LinkType link_type) {
  switch (link_type) {
    case LinkType::ethernet:
      return Header::ethernet;
    case LinkType::null:
    case LinkType::loop:
      return Header::null;
    case LinkType::raw_bsd:
    case LinkType::raw_openbsd:
    case LinkType::raw:
      return Header::ip;
    case LinkType::ipv4:
      return Header::ipv4;
    case LinkType::ipv6:
      return Header::ipv6;
    case LinkType::linux_sll:
      return Header::linux_sll;
    case LinkType::linux_sll2:
      return Header::linux_sll2;
    case LinkType::ppp:
    case LinkType::ppp_hdlc:
    case LinkType::cisco_hdlc:
      return Header::hdlc;
    case LinkType::ppp_pppd:
    case LinkType::ppp_with_direction:
      return Header::direction_ppp;
    case LinkType::cisco_hdlc_with_direction:
      return Header::direction_hdlc;
    case LinkType::frame_relay_with_direction:
      return Header::direction_frame_relay;
    case LinkType::pppoe:
      return Header::pppoe;
    case LinkType::frame_relay:
      return Header::frame_relay;
    case LinkType::ieee80211:
      return Header::ieee80211;
    case LinkType::ieee80211_radiotap:
      return Header::radiotap;
    case LinkType::ieee80211_prism:
      return Header::prism;
    case LinkType::ieee80211_avs:
      return Header::avs;
    case LinkType::ppi:
      return Header::ppi;
    case LinkType::pktap:
    case LinkType::user2:
      return Header::pktap;
    case LinkType::nflog:
      return Header::nflog;
    case LinkType::pflog:
      return Header::pflog;
    case LinkType::openbsd_enc:
      return Header::openbsd_enc;
    case LinkType::slip:
      return Header::slip;
    case LinkType::fddi:
      return Header::fddi;
    case LinkType::token_ring:
      return Header::token_ring;
    case LinkType::atm_rfc1483:
      return Header::atm;
    case LinkType::sunatm:
      return Header::sunatm;
    case LinkType::ip_over_fc:
      return Header::ip_over_fc;
    case LinkType::ip_over_1394:
      return Header::ip_over_1394;
    case LinkType::ip_over_infiniband:
      return Header::ip_over_infiniband;
    case LinkType::mpls:
      return Header::mpls;
    case LinkType::netanalyzer:
      return Header::netanalyzer;
    case LinkType::netanalyzer_transparent:
      return Header::netanalyzer_transparent;
    case LinkType::ethernet_mpacket:
      return Header::mpacket;
    case LinkType::dsa_tag:
    case LinkType::dsa_tag_brcm:
      return Header::dsa;
    case LinkType::dsa_tag_edsa:
      return Header::edsa;
    case LinkType::dsa_tag_brcm_prepend:
      return Header::brcm_prepend;
  }
  return Header::dropped;
}

}  // namespace restitch
