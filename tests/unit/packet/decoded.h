// What the decode tests share: a decoded packet that keeps its frame alive, and frames to start from.
#pragma once

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

}  // namespace restitch::testing
