#include "packet/ip.h"

#include <algorithm>
#include <optional>

namespace restitch {
namespace {

// Protocol numbers of the IPv6 extension headers that decode() steps over.
enum : std::uint8_t {
  next_hop_by_hop = 0,
  next_routing = 43,
  next_fragment = 44,
  next_authentication = 51,
  next_destination_options = 60,
  next_mobility = 135,
  next_host_identity = 139,
  next_shim6 = 140,
};

// What IP carries whole, without a header of its own.
enum : std::uint8_t {
  protocol_mpls = 137,      // RFC 4023
  protocol_ethernet = 143,  // RFC 8986
};

bool is_extension(std::uint8_t next) {
  switch (next) {
    case next_hop_by_hop:
    case next_routing:
    case next_fragment:
    case next_authentication:
    case next_destination_options:
    case next_mobility:
    case next_host_identity:
    case next_shim6:
      return true;
    default:
      return false;
  }
}

void set_ipv6(IpAddress& address, const std::uint8_t* bytes) {
  address.version = 6;
  std::memcpy(address.bytes.data(), bytes, 16);
}

// Requires: walk.captured >= 2.
std::size_t extension_size(std::uint8_t kind, const Walk& walk) {
  const std::size_t length = walk.data[1];
  if (kind == next_fragment) return 8;
  if (kind == next_authentication) return (length + 2) * 4;
  return (length + 1) * 8;
}

// The length of a jumbogram (RFC 2675) out of a hop-by-hop header of `size` bytes, if it has one.
std::optional<std::size_t> jumbo_length(const std::uint8_t* header, std::size_t size) {
  constexpr std::uint8_t option_pad1 = 0;
  constexpr std::uint8_t option_jumbo = 0xc2;
  for (std::size_t i = 2; i + 2 <= size;) {
    if (header[i] == option_pad1) {
      ++i;
      continue;
    }
    const std::size_t option_size = header[i + 1] + std::size_t{2};
    if (option_size > size - i) break;
    if (header[i] == option_jumbo && option_size == 6) return load_be32(header + i + 2);
    i += option_size;
  }
  return std::nullopt;
}

// While segments are left, the address in the IPv6 header is only the next hop. The connection, and its
// checksum, belong to the last address of the route.
void apply_routing(const std::uint8_t* header, std::size_t size, DecodedPacket& packet) {
  constexpr std::uint8_t type_source_route = 0;  // RFC 2460
  constexpr std::uint8_t type_mobile = 2;        // RFC 6275
  constexpr std::uint8_t type_segments = 4;      // RFC 8754: the list is in reverse
  const std::uint8_t type = header[2];
  const std::uint8_t segments_left = header[3];
  if (segments_left == 0 || size < 24) return;
  if (type == type_segments || type == type_mobile) {
    set_ipv6(packet.net.destination, header + 8);
  } else if (type == type_source_route) {
    set_ipv6(packet.net.destination, header + 8 + 16 * ((size - 8) / 16 - 1));
  }
}

// Everything that the IP header promised is there.
bool is_whole(const Walk& walk) {
  if (walk.overlong) return false;
  return walk.declared == std::numeric_limits<std::size_t>::max() ? walk.wire == walk.captured
                                                                  : walk.declared == walk.captured;
}

void note_addresses(const DecodedPacket& packet, IpFragment& fragment) {
  fragment.source = packet.net.source;
  fragment.destination = packet.net.destination;
  fragment.checksum_ok = packet.ip_checksum_ok;
}

// Requires: walk stands at a fragment header of eight captured bytes.
void note_ipv6_fragment(const Walk& walk, const DecodedPacket& packet) {
  constexpr std::size_t header_size = 8;
  if (walk.notes == nullptr) return;
  const std::uint16_t field = load_be16(walk.data + 2);
  IpFragment& fragment = walk.notes->fragment;
  note_addresses(packet, fragment);
  fragment.id = load_be32(walk.data + 4);
  fragment.protocol = walk.data[0];
  fragment.offset = field & 0xfff8u;
  fragment.more = (field & 1) != 0;
  fragment.whole = is_whole(walk);
  fragment.data = Bytes(walk.data + header_size, walk.captured - header_size);
}

// Reads one extension header of `size` captured bytes; false ends the walk with packet.reason.
bool read_extension(std::uint8_t kind, std::size_t size, bool jumbo_allowed, Walk& walk,
                    DecodedPacket& packet) {
  if (kind == next_fragment && (load_be16(walk.data + 2) & 0xfff9) != 0) {
    note_ipv6_fragment(walk, packet);
    drop(packet, DropReason::fragment);  // an atomic fragment (RFC 6946) has no offset and no more
    return false;
  }
  if (kind == next_routing) apply_routing(walk.data, size, packet);
  if (kind == next_hop_by_hop && jumbo_allowed) {
    const auto length = jumbo_length(walk.data, size);
    if (length && *length > 0xffff) walk.limit(*length);
  }
  return true;
}

// Steps over the extension headers; `next` is the number of the first. Jumbo lengths count from there.
Header skip_extensions(std::uint8_t next, bool jumbo_allowed, Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t extension_size_min = 8;
  for (std::size_t depth = 0; is_extension(next); ++depth) {
    if (depth == decode_depth_max) return drop(packet, DropReason::too_deep);
    if (walk.declared < extension_size_min) return drop(packet, DropReason::bad_ip_header);
    if (walk.captured < extension_size_min) return drop(packet, DropReason::truncated);
    const std::size_t size = extension_size(next, walk);
    if (walk.declared < size) return drop(packet, DropReason::bad_ip_header);
    if (walk.captured < size) return drop(packet, DropReason::truncated);
    if (!read_extension(next, size, jumbo_allowed && depth == 0, walk, packet)) return Header::dropped;
    next = walk.data[0];
    const std::size_t words = packet.tcp.network_words + size / 4;
    packet.tcp.network_words = static_cast<std::uint8_t>(std::min<std::size_t>(words, 255));
    walk.skip(size);
  }
  return header_of_protocol(next, packet);
}

}  // namespace

void note_ipv4_fragment(const Walk& walk, const DecodedPacket& packet) {
  if (walk.notes == nullptr) return;
  const std::uint8_t* p = walk.data;
  const std::size_t header_size = (p[0] & 0x0fu) * std::size_t{4};
  const std::uint16_t field = load_be16(p + 6);
  IpFragment& fragment = walk.notes->fragment;
  note_addresses(packet, fragment);
  fragment.id = load_be16(p + 4);
  fragment.protocol = p[9];
  fragment.offset = (field & 0x1fffu) * 8u;
  fragment.more = (field & 0x2000) != 0;
  fragment.whole = is_whole(walk);
  fragment.data = Bytes(p + header_size, walk.captured - header_size);
}

Header header_of_other_protocol(std::uint8_t protocol, DecodedPacket& packet) {
  switch (protocol) {
    case 4:   // IPv4
    case 41:  // IPv6
      return Header::inner_ip;
    case 17:
      return Header::udp;
    case 47:
      return Header::gre;
    case 50:  // ESP
      return drop(packet, DropReason::encrypted);
    case next_authentication:
      return Header::authentication;
    case protocol_etherip:
      return Header::etherip;
    case 108:  // IPComp
      return drop(packet, DropReason::compressed);
    case 115:
      return Header::l2tpv3;
    case protocol_mpls:
      return Header::inner_mpls;
    case protocol_ethernet:
      return Header::inner_ethernet;
    default:
      return drop(packet, DropReason::not_tcp);
  }
}

Header enter_authentication(Walk& walk, DecodedPacket& packet) {
  return skip_extensions(next_authentication, false, walk, packet);
}

Header enter_datagram(const IpFragment& fragment, Walk& walk, DecodedPacket& packet) {
  if (fragment.source.version == 4) return header_of_protocol(fragment.protocol, packet);
  return skip_extensions(fragment.protocol, false, walk, packet);
}

Header enter_inner_mpls(Walk& walk, DecodedPacket& packet) {
  note_layer(walk, packet, LayerKind::other, protocol_mpls);
  return Header::mpls;
}

Header enter_inner_ethernet(Walk& walk, DecodedPacket& packet) {
  note_layer(walk, packet, LayerKind::other, protocol_ethernet);
  return Header::ethernet;
}

Header enter_inner_ip(Walk& walk, DecodedPacket& packet) {
  note_layer(walk, packet, LayerKind::ip, 0);
  return Header::ip;
}

Header enter_ip(Walk& walk, DecodedPacket& packet) {
  if (walk.captured == 0) return drop(packet, DropReason::truncated);
  switch (walk.data[0] >> 4) {
    case 4:
      return Header::ipv4;
    case 6:
      return Header::ipv6;
    default:
      return drop(packet, DropReason::bad_ip_header);
  }
}

Header enter_ipv6(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size = 40;
  const std::uint8_t* p = walk.data;
  if (walk.captured < header_size) return drop(packet, DropReason::truncated);
  if ((p[0] >> 4) != 6) return drop(packet, DropReason::bad_ip_header);
  const std::size_t payload_size = load_be16(p + 4);
  packet.ip_checksum_ok = true;
  packet.ttl = p[7];
  packet.ip_id = 0;
  packet.tcp.network_words = header_size / 4;
  set_ipv6(packet.net.source, p + 8);
  set_ipv6(packet.net.destination, p + 24);
  walk.skip(header_size);
  walk.overlong = payload_size != 0 && !walk.limit(payload_size);  // 0: a jumbogram or segmentation offload
  return skip_extensions(p[6], payload_size == 0, walk, packet);
}

}  // namespace restitch
