#include "restitch/tcp_helpers.h"

#include <algorithm>

namespace restitch {
namespace {

std::size_t payload_size(const TcpSegment& tcp) { return tcp.payload.size() + tcp.missing_size; }

// The number behind everything the segment occupies in sequence space.
Sequence end_of(const TcpSegment& tcp) {
  const std::size_t flags = (tcp.syn() ? 1u : 0u) + (tcp.fin() ? 1u : 0u);
  return tcp.sequence.add(static_cast<std::int64_t>(payload_size(tcp) + flags));
}

// True when the segment acknowledges what lies before `end`.
bool acknowledges(const TcpSegment& tcp, Sequence end) {
  return tcp.ack() && end.difference(tcp.acknowledgment) >= 0;
}

}  // namespace

std::string_view to_string(TcpState state) {
  switch (state) {
    case TcpState::closed:
      return "closed";
    case TcpState::syn_sent:
      return "syn_sent";
    case TcpState::syn_crossed:
      return "syn_crossed";
    case TcpState::syn_received:
      return "syn_received";
    case TcpState::established:
      return "established";
    case TcpState::half_closed:
      return "half_closed";
    case TcpState::closing:
      return "closing";
    case TcpState::time_wait:
      return "time_wait";
    case TcpState::reset:
      return "reset";
  }
  return "unknown";
}

bool TcpStateMachine::check_state(const TcpSegment& tcp, TcpFlowDirection direction) {
  if (state_ == TcpState::closed) return check_first(tcp, direction);
  if (tcp.syn() && !tcp.rst()) return check_syn(tcp, direction);
  if (ended()) return after_end(tcp, direction);
  if (tcp.rst()) {
    state_ = TcpState::reset;
    return true;
  }
  if (state_ == TcpState::syn_sent || state_ == TcpState::syn_crossed || state_ == TcpState::syn_received) {
    if (!check_handshake(tcp, direction)) return false;
  }
  const auto& fin_end = side(direction).fin_end;
  if (fin_end && fin_end->difference(end_of(tcp)) > 0) return false;  // nothing can follow a FIN
  note_close(tcp, direction);
  return true;
}

bool TcpStateMachine::check_first(const TcpSegment& tcp, TcpFlowDirection direction) {
  if (tcp.rst()) return false;
  if (tcp.syn() && !tcp.ack()) {
    open(tcp, direction);
    return true;
  }
  if (!options_.missing_establishment) return false;
  if (tcp.syn()) {
    opener_ = reverse(direction);
    side(opener_).syn = tcp.acknowledgment.add(-1);
    side(direction).syn = tcp.sequence;
    state_ = TcpState::syn_received;
    return true;
  }
  state_ = TcpState::established;
  note_close(tcp, direction);
  return true;
}

void TcpStateMachine::open(const TcpSegment& tcp, TcpFlowDirection direction) {
  sides_ = {};
  side(direction).syn = tcp.sequence;
  opener_ = direction;
  state_ = TcpState::syn_sent;
}

// A SYN, with or without ACK, where something was seen before.
bool TcpStateMachine::check_syn(const TcpSegment& tcp, TcpFlowDirection direction) {
  Side& sender = side(direction);
  const Side& other = side(reverse(direction));
  const bool again = sender.syn == tcp.sequence;
  if (ended()) {
    if (again || (tcp.ack() && !options_.missing_establishment)) return false;
    sides_ = {};
    return check_first(tcp, direction);
  }
  const bool answers = tcp.ack() && other.syn && acknowledges(tcp, other.syn->add(1));
  switch (state_) {
    case TcpState::syn_sent:
      if (direction == opener_) {
        if (!tcp.ack() && !again) open(tcp, direction);  // a fresh attempt; the first got no answer
        return !tcp.ack();
      }
      if (tcp.ack() && !answers) return false;
      sender.syn = tcp.sequence;
      state_ = tcp.ack() ? TcpState::syn_received : TcpState::syn_crossed;
      return true;
    case TcpState::syn_crossed:
      if (!again || (tcp.ack() && !answers)) return false;
      if (!tcp.ack()) return true;
      state_ = TcpState::syn_received;
      opener_ = reverse(direction);  // the acknowledgement that is still due comes from there
      return true;
    case TcpState::syn_received:
      if (!again) return false;
      if (answers && direction == opener_) state_ = TcpState::established;
      return true;
    default:
      if (!sender.syn) sender.syn = tcp.sequence;  // joined mid-stream: a late one is the first we see
      return sender.syn == tcp.sequence;
  }
}

// A segment without SYN before the handshake is complete.
bool TcpStateMachine::check_handshake(const TcpSegment& tcp, TcpFlowDirection direction) {
  const Side& other = side(reverse(direction));
  const bool answers = other.syn && acknowledges(tcp, other.syn->add(1));
  switch (state_) {
    case TcpState::syn_sent:  // the SYN+ACK was not captured
      if (!options_.missing_establishment || (direction != opener_ && !answers)) return false;
      state_ = TcpState::established;
      return true;
    case TcpState::syn_crossed:
      if (!answers) return false;
      state_ = TcpState::established;
      return true;
    default:
      if (direction != opener_) return true;  // fast open: data may follow the SYN+ACK at once
      if (!answers) return false;
      state_ = TcpState::established;
      return true;
  }
}

void TcpStateMachine::note_close(const TcpSegment& tcp, TcpFlowDirection direction) {
  Side& sender = side(direction);
  Side& other = side(reverse(direction));
  if (tcp.fin() && !sender.fin_end) sender.fin_end = end_of(tcp);
  if (other.fin_end && acknowledges(tcp, *other.fin_end)) other.fin_acknowledged = true;
  if (sender.fin_acknowledged && other.fin_acknowledged) {
    state_ = TcpState::time_wait;
  } else if (sender.fin_end && other.fin_end) {
    state_ = TcpState::closing;
  } else if (sender.fin_end || other.fin_end) {
    state_ = TcpState::half_closed;
  }
}

// What may still come when all is over: repetitions, but nothing new.
bool TcpStateMachine::after_end(const TcpSegment& tcp, TcpFlowDirection direction) const {
  if (tcp.rst()) return true;
  const auto& fin_end = side(direction).fin_end;
  return state_ == TcpState::time_wait && fin_end && fin_end->difference(end_of(tcp)) <= 0;
}

std::string_view to_string(TcpFinding finding) {
  switch (finding) {
    case TcpFinding::ok:
      return "ok";
    case TcpFinding::keep_alive:
      return "keep_alive";
    case TcpFinding::retransmission:
      return "retransmission";
    case TcpFinding::above_mss:
      return "above_mss";
    case TcpFinding::beyond_window:
      return "beyond_window";
  }
  return "unknown";
}

TcpCheck TcpOptionCheck::accept(const TcpSegment& tcp, TcpFlowDirection direction,
                                std::optional<Sequence> next_seq, bool start) {
  const TcpFinding finding = check(tcp, direction, start ? std::nullopt : next_seq);
  // What a refused segment announces counts too: otherwise two directions that each miss a window
  // update would refuse each other for good.
  if (tcp.syn() && !tcp.rst()) learn_syn(tcp, direction);
  if (tcp.ack() && !tcp.rst()) learn_window(tcp, direction);
  return outcome(finding);
}

TcpFinding TcpOptionCheck::check(const TcpSegment& tcp, TcpFlowDirection direction,
                                 std::optional<Sequence> next_seq) const {
  if (tcp.rst()) return TcpFinding::ok;
  const std::size_t size = payload_size(tcp);
  const bool occupies = size > 0 || tcp.syn() || tcp.fin();
  if (next_seq) {
    const bool just_before = next_seq->difference(tcp.sequence) == -1;
    if (just_before && size <= 1 && !tcp.syn() && !tcp.fin()) return TcpFinding::keep_alive;
    if (occupies && next_seq->difference(end_of(tcp)) <= 0) return TcpFinding::retransmission;
  }
  if (tcp.syn()) return TcpFinding::ok;
  const Side& receiver = side(reverse(direction));
  if (is_beyond_window(tcp, receiver)) return TcpFinding::beyond_window;
  if (receiver.mss && size > *receiver.mss) return TcpFinding::above_mss;
  return TcpFinding::ok;
}

// Only data is held against the window. A single byte at its edge is a window probe.
bool TcpOptionCheck::is_beyond_window(const TcpSegment& tcp, const Side& receiver) const {
  const std::size_t size = payload_size(tcp);
  if (!receiver.right_edge || size == 0) return false;
  const std::int32_t beyond = receiver.right_edge->difference(tcp.sequence);
  return beyond > 0 || (beyond == 0 && size > 1);
}

TcpCheck TcpOptionCheck::outcome(TcpFinding finding) const {
  switch (finding) {
    case TcpFinding::ok:
      break;
    case TcpFinding::keep_alive:
      return {finding, !options_.refuse_keep_alive};
    case TcpFinding::retransmission:
      return {finding, !options_.refuse_retransmission};
    case TcpFinding::above_mss:
      return {finding, !options_.refuse_above_mss};
    case TcpFinding::beyond_window:
      return {finding, !options_.refuse_beyond_window};
  }
  return {};
}

void TcpOptionCheck::learn_syn(const TcpSegment& tcp, TcpFlowDirection direction) {
  constexpr std::uint8_t window_scale_max = 14;  // RFC 7323, section 2.3
  Side& sender = side(direction);
  if (sender.syn && *sender.syn != tcp.sequence) {  // another connection, or another attempt
    if (!tcp.ack()) side(reverse(direction)) = {};
    sender = {};
  }
  const TcpOptions options = parse_options(tcp.options);
  sender.syn = tcp.sequence;
  if (options.has_mss) sender.mss = options.mss;
  if (options.has_window_scale) sender.window_scale = std::min(options.window_scale, window_scale_max);
}

// The shift of the windows that a side sends: its own, if both sides offered to scale. Unknown where
// neither SYN says so.
std::optional<std::uint8_t> TcpOptionCheck::shift_of(TcpFlowDirection direction) const {
  const Side& sender = side(direction);
  const Side& other = side(reverse(direction));
  if ((sender.syn && !sender.window_scale) || (other.syn && !other.window_scale)) return std::uint8_t{0};
  if (sender.syn && other.syn) return sender.window_scale;
  return std::nullopt;
}

// An offer is never taken back (RFC 9293, section 3.8.6), so the edge only moves ahead.
void TcpOptionCheck::learn_window(const TcpSegment& tcp, TcpFlowDirection direction) {
  Side& sender = side(direction);
  const std::optional<std::uint8_t> shift = tcp.syn() ? std::uint8_t{0} : shift_of(direction);
  if (!shift) {
    sender.right_edge.reset();
    return;
  }
  const Sequence edge = tcp.acknowledgment.add(std::int64_t{tcp.window} << *shift);
  if (!sender.right_edge || sender.right_edge->difference(edge) > 0) sender.right_edge = edge;
}

}  // namespace restitch
