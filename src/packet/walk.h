// Walk: where decode() stands in a frame. Each enter_*() function reads one header, steps behind it and
// names the header that comes next. Borrows the frame; lives for one decode().
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "restitch/defragmenter.h"
#include "restitch/packet.h"

namespace restitch {

// The header that comes next, or one of the two ends of a walk.
enum class Header : std::uint8_t {
  dropped,  // packet.reason says why
  found,    // packet.tcp is filled
  // Link layers
  ethernet,
  null,  // BSD loopback, the family in either byte order
  linux_sll,
  linux_sll2,
  llc,
  fddi,
  token_ring,
  atm,
  sunatm,
  ip_over_fc,
  ip_over_1394,
  ip_over_infiniband,
  frame_relay,
  slip,
  openbsd_enc,
  pflog,
  nflog,
  pktap,
  ppi,
  ieee80211,
  aggregate,  // 802.11: the frames of an A-MSDU
  radiotap,
  prism,
  avs,
  mpacket,
  netanalyzer,
  netanalyzer_transparent,
  dsa,
  edsa,
  brcm_prepend,
  direction_ppp,  // a byte for the direction, then …
  direction_hdlc,
  direction_frame_relay,
  // Between link layer and IP
  vlan,
  pbb,
  fabricpath,
  cisco_metadata,
  vntag,
  etag,
  macsec,
  hsr,
  trill,
  nsh,
  mpls,
  pppoe,
  ppp,
  hdlc,  // Cisco HDLC, or PPP in HDLC framing
  // IP and what lies inside it
  ip,  // version by its first nibble
  ipv4,
  ipv6,
  inner_ip,
  inner_mpls,
  inner_ethernet,
  authentication,
  udp,
  gre,
  etherip,
  l2tpv3,
  tcp,
};

// A default DecodedPacket, copied from memory: that takes eight wide moves, while zeros that the compiler
// sees become a `rep stos` that costs half of decode()'s time.
extern const DecodedPacket empty_packet;
inline DecodedPacket fresh_packet() {
  const DecodedPacket* empty = &empty_packet;
  asm("" : "+r"(empty));  // no optimisation of the whole program sees where it points
  return *empty;
}

struct WalkNotes;

struct Walk {
  const std::uint8_t* data;
  std::size_t captured;  // bytes at data that may be read
  std::size_t wire;      // bytes from data on that were on the wire; never below captured
  // Bytes from data on that the layers around it say they hold: the least of them. Without a length: no end.
  std::size_t declared = std::numeric_limits<std::size_t>::max();
  bool guessed = false;        // a UDP port is all that spoke for the tunnel
  bool overlong = false;       // the IP header read last promised more than the layers around it hold
  bool in_aggregate = false;   // one of several frames; aggregates do not nest
  std::size_t depth = 0;       // headers entered so far, of decode_depth_max
  WalkNotes* notes = nullptr;  // may be null

  Walk(Bytes frame, std::size_t original_size)
      : data(frame.data()), captured(frame.size()), wire(std::max(original_size, frame.size())) {}

  // Goes on in a datagram that was put together from fragments.
  void restart(Bytes datagram) {
    data = datagram.data();
    captured = wire = declared = datagram.size();
  }

  // Requires: size <= captured.
  void skip(std::size_t size) {
    data += size;
    captured -= size;
    wire -= size;
    declared -= size;  // captured <= declared, so this cannot wrap
  }

  // Forgets what lies behind the first `size` bytes, as padding does behind an IP datagram: it is neither
  // payload nor missing. False: a layer further out holds less, and its length stays.
  bool limit(std::size_t size) {
    if (size >= declared) return size == declared;
    declared = size;
    captured = std::min(captured, size);
    wire = std::min(wire, size);
    return true;
  }
};

// What an aggregate holds behind the frame that was read last, and what was known in front of it.
struct Aggregate {
  Walk rest;
  DecodedPacket packet;
  std::size_t layers;
};

// What a walk notes by the way, for a Decoder that asks.
struct WalkNotes {
  Layers layers;
  IpFragment fragment;  // with DropReason::fragment
  std::optional<Aggregate> aggregate;
};

// Notes a VLAN or tunnel. Requires: packet.net are the addresses of the IP header around it, if there is one.
void note_layer(const Walk& walk, DecodedPacket& packet, LayerKind kind, std::uint32_t id);

inline Header drop(DecodedPacket& packet, DropReason reason) {
  packet.reason = reason;
  return Header::dropped;
}

}  // namespace restitch
