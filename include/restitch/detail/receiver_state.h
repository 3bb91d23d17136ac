// ReceiverState: what both directions of a connection reveal about its two hosts, and the judgement whether
// a segment counts for the host that receives it. Only connections whose hosts are watched have one.
// The rules are those of Linux 6.18 in its order of checks, as measured; what was not captured (one
// direction, or the beginning) cannot be checked, and then the segment counts. The last word has the
// receiver: what it acknowledges it did not refuse, and the state goes on from there. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "restitch/detail/half_connection.h"
#include "restitch/packet.h"
#include "restitch/receiver.h"

namespace RESTITCH_API restitch {
namespace detail {

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

  // What a SYN of it says.
  struct Opening {
    Sequence isn;
    bool timestamps = false;  // offered
    bool sack = false;
    bool window_scale = false;
    std::uint8_t shift = 0;
  };

  Phase phase = Phase::unknown;
  bool opening_seen = false;  // its SYN
  bool sent_known = false;    // of the numbers it sends
  bool acks_known = false;    // of the numbers it acknowledges
  bool has_recent = false;
  bool passive = false;           // it listened
  bool unread = false;            // its window tells that data waits for its application
  std::uint8_t named_count = 0;   // SYNs of it that named several starts
  Opening opening;                // the one that counts
  std::array<Opening, 3> named;   // all of them, as long as it is not certain which one counts
  Sequence sent_end;              // one past the highest number it sent
  Sequence acked;                 // the highest number of its own that the peer acknowledged
  std::uint32_t peer_window = 0;  // the largest window the peer offered it
  std::uint64_t bytes_acked = 0;  // of its own, since the handshake
  Sequence ack_sent;              // its last acknowledgement
  Sequence window_edge;           // right edge of the window it offers
  // What it acknowledged last, by a segment that is in place itself, and the edge of the window then. It
  // claims something if that is more than it took in as far as is known: it seemed to refuse it, or it was
  // not captured yet.
  bool spoke = false;
  bool claims = false;
  Sequence word;
  Sequence word_edge;
  bool was_refused = false;   // the peer seemed to refuse something that it sent,
  Sequence refused_end;       // up to here
  bool is_near = true;        // its segment at hand lies where it is,
  bool heard = true;          // its segment at hand: what it acknowledges counts
  std::uint8_t far_acks = 0;  // so many acknowledgements lie far off, one near the other, and none here
  Sequence far_ack;           // the last of them
  std::uint16_t sound = 0;    // how many of its segments keep the rules about a segment alone,
  std::uint16_t unsound = 0;  // and how many break them
  Sequence unseen_until;      // last position of an acked_unseen event
  Sequence unseen_block;      // the same for selective acknowledgements
  // Bytes that it acknowledges and that were not captured yet: those below `hole_until` since `hole_since`.
  Timestamp hole_since;
  Sequence hole_until;
  std::uint32_t recent = 0;  // last timestamp of the peer that it took in

  // Begins with the first number that this SYN names; remembers it in case that another one was before it.
  void begin_at(const Opening& syn);
  void name(const Opening& syn);

  void note_sound(bool is_sound);

  // All of its segments are captured with a checksum that its card fills in later, or carry an option with a
  // key that no observer has.
  [[nodiscard]] bool never_sound() const { return unsound / 16 > sound || sound == 0; }
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

  // Whether a segment is right in itself, by its checksum or because its sender never has right ones.
  [[nodiscard]] bool may_believe(const NetFlow& net, const TcpSegment& tcp, TcpFlowDirection direction) const;

  // Remembers what a SYN says, which may be the one that counts; and lets the one count that named this
  // start.
  void name_start(TcpFlowDirection direction, const TcpSegment& syn);
  void agree_on_start(TcpFlowDirection direction, Sequence start);

  // Hears what a segment acknowledges, before it is judged: whatever its own receiver makes of it, its sender
  // took in what it names, if it is in place itself. `own` is the half it travels in, `answered` the one that
  // it acknowledges. `strict`: its checksum has to be right, or its sender never has a right one.
  void hear(const HalfConnection& own, const HalfConnection& answered, const NetFlow& net,
            const TcpSegment& tcp, TcpFlowDirection direction, bool strict);

  // Whether a segment that was refused by `rule` may have been taken in all the same, as far as can be known:
  // then its payload is worth keeping. Takes note of it.
  bool may_be_wrong(Refusal rule, const HalfConnection& half, const TcpSegment& tcp,
                    TcpFlowDirection direction);

  // Up to where the receiver of `half` acknowledged what it seemed to refuse, if it did.
  [[nodiscard]] std::optional<Sequence> disproved_until(const HalfConnection& half,
                                                        TcpFlowDirection direction);

  // The receiver of `direction` has everything up to `acked`: what was believed of both hosts and does not
  // fit this is forgotten.
  void correct(TcpFlowDirection direction, Sequence acked);

  // All that was kept up to `acked` was taken in.
  void note_taken(TcpFlowDirection direction, Sequence acked);

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
    std::swap(kept[0], kept[1]);
    if (reset) reset->direction = reverse(reset->direction);
    syn_data_direction = reverse(syn_data_direction);
  }

  // What was refused, and may turn out to have been taken in: a RefusedQueue for each direction, or none.
  std::uint32_t kept[2] = {none, none};

  // A reset that the hosts seem to have believed, but that may be disproved yet.
  struct Reset {
    TcpFlowDirection direction;  // it came in this one
    bool told;                   // the application hears of it
    std::uint32_t tick;          // of the pool's clock
  };
  std::optional<Reset> reset;

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
  [[nodiscard]] bool is_near(const HalfConnection& own, const TcpSegment& tcp,
                             TcpFlowDirection direction) const;
  bool hear_far(HostState& from, const TcpSegment& tcp, std::int64_t reach);
  Verdict judge_opening(HalfState& state, HostState& to, HostState& from, HalfConnection& half,
                        const TcpSegment& tcp, const TcpOptions& options);
  Verdict judge_established(HalfState& state, HostState& to, const HostState& from, HalfConnection& half,
                            const TcpSegment& tcp, const TcpOptions& options);
  [[nodiscard]] std::optional<Refusal> judge_ack(const HostState& to, const TcpSegment& tcp) const;
  void learn_sender(HostState& from, HostState& to, const TcpSegment& tcp, const TcpOptions& options);

  HostState hosts_[2];  // by the direction they send in
};

}  // namespace detail
}  // namespace restitch
