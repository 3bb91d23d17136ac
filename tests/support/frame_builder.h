// FrameBuilder: frames made by hand, for tests. Lengths and checksums are right unless a test asks for
// wrong ones. Owns its bytes; a frame is a plain vector.
//
//   const Frame frame = FrameBuilder().vlan(7).ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80)
//                           .seq(1000).flags(TcpFlag::ack).payload("hello").build();
#pragma once

#include <arpa/inet.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "restitch/packet.h"

namespace restitch::testing {

using Frame = std::vector<std::uint8_t>;

inline Frame to_bytes(std::string_view text) { return {text.begin(), text.end()}; }
inline std::string to_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void put_be16(Frame& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

inline void put_be32(Frame& out, std::uint32_t value) {
  put_be16(out, value >> 16);
  put_be16(out, value & 0xffff);
}

inline void put(Frame& out, const Frame& bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

// The bytes of several frames in a row.
inline Frame join(std::initializer_list<Frame> parts) {
  Frame out;
  for (const Frame& part : parts) put(out, part);
  return out;
}

inline void set_be16(Frame& out, std::size_t offset, std::uint32_t value) {
  out.at(offset) = static_cast<std::uint8_t>(value >> 8);
  out.at(offset + 1) = static_cast<std::uint8_t>(value);
}

inline void set_be32(Frame& out, std::size_t offset, std::uint32_t value) {
  set_be16(out, offset, value >> 16);
  set_be16(out, offset + 2, value & 0xffff);
}

// The address behind its usual text form.
inline IpAddress address(const std::string& text) {
  std::uint8_t bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) return IpAddress::from_bytes(Bytes(bytes, 4));
  if (inet_pton(AF_INET6, text.c_str(), bytes) == 1) return IpAddress::from_bytes(Bytes(bytes, 16));
  throw std::invalid_argument("not an address: " + text);
}

inline Frame address_bytes(const std::string& text) {
  const IpAddress parsed = address(text);
  return parsed.version == 4 ? Frame(parsed.bytes.begin() + 12, parsed.bytes.end())
                             : Frame(parsed.bytes.begin(), parsed.bytes.end());
}

// The Internet checksum, the slow and obvious way: 16 bits at a time, carry at once.
inline std::uint16_t internet_checksum(const Frame& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const std::uint32_t low = i + 1 < bytes.size() ? bytes[i + 1] : 0u;
    sum += (static_cast<std::uint32_t>(bytes[i]) << 8) | low;
    if (sum > 0xffff) sum -= 0xffff;
  }
  return static_cast<std::uint16_t>(~sum);
}

// TCP options, each padded by nobody: FrameBuilder fills up to four bytes with end-of-list.
namespace tcp_option {
inline Frame nop() { return {1}; }
inline Frame mss(std::uint16_t value) {
  Frame out{2, 4};
  put_be16(out, value);
  return out;
}
inline Frame window_scale(std::uint8_t shift) { return {3, 3, shift}; }
inline Frame sack_permitted() { return {4, 2}; }
inline Frame timestamps(std::uint32_t value, std::uint32_t echo) {
  Frame out{8, 10};
  put_be32(out, value);
  put_be32(out, echo);
  return out;
}
inline Frame sack(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& blocks) {
  Frame out{5, static_cast<std::uint8_t>(2 + 8 * blocks.size())};
  for (const auto& [left, right] : blocks) {
    put_be32(out, left);
    put_be32(out, right);
  }
  return out;
}
}  // namespace tcp_option

class FrameBuilder {
 public:
  // The link header: Ethernet unless one of these says otherwise.
  FrameBuilder& raw() { return link_header({}); }
  // Any bytes in front of the IP header; no Ethernet header, no VLAN tags then.
  FrameBuilder& link_header(Frame bytes) {
    link_ = std::move(bytes);
    return *this;
  }
  // One more VLAN tag, outermost first.
  FrameBuilder& vlan(std::uint16_t id, std::uint16_t tag_ethertype = 0x8100) {
    tags_.emplace_back(tag_ethertype, id);
    return *this;
  }
  FrameBuilder& ethertype(std::uint16_t value) {
    ethertype_ = value;
    return *this;
  }

  FrameBuilder& ipv4(const std::string& source, const std::string& destination) {
    return ip(source, destination);
  }
  FrameBuilder& ipv6(const std::string& source, const std::string& destination) {
    return ip(source, destination);
  }
  FrameBuilder& ip(const std::string& source, const std::string& destination) {
    source_ = address(source);
    destination_ = address(destination);
    return *this;
  }
  FrameBuilder& ttl(std::uint8_t value) {
    ttl_ = value;
    return *this;
  }
  // IPv4 options; padded with end-of-list.
  FrameBuilder& ip_options(Frame bytes) {
    ip_options_ = std::move(bytes);
    while (ip_options_.size() % 4 != 0) ip_options_.push_back(0);
    return *this;
  }
  // The flags and offset field of IPv4, as it stands in the header (0x2000: more fragments).
  FrameBuilder& fragment_field(std::uint16_t value) {
    fragment_field_ = value;
    return *this;
  }
  FrameBuilder& protocol(std::uint8_t value) {
    protocol_ = value;
    return *this;
  }
  // One more IPv6 extension header: its number, and its bytes; the first is overwritten with what
  // follows.
  FrameBuilder& extension(std::uint8_t kind, Frame bytes) {
    extensions_.emplace_back(kind, std::move(bytes));
    return *this;
  }
  // Writes this total length (IPv4) or payload length (IPv6) instead of the right one.
  FrameBuilder& ip_length(std::uint16_t value) {
    ip_length_ = value;
    return *this;
  }

  // The identification field of IPv4.
  FrameBuilder& ip_id(std::uint16_t value) {
    ip_id_ = value;
    return *this;
  }
  // These bytes behind the IP header (and its extensions) instead of a TCP segment.
  FrameBuilder& ip_payload(std::uint8_t protocol_number, Frame bytes) {
    protocol_ = protocol_number;
    ip_payload_ = std::move(bytes);
    return *this;
  }

  FrameBuilder& tcp(std::uint16_t source_port, std::uint16_t destination_port) {
    source_port_ = source_port;
    destination_port_ = destination_port;
    return *this;
  }
  FrameBuilder& seq(std::uint32_t value) {
    seq_ = value;
    return *this;
  }
  FrameBuilder& ack(std::uint32_t value) {
    ack_ = value;
    flags_ = flags_ | TcpFlag::ack;
    return *this;
  }
  FrameBuilder& flags(TcpFlags value) {
    flags_ = value;
    return *this;
  }
  FrameBuilder& flags(TcpFlag value) { return flags(TcpFlags{} | value); }
  FrameBuilder& window(std::uint16_t value) {
    window_ = value;
    return *this;
  }
  FrameBuilder& urgent_pointer(std::uint16_t value) {
    urgent_pointer_ = value;
    return *this;
  }
  // One more TCP option.
  FrameBuilder& option(const Frame& bytes) {
    put(options_, bytes);
    return *this;
  }
  // Writes this data offset (in words) instead of the right one.
  FrameBuilder& data_offset(std::uint8_t words) {
    data_offset_ = words;
    return *this;
  }
  // The four bits behind the data offset, which are to be zero.
  FrameBuilder& reserved_bits(std::uint8_t bits) {
    reserved_bits_ = bits;
    return *this;
  }
  FrameBuilder& payload(std::string_view text) {
    payload_ = to_bytes(text);
    return *this;
  }
  FrameBuilder& payload(Frame bytes) {
    payload_ = std::move(bytes);
    return *this;
  }
  // Flips a bit of the TCP (or IPv4) checksum.
  FrameBuilder& bad_checksum() {
    checksum_flip_ = 1;
    return *this;
  }
  FrameBuilder& bad_ip_checksum() {
    ip_checksum_flip_ = 1;
    return *this;
  }
  // Bytes behind the IP datagram: Ethernet padding, a frame check sequence.
  FrameBuilder& trailer(Frame bytes) {
    trailer_ = std::move(bytes);
    return *this;
  }

  [[nodiscard]] Frame build() const {
    Frame frame = link();
    put(frame, build_ip());
    put(frame, trailer_);
    return frame;
  }
  // The IP datagram alone, the TCP segment alone.
  [[nodiscard]] Frame build_ip() const {
    Frame datagram = source_.version == 6 ? ipv6_headers() : ipv4_header();
    put(datagram, ip_payload_ ? *ip_payload_ : build_tcp());
    return datagram;
  }
  [[nodiscard]] Frame build_tcp() const {
    Frame segment = tcp_header();
    put(segment, payload_);
    Frame summed(source_.bytes.begin(), source_.bytes.end());
    put(summed, Frame(destination_.bytes.begin(), destination_.bytes.end()));
    put_be32(summed, static_cast<std::uint32_t>(segment.size()));
    put_be32(summed, 6);
    put(summed, segment);
    set_be16(segment, 16, internet_checksum(summed) ^ checksum_flip_);
    return segment;
  }

 private:
  [[nodiscard]] Frame link() const {
    if (link_) return *link_;
    Frame out{0x02, 0, 0, 0, 0, 0x02, 0x02, 0, 0, 0, 0, 0x01};
    for (const auto& [tag_ethertype, id] : tags_) {
      put_be16(out, tag_ethertype);
      put_be16(out, id);
    }
    put_be16(out, ethertype_.value_or(source_.version == 6 ? 0x86dd : 0x0800));
    return out;
  }

  [[nodiscard]] Frame padded_options() const {
    Frame out = options_;
    while (out.size() % 4 != 0) out.push_back(0);
    return out;
  }

  [[nodiscard]] std::size_t tcp_size() const {
    return ip_payload_ ? ip_payload_->size() : 20 + padded_options().size() + payload_.size();
  }

  [[nodiscard]] Frame ipv4_header() const {
    const std::size_t header_size = 20 + ip_options_.size();
    Frame out{static_cast<std::uint8_t>(0x40 | (header_size / 4)), 0};
    put_be16(out, ip_length_.value_or(static_cast<std::uint16_t>(header_size + tcp_size())));
    put_be16(out, ip_id_);
    put_be16(out, fragment_field_);
    out.push_back(ttl_);
    out.push_back(protocol_);
    put_be16(out, 0);
    put(out, Frame(source_.bytes.begin() + 12, source_.bytes.end()));
    put(out, Frame(destination_.bytes.begin() + 12, destination_.bytes.end()));
    put(out, ip_options_);
    set_be16(out, 10, internet_checksum(out) ^ ip_checksum_flip_);
    return out;
  }

  [[nodiscard]] Frame ipv6_headers() const {
    Frame chain;
    for (std::size_t i = 0; i < extensions_.size(); ++i) {
      Frame bytes = extensions_[i].second;
      bytes.at(0) = i + 1 < extensions_.size() ? extensions_[i + 1].first : protocol_;
      put(chain, bytes);
    }
    Frame out{0x60, 0, 0, 0};
    put_be16(out, ip_length_.value_or(static_cast<std::uint16_t>(chain.size() + tcp_size())));
    out.push_back(extensions_.empty() ? protocol_ : extensions_.front().first);
    out.push_back(ttl_);
    put(out, Frame(source_.bytes.begin(), source_.bytes.end()));
    put(out, Frame(destination_.bytes.begin(), destination_.bytes.end()));
    put(out, chain);
    return out;
  }

  [[nodiscard]] Frame tcp_header() const {
    const Frame options = padded_options();
    Frame out;
    put_be16(out, source_port_);
    put_be16(out, destination_port_);
    put_be32(out, seq_);
    put_be32(out, ack_);
    const auto words = static_cast<std::uint8_t>(5 + options.size() / 4);
    out.push_back(static_cast<std::uint8_t>(data_offset_.value_or(words) << 4 | reserved_bits_));
    out.push_back(flags_.bits);
    put_be16(out, window_);
    put_be16(out, 0);
    put_be16(out, urgent_pointer_);
    put(out, options);
    return out;
  }

  std::optional<Frame> link_;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> tags_;
  std::optional<std::uint16_t> ethertype_;
  IpAddress source_ = address("10.0.0.1");
  IpAddress destination_ = address("10.0.0.2");
  std::uint8_t ttl_ = 64;
  std::uint8_t protocol_ = 6;
  Frame ip_options_;
  std::uint16_t ip_id_ = 0x1234;
  std::optional<Frame> ip_payload_;
  std::uint16_t fragment_field_ = 0x4000;
  std::vector<std::pair<std::uint8_t, Frame>> extensions_;
  std::optional<std::uint16_t> ip_length_;
  std::uint16_t ip_checksum_flip_ = 0;
  std::uint16_t source_port_ = 40000;
  std::uint16_t destination_port_ = 80;
  std::uint32_t seq_ = 0;
  std::uint32_t ack_ = 0;
  TcpFlags flags_;
  std::uint16_t window_ = 65535;
  std::uint16_t urgent_pointer_ = 0;
  Frame options_;
  std::optional<std::uint8_t> data_offset_;
  std::uint8_t reserved_bits_ = 0;
  std::uint16_t checksum_flip_ = 0;
  Frame payload_;
  Frame trailer_;
};

}  // namespace restitch::testing
