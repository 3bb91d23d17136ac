// What the decode tests share: a decoded packet that keeps its frame alive, and frames to start from.
#pragma once

#include <memory>
#include <utility>

#include "restitch/packet.h"
#include "support/frame_builder.h"

namespace restitch::testing {

// A decoded packet together with the frame it borrows from.
struct Decoded : DecodedPacket {
  Frame frame;
};

inline Decoded decode_ethernet(Frame frame, std::size_t original_size = 0) {
  const DecodedPacket packet = decode(LinkType::ethernet, frame, original_size);
  return {packet, std::move(frame)};  // moving a vector moves none of its bytes
}

inline FrameBuilder hello() { return FrameBuilder().seq(1000).ack(7).payload("hello"); }

inline FrameBuilder hello6() { return hello().ipv6("2001:db8::1", "2001:db8::2"); }

// LLC and SNAP in front of IPv4.
inline const Frame snap{0xaa, 0xaa, 3, 0, 0, 0, 8, 0};

// The IP datagrams alone, and the Ethernet frame, for the inside of a tunnel.
inline Frame hello_ip() { return hello().build_ip(); }
inline Frame hello_ip6() { return hello6().build_ip(); }
inline Frame hello_frame() { return hello().build(); }

// An Ethernet frame of other hosts, that carries `bytes` as the IP protocol `protocol`.
inline Frame carry(std::uint8_t protocol, Frame bytes) {
  return FrameBuilder().ipv4("192.0.2.1", "192.0.2.2").ip_payload(protocol, std::move(bytes)).build();
}

inline Frame udp(std::uint16_t source_port, std::uint16_t destination_port, const Frame& payload) {
  Frame out;
  put_be16(out, source_port);
  put_be16(out, destination_port);
  put_be16(out, static_cast<std::uint32_t>(payload.size() + 8));
  put_be16(out, 0);
  put(out, payload);
  return out;
}

inline Frame carry_udp(std::uint16_t port, const Frame& payload) {
  return carry(17, udp(50000, port, payload));
}

// "hello" when the segment of hello() was found, between hello()'s hosts; else the reason, or what is wrong.
inline std::string outcome(LinkType link_type, const Frame& frame) {
  // A block of its own size, so that AddressSanitizer guards its ends.
  const auto block = std::make_unique<std::uint8_t[]>(frame.size());
  std::copy(frame.begin(), frame.end(), block.get());
  const DecodedPacket packet = decode(link_type, Bytes(block.get(), frame.size()), frame.size());
  if (packet.reason != DropReason::none) return std::string(to_string(packet.reason));
  const bool is_hello =
      packet.net.source == address("10.0.0.1") || packet.net.source == address("2001:db8::1");
  return is_hello ? to_text(packet.tcp.payload) : "the wrong addresses";
}

inline std::string outcome(const Frame& ethernet_frame) {
  return outcome(LinkType::ethernet, ethernet_frame);
}

// True when every prefix of a frame that holds hello() gives a reason or a shorter "hello", and the whole
// frame "hello". Run under AddressSanitizer, it also shows that nothing outside a prefix is read.
inline bool every_prefix_is_safe(LinkType link_type, const Frame& frame) {
  for (std::size_t size = 0; size < frame.size(); ++size) {
    const std::string seen =
        outcome(link_type, Frame(frame.begin(), frame.begin() + static_cast<long>(size)));
    const bool is_reason = seen == "truncated" || seen == "not_tcp" || seen == "not_ip" ||
                           seen == "bad_tcp_header" || seen == "bad_ip_header";
    if (!is_reason && !std::string("hello").starts_with(seen)) return false;
  }
  return outcome(link_type, frame) == "hello";
}

}  // namespace restitch::testing
