// Segments of which only the header matters, for the tests of what looks at headers.
#pragma once

#include "restitch/tcp_helpers.h"
#include "support/frame_builder.h"

namespace restitch::testing {

inline constexpr auto to_server = TcpFlowDirection::client_to_server;
inline constexpr auto to_client = TcpFlowDirection::server_to_client;
inline constexpr TcpFlags syn{0x02};
inline constexpr TcpFlags syn_ack{0x12};
inline constexpr TcpFlags ack{0x10};
inline constexpr TcpFlags fin_ack{0x11};
inline constexpr TcpFlags rst{0x04};

// A segment that only points at static bytes: all of them zero, only the count matters.
inline TcpSegment segment(TcpFlags flags, std::uint32_t sequence, std::uint32_t acknowledgment = 0,
                          std::size_t size = 0) {
  static const Frame zeros(70000);
  TcpSegment tcp;
  tcp.flags = flags;
  tcp.sequence = Sequence(sequence);
  tcp.acknowledgment = Sequence(acknowledgment);
  tcp.payload = Bytes(zeros).first(size);
  tcp.window = 65535;
  return tcp;
}

}  // namespace restitch::testing
