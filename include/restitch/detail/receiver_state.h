// ReceiverState: what both directions of a connection reveal about its two hosts, and the judgement whether
// a segment counts for the host that receives it. Only connections whose policy refuses segments have one.
// The rules are those of Linux 6.18 in its order of checks, as measured; what was not captured (one
// direction, or the beginning) cannot be checked, and then the segment counts. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "restitch/detail/half_connection.h"
#include "restitch/packet.h"
#include "restitch/receiver.h"

namespace restitch::detail {

// One host, as a receiver.
struct HostState {
  enum class Phase : std::uint8_t {
    unknown,       // nothing seen of it: it may be in the middle of a connection
    listen,        // a SYN was sent to it, it has not answered yet
    syn_sent,      // it sent a SYN
    syn_received,  // it sent a SYN-ACK
    established,
    dead,  // it was reset, or reset the connection
  };

  Phase phase = Phase::unknown;
  bool opening_seen = false;  // its SYN
  bool sent_known = false;    // of the numbers it sends
  bool acks_known = false;    // of the numbers it acknowledges
  bool timestamps = false;    // offered in its SYN
  bool sack = false;
  bool window_scale = false;
  bool has_recent = false;
  bool passive = false;  // it listened
  bool unread = false;   // its window tells that data waits for its application
  std::uint8_t shift = 0;
  Sequence isn;                   // of its own SYN
  Sequence sent_end;              // one past the highest number it sent
  Sequence acked;                 // the highest number of its own that the peer acknowledged
  std::uint32_t peer_window = 0;  // the largest window the peer offered it
  std::uint64_t bytes_acked = 0;  // of its own, since the handshake
  Sequence ack_sent;              // its last acknowledgement
  Sequence window_edge;           // right edge of the window it offers
  Sequence unseen_until;          // last position of an acked_unseen event
  Sequence unseen_block;          // the same for selective acknowledgements
  // Bytes that it acknowledges and that were not captured yet: those below `hole_until` since `hole_since`.
  Timestamp hole_since;
  Sequence hole_until;
  std::uint32_t recent = 0;  // last timestamp of the peer that it took in
};

class ReceiverState {
 public:
  struct Verdict {
    std::optional<Refusal> refused{};  // the segment counts for nothing
    bool resets = false;               // it ends the connection
    bool tells_reset = true;           // and the application hears of it
    bool payload_counts = true;        // false: only the header does
    bool zero_window_probe = false;    // it was sent into a closed window
    bool window_full = false;          // it reaches the edge of the window exactly
    std::optional<SackBlock> sack{};   // the highest block that it acknowledges beyond its acknowledgement
  };

  // Judges a segment on its way to the receiver of `half`, and learns from it. `half` is the direction it
  // travels in, by `direction`.
  Verdict judge(HalfState& state, const ReceiverPolicy& policy, HalfConnection& half, const NetFlow& net,
                const TcpSegment& tcp, TcpFlowDirection direction);

  // What the receiver of `direction` acknowledged, if it was ever seen to.
  [[nodiscard]] std::optional<Sequence> acknowledged(TcpFlowDirection direction) const {
    const HostState& receiver = host(reverse(direction));
    return receiver.acks_known ? std::optional(receiver.ack_sent) : std::nullopt;
  }

  // True once for each position that the sender of `direction` acknowledges, in total or selectively.
  bool first_to_acknowledge(TcpFlowDirection direction, Sequence position) {
    return std::exchange(host(direction).unseen_until, position) != position;
  }
  bool first_to_acknowledge_block(TcpFlowDirection direction, Sequence end) {
    return std::exchange(host(direction).unseen_block, end) != end;
  }

  // `next` is the next expected number of `direction`. Up to where its bytes are given up `now`: they were
  // acknowledged `tolerance_ns` ago or earlier, and have not come since.
  std::optional<Sequence> lost_until(TcpFlowDirection direction, Sequence next, Timestamp now,
                                     std::int64_t tolerance_ns);

  void swap_roles() {
    std::swap(hosts_[0], hosts_[1]);
    syn_data_direction = reverse(syn_data_direction);
  }

  // The payload of a SYN, set apart until the answer tells whether it counts (RFC 7413): a segment of the
  // store, or none.
  std::uint32_t syn_data = none;
  TcpFlowDirection syn_data_direction = TcpFlowDirection::client_to_server;

  // True when the receiver of `direction` acknowledged the byte at `position`, or was never seen to
  // acknowledge anything.
  [[nodiscard]] bool may_have_read(TcpFlowDirection direction, Sequence position) const;

 private:
  [[nodiscard]] HostState& host(TcpFlowDirection sender) { return hosts_[static_cast<std::size_t>(sender)]; }
  [[nodiscard]] const HostState& host(TcpFlowDirection sender) const {
    return hosts_[static_cast<std::size_t>(sender)];
  }
  Verdict judge_opening(HalfState& state, HostState& to, HostState& from, HalfConnection& half,
                        const TcpSegment& tcp, const TcpOptions& options);
  Verdict judge_established(HalfState& state, HostState& to, const HostState& from, HalfConnection& half,
                            const TcpSegment& tcp, const TcpOptions& options);
  [[nodiscard]] std::optional<Refusal> judge_ack(const HostState& to, const TcpSegment& tcp) const;
  void learn_sender(HostState& from, HostState& to, const TcpSegment& tcp, const TcpOptions& options);

  HostState hosts_[2];  // by the direction they send in
};

}  // namespace restitch::detail
