// Packets, decoded: the value types that lie between a captured frame and a connection, and decode(),
// which makes them. Everything here borrows: spans point into the frame given to decode() and live as
// long as its bytes. Nothing allocates, nothing keeps state; any thread.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "restitch/detail/require.h"
#include "restitch/sequence.h"

namespace RESTITCH_API restitch {

using Bytes = std::span<const std::uint8_t>;

// An IPv4 or IPv6 address. IPv4 lies in the last four bytes, the others are zero, and `version` keeps
// 1.2.3.4 apart from ::1.2.3.4.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  std::uint8_t version = 0;  // 4 or 6; 0: none

  // Requires: bytes.size() is 4 (IPv4) or 16 (IPv6).
  static IpAddress from_bytes(Bytes bytes);
  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// "192.0.2.1", or IPv6 in the canonical form of RFC 5952.
std::string to_string(const IpAddress& address);

// The other way round; nothing if the text is no address.
std::optional<IpAddress> parse_address(std::string_view text);

// "192.0.2.1:80" or "[2001:db8::1]:80".
std::string endpoint_to_string(const IpAddress& address, std::uint16_t port);

// The network half of a flow, in the direction of the packet: who sent it to whom. `domain` keeps
// flows apart that share addresses but not a network (a tunnel; a VLAN, an interface), as DecoderOptions say;
// decode() alone leaves it 0.
struct NetFlow {
  IpAddress source;
  IpAddress destination;
  // Of the VLANs and tunnels around the packet, and between which hosts; 0: there are none. It is no part of
  // the identity: where it changes inside a connection, an event tells (EventKind::networks_merged). 16 bits
  // of a hash: one change in 65,536 is not seen. 0xffff never stands here.
  std::uint16_t network_tag = 0;
  std::uint32_t domain = 0;

  friend constexpr bool operator==(const NetFlow& a, const NetFlow& b) {
    return a.source == b.source && a.destination == b.destination && a.domain == b.domain;
  }
};

// The transport half of a flow, in the direction of the packet.
struct TransportFlow {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;

  friend constexpr bool operator==(TransportFlow, TransportFlow) = default;
};

// The control bits of a TCP header (RFC 9293, section 3.1; ECE and CWR from RFC 3168).
enum class TcpFlag : std::uint8_t {
  fin = 0x01,
  syn = 0x02,
  rst = 0x04,
  psh = 0x08,
  ack = 0x10,
  urg = 0x20,
  ece = 0x40,
  cwr = 0x80,
};

struct TcpFlags {
  std::uint8_t bits = 0;

  [[nodiscard]] constexpr bool has(TcpFlag flag) const {
    return (bits & static_cast<std::uint8_t>(flag)) != 0;
  }
  friend constexpr TcpFlags operator|(TcpFlags flags, TcpFlag flag) {
    return {static_cast<std::uint8_t>(flags.bits | static_cast<std::uint8_t>(flag))};
  }
  friend constexpr bool operator==(TcpFlags, TcpFlags) = default;
};

constexpr TcpFlags operator|(TcpFlag a, TcpFlag b) { return TcpFlags{} | a | b; }

// Which way a segment travels. The client is whoever opened the connection, as far as that is known.
enum class TcpFlowDirection : std::uint8_t { client_to_server, server_to_client };

constexpr TcpFlowDirection reverse(TcpFlowDirection direction) {
  return direction == TcpFlowDirection::client_to_server ? TcpFlowDirection::server_to_client
                                                         : TcpFlowDirection::client_to_server;
}

// "client->server" or "server->client".
std::string_view to_string(TcpFlowDirection direction);

// One TCP segment, in host byte order. Plain data: a user with a decoder of his own fills it by hand.
struct TcpSegment {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  Sequence sequence;         // of the first byte; of the SYN itself in a segment with SYN
  Sequence acknowledgment;   // meaningful only with ACK
  std::uint16_t window = 0;  // as sent, before scaling
  std::uint16_t urgent_pointer = 0;
  TcpFlags flags;
  bool network_ok = true;          // the IPv4 header checksum was right
  bool fragment_overlap = false;   // it came in IP fragments that overlapped (Datagram::overlap)
  std::uint8_t network_words = 0;  // size of the IP headers before it, in words of four bytes; 0: not known
  // Bytes of payload that were on the wire but that the snap length cut off behind `payload`.
  std::uint32_t missing_size = 0;
  Bytes options;  // raw option bytes, whole
  Bytes payload;  // the captured payload
  Bytes bytes;    // header, options and payload, for checksum_ok(); may be empty if filled by hand

  [[nodiscard]] bool fin() const { return flags.has(TcpFlag::fin); }
  [[nodiscard]] bool syn() const { return flags.has(TcpFlag::syn); }
  [[nodiscard]] bool rst() const { return flags.has(TcpFlag::rst); }
  [[nodiscard]] bool ack() const { return flags.has(TcpFlag::ack); }
  [[nodiscard]] bool urg() const { return flags.has(TcpFlag::urg); }
  [[nodiscard]] TransportFlow transport() const { return {source_port, destination_port}; }
};

// One block of a selective acknowledgement (RFC 2018): bytes [left, right) are held by the receiver.
struct SackBlock {
  Sequence left;
  Sequence right;
};

// The options of a segment that reassembly has a use for. An option whose length is impossible (below
// 2, or beyond the list) ends the list, what came before it counts; a known option of a wrong length
// is passed over, as real receivers do. Both set `malformed`.
struct TcpOptions {
  bool has_mss = false;
  bool has_window_scale = false;
  bool has_timestamps = false;
  bool sack_permitted = false;
  bool has_md5 = false;        // RFC 2385
  bool has_fast_open = false;  // RFC 7413
  bool malformed = false;
  // Bytes that were left when an option of an impossible length ended the list; 0: none did.
  std::uint8_t broken_size = 0;
  std::uint8_t window_scale = 0;  // as sent; RFC 7323 caps it at 14
  std::uint16_t mss = 0;
  std::uint32_t timestamp_value = 0;
  std::uint32_t timestamp_echo = 0;
  std::uint8_t sack_count = 0;
  std::array<SackBlock, 4> sacks{};
};

TcpOptions parse_options(Bytes options);

// Link types by their number in capture files (LINKTYPE_ values of tcpdump.org).
enum class LinkType : std::uint16_t {
  null = 0,  // BSD loopback, address family in the capturing host's byte order
  ethernet = 1,
  token_ring = 6,
  slip = 8,
  ppp = 9,
  fddi = 10,
  raw_bsd = 12,      // raw IP, as some BSDs number it
  raw_openbsd = 14,  // the same on OpenBSD
  ppp_hdlc = 50,
  pppoe = 51,
  atm_rfc1483 = 100,
  raw = 101,
  cisco_hdlc = 104,
  ieee80211 = 105,
  frame_relay = 107,
  loop = 108,         // OpenBSD loopback, address family in network byte order
  openbsd_enc = 109,  // decrypted IPsec
  linux_sll = 113,
  pflog = 117,
  ieee80211_prism = 119,
  ip_over_fc = 122,
  sunatm = 123,
  ieee80211_radiotap = 127,
  ip_over_1394 = 138,
  user2 = 149,  // what macOS once wrote instead of pktap
  ieee80211_avs = 163,
  ppp_pppd = 166,
  ppi = 192,
  ppp_with_direction = 204,
  cisco_hdlc_with_direction = 205,
  frame_relay_with_direction = 206,
  mpls = 219,
  ipv4 = 228,
  ipv6 = 229,
  nflog = 239,
  netanalyzer = 240,
  netanalyzer_transparent = 241,
  ip_over_infiniband = 242,
  pktap = 258,
  ethernet_mpacket = 274,
  linux_sll2 = 276,
  dsa_tag_brcm = 281,
  dsa_tag_brcm_prepend = 282,
  dsa_tag = 283,
  dsa_tag_edsa = 284,
};

// "Ethernet", "Linux cooked v2"; "link type 147" for one without a decoder.
std::string link_type_name(LinkType link_type);
bool is_supported(LinkType link_type);

// Why a frame gave no TCP segment. Each is counted; none is an error.
enum class DropReason : std::uint8_t {
  none,               // a TCP segment was found
  truncated,          // the frame ends inside a header
  unknown_link_type,  // no decoder for this link type
  not_ip,             // ARP, LLDP, … or an ethertype we do not enter
  not_tcp,            // IP, but another protocol
  bad_ip_header,      // version, header length or total length contradict each other
  bad_tcp_header,     // data offset below 5 or beyond the segment
  fragment,           // a fragment of a datagram; a Decoder waits for the others
  too_deep,           // more headers nested than decode() follows
  bad_length,         // the length of a layer around it ends inside a header
  encrypted,          // ESP, MACsec, 802.11, PPP: nobody can read it without the key
  compressed,         // headers or datagrams that are compressed: IPComp, PPP, Van Jacobson's TCP
  link_fragment,  // a fragment of a frame (802.11, PPP, Frame Relay, mPackets); nobody waits for the others
  count_,
};

constexpr std::size_t drop_reason_count = static_cast<std::size_t>(DropReason::count_);

// "truncated", "not_ip", … as in the statistics.
std::string_view to_string(DropReason reason);

// What a layer around the innermost IP header is.
enum class LayerKind : std::uint8_t {
  none,
  vlan,    // id: VLAN id
  mpls,    // label
  pppoe,   // session
  pbb,     // I-SID of IEEE 802.1ah
  ip,      // IP in IP, 6in4, 4in6; no id
  gre,     // key, 0 without one
  pptp,    // call id, of the receiver
  erspan,  // session
  vxlan,   // VNI
  geneve,  // VNI
  gtp,     // TEID, of the receiver
  teredo,  // no id
  l2tp,    // tunnel << 16 | session (version 2), session (version 3), of the receiver
  other,   // LISP, TZSP, …; id: their UDP port, or their number as an IP protocol
  count_,
};

// "vlan", "vxlan", …
std::string_view to_string(LayerKind kind);

// How many headers decode() follows into each other (link header, VLAN tags, tunnels, IP, TCP) before it
// gives up with too_deep; IPv6 extension headers are counted apart, with the same limit per IPv6 header.
constexpr std::size_t decode_depth_max = 32;

struct Layer {
  LayerKind kind = LayerKind::none;
  std::uint32_t id = 0;

  friend constexpr auto operator<=>(const Layer&, const Layer&) = default;
};

// The VLANs and tunnels around a segment, outermost first.
class Layers {
 public:
  [[nodiscard]] std::span<const Layer> items() const { return {items_.data(), count_}; }
  void clear() { count_ = 0; }
  // Requires: fewer than decode_depth_max layers; each is a header, so decode() cannot meet more.
  void push(Layer layer) {
    RESTITCH_REQUIRE(count_ < items_.size(), "Layers has room for decode_depth_max layers");
    items_[count_++] = layer;
  }
  // Forgets all but the first so many. Requires: there are as many.
  void keep(std::size_t count) {
    RESTITCH_REQUIRE(count <= count_, "Layers keeps no more layers than there are");
    count_ = count;
  }

 private:
  std::array<Layer, decode_depth_max> items_;
  std::size_t count_ = 0;
};

// What decode() found. Only with reason == none are the flow and the segment meaningful.
struct DecodedPacket {
  DropReason reason = DropReason::truncated;
  bool ip_checksum_ok = true;          // IPv4 header checksum; true for IPv6
  bool reassembled = false;            // put together from IP fragments, by a Decoder
  bool copied = false;                 // the capture holds this packet twice (DecoderOptions); by a Decoder
  LayerKind tunnel = LayerKind::none;  // the innermost tunnel; VLANs are none
  std::uint8_t ttl = 0;                // or hop limit
  std::uint16_t vlan = 0;              // innermost VLAN id, 0: none
  std::uint16_t ip_id = 0;             // identification of the IPv4 header; 0 for IPv6
  bool more = false;                   // the frame holds another one, behind what this is about (decode())
  bool encapsulated = false;           // it came in IP datagrams of others, in a tunnel
  std::uint32_t tunnel_id = 0;         // as LayerKind says
  NetFlow net;
  TcpSegment tcp;
};
static_assert(sizeof(DecodedPacket) == 128, "decode() fills one per packet");

// Finds the TCP segment in a frame. `frame` holds the captured bytes, `original_size` the bytes on the
// wire (>= frame.size() when the snap length cut it). Never reads outside `frame`; never fails other
// than by a DropReason. Bytes behind the IP length (Ethernet padding, a frame check sequence) are not
// payload; an IP length of 0 (segmentation offload, RFC 2675 jumbograms) means the rest of the frame.
// An IP length that promises more than was on the wire is taken for the rest of the frame too: only
// bytes that `original_size` vouches for count as missing_size.
// Tunnels are entered, and the innermost IP header names the flow. A UDP tunnel is known by its port
// alone, so what does not hold up inside one is not_tcp. Fragments end as DropReason::fragment; a Decoder
// (defragmenter.h) puts them together.
// One frame can hold several (an 802.11 A-MSDU): this answers what is in the first, and that there are more;
// a Decoder answers all, one after the other.
DecodedPacket decode(LinkType link_type, Bytes frame, std::size_t original_size);

// What stands where the TCP checksum belongs.
enum class ChecksumState : std::uint8_t {
  right,
  unfilled,  // what a host writes there that leaves the sum to its card: the sum of the pseudo header alone,
             // or 0
  wrong,
};

// By the checksum over the pseudo header. What cannot be checked is right: a segment cut by the snap length
// (missing_size > 0), one filled by hand without bytes.
ChecksumState checksum_state(const NetFlow& net, const TcpSegment& tcp);

inline bool checksum_ok(const NetFlow& net, const TcpSegment& tcp) {
  return checksum_state(net, tcp) == ChecksumState::right;
}

}  // namespace restitch
