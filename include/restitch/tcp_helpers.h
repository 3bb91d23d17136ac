// Helpers for Stream::accept: a small state machine and checks of MSS, window and retransmission, one of
// each for a connection. Both are optional, look at headers only, own nothing but a few numbers, and
// belong to the thread of the stream that uses them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "restitch/packet.h"
#include "restitch/sequence.h"

namespace RESTITCH_API restitch {

// Where a connection stands, as seen from between its two ends.
enum class TcpState : std::uint8_t {
  closed,        // nothing seen yet
  syn_sent,      // a SYN
  syn_crossed,   // a SYN from each side: simultaneous open
  syn_received,  // a SYN and its SYN+ACK
  established,
  half_closed,  // a FIN from one side
  closing,      // a FIN from each side, not both acknowledged
  time_wait,    // both FINs acknowledged
  reset,
};

// "closed", "syn_sent", …
std::string_view to_string(TcpState state);

struct TcpStateOptions {
  // Accept a connection whose handshake was not captured: the first segment that is neither SYN nor RST
  // establishes it, a first SYN+ACK stands for the handshake.
  bool missing_establishment = false;
};

// Follows a connection from SYN to its end and says which segments can belong to it.
class TcpStateMachine {
 public:
  explicit TcpStateMachine(TcpStateOptions options = {}) : options_(options) {}

  // True when the segment fits the state, which it then moves; false when it does not belong to the
  // connection, and then nothing changes. A SYN with a new number is a new connection once the old one
  // has ended.
  bool check_state(const TcpSegment& tcp, TcpFlowDirection direction);

  [[nodiscard]] TcpState state() const { return state_; }

 private:
  // What one side has sent.
  struct Side {
    std::optional<Sequence> syn;      // sequence number of its SYN
    std::optional<Sequence> fin_end;  // the number that acknowledges its FIN
    bool fin_acknowledged = false;
  };

  bool check_first(const TcpSegment& tcp, TcpFlowDirection direction);
  bool check_syn(const TcpSegment& tcp, TcpFlowDirection direction);
  bool check_handshake(const TcpSegment& tcp, TcpFlowDirection direction);
  void open(const TcpSegment& tcp, TcpFlowDirection direction);
  void note_close(const TcpSegment& tcp, TcpFlowDirection direction);
  bool after_end(const TcpSegment& tcp, TcpFlowDirection direction) const;
  [[nodiscard]] bool ended() const { return state_ == TcpState::time_wait || state_ == TcpState::reset; }
  Side& side(TcpFlowDirection direction) { return sides_[static_cast<std::size_t>(direction)]; }
  [[nodiscard]] const Side& side(TcpFlowDirection direction) const {
    return sides_[static_cast<std::size_t>(direction)];
  }

  TcpStateOptions options_;
  TcpState state_ = TcpState::closed;
  TcpFlowDirection opener_ = TcpFlowDirection::client_to_server;  // who sent the first SYN
  std::array<Side, 2> sides_{};
};

// What TcpOptionCheck found. Each but `ok` can be refused or only reported.
enum class TcpFinding : std::uint8_t {
  ok,
  keep_alive,      // at most one byte, just before the next one
  retransmission,  // nothing but bytes that were there before
  above_mss,       // more payload than the receiver's MSS: offload, or a sender that ignores it
  beyond_window,   // starts beyond what the receiver has offered
};

// "ok", "keep_alive", …
std::string_view to_string(TcpFinding finding);

struct TcpOptionCheckOptions {
  bool refuse_keep_alive = true;
  bool refuse_retransmission = true;
  // Off by default: where the capturing host offloads segmentation (TSO, GRO), large segments are
  // honest. Switch it on for captures from a tap.
  bool refuse_above_mss = false;
  bool refuse_beyond_window = true;
};

// The outcome of one check. `accepted` is what Stream::accept may return.
struct TcpCheck {
  TcpFinding finding = TcpFinding::ok;
  bool accepted = true;

  friend constexpr bool operator==(TcpCheck, TcpCheck) = default;
};

// Checks segments against the options that both ends announced. MSS and window scale are learnt from
// SYNs only; what was not seen is not enforced.
class TcpOptionCheck {
 public:
  explicit TcpOptionCheck(TcpOptionCheckOptions options = {}) : options_(options) {}

  // Checks a segment and learns from it. `next_seq` is the number this direction expects next, if it is
  // known; with `start` (reassembly begins here) it is not looked at. Call it for every segment.
  TcpCheck accept(const TcpSegment& tcp, TcpFlowDirection direction, std::optional<Sequence> next_seq,
                  bool start);

  // The MSS and the window scale that the sender of this direction announced, where it did.
  [[nodiscard]] std::optional<std::uint16_t> mss(TcpFlowDirection direction) const {
    return side(direction).mss;
  }
  [[nodiscard]] std::optional<std::uint8_t> window_scale(TcpFlowDirection direction) const {
    return side(direction).window_scale;
  }

 private:
  // What one side has announced about itself.
  struct Side {
    std::optional<Sequence> syn;  // sequence number of the SYN
    std::optional<std::uint16_t> mss;
    std::optional<std::uint8_t> window_scale;
    std::optional<Sequence> right_edge;  // first number it has not offered to receive
  };

  void learn_syn(const TcpSegment& tcp, TcpFlowDirection direction);
  void learn_window(const TcpSegment& tcp, TcpFlowDirection direction);
  [[nodiscard]] TcpFinding check(const TcpSegment& tcp, TcpFlowDirection direction,
                                 std::optional<Sequence> next_seq) const;
  [[nodiscard]] std::optional<std::uint8_t> shift_of(TcpFlowDirection direction) const;
  [[nodiscard]] TcpCheck outcome(TcpFinding finding) const;
  [[nodiscard]] bool is_beyond_window(const TcpSegment& tcp, const Side& receiver) const;
  Side& side(TcpFlowDirection direction) { return sides_[static_cast<std::size_t>(direction)]; }
  [[nodiscard]] const Side& side(TcpFlowDirection direction) const {
    return sides_[static_cast<std::size_t>(direction)];
  }

  TcpOptionCheckOptions options_;
  std::array<Side, 2> sides_{};
};

}  // namespace restitch
