// What the rules of a receiver ask of one segment. For receiver_state.cc and receiver_evidence.cc.
#pragma once

#include <algorithm>

#include "restitch/detail/receiver_state.h"

namespace restitch::detail {

// One past the last sequence number that a segment takes.
inline Sequence end_of(const TcpSegment& tcp) {
  return tcp.sequence.add(static_cast<std::int64_t>(tcp.payload.size()) + tcp.missing_size + tcp.syn() +
                          tcp.fin());
}

// Its checksums are right, as far as that can be checked.
inline bool is_sound(const NetFlow& net, const TcpSegment& tcp) {
  return tcp.network_ok && (tcp.missing_size != 0 || checksum_ok(net, tcp));
}

inline HostState::Opening opening_of(const TcpSegment& syn, const TcpOptions& options) {
  return {syn.sequence, options.has_timestamps, options.sack_permitted, options.has_window_scale,
          std::min<std::uint8_t>(options.window_scale, 14)};
}

// In bytes.
inline std::uint32_t offered_window(const HostState& host, const HostState& peer, const TcpSegment& tcp) {
  const bool scaled = host.opening.window_scale && peer.opening.window_scale && !tcp.syn();
  return std::uint32_t{tcp.window} << (scaled ? host.opening.shift : 0);
}

}  // namespace restitch::detail
