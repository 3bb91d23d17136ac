#include "restitch/detail/receiver_state.h"

#include <algorithm>
#include <span>

#include "reassembly/receiver_rules.h"
#include "restitch/detail/capture_clock.h"

namespace restitch::detail {
namespace {

using Phase = HostState::Phase;
using Verdict = ReceiverState::Verdict;

// Linux looks for the MD5 option as long as one could follow, and a list that breaks off there is refused.
constexpr std::size_t md5_option_size = 18;

Verdict refuse(Refusal rule) { return {.refused = rule, .resets = false, .payload_counts = false}; }

bool is_plain_syn(const TcpSegment& tcp) { return tcp.syn() && !tcp.ack() && !tcp.rst() && !tcp.fin(); }

// A SYN where segments were captured before it, of which no start is known: they may be forged, or have been
// captured too early. That its receiver was in a connection is only a guess then.
bool opens_late(const HostState& to, const HostState& from, const HalfConnection& half,
                const TcpSegment& tcp) {
  return is_plain_syn(tcp) && !to.opening_seen && !from.opening_seen && !half.known();
}

// Of the blocks beyond the acknowledgement: a block below it repeats what came twice (RFC 2883).
std::optional<SackBlock> highest_block(const TcpSegment& tcp, const TcpOptions& options) {
  std::optional<SackBlock> highest;
  for (const SackBlock& block : std::span(options.sacks).first(options.sack_count)) {
    if (!is_before(tcp.acknowledgment, block.left) || !is_before(block.left, block.right)) continue;
    if (!highest || is_before(highest->right, block.right)) highest = block;
  }
  return highest;
}

}  // namespace

Verdict ReceiverState::judge(HalfState& state, const ReceiverPolicy& policy, HalfConnection& half,
                             const NetFlow& net, const TcpSegment& tcp, TcpFlowDirection direction) {
  HostState& from = host(direction);
  HostState& to = host(reverse(direction));
  const TcpOptions options = parse_options(tcp.options);
  Verdict verdict;
  if (policy.refusals.has(Refusal::checksum) && !is_sound(net, tcp)) {
    verdict = refuse(Refusal::checksum);
  } else if (options.has_md5 || options.broken_size >= md5_option_size) {
    verdict = refuse(Refusal::md5);
  } else if (to.phase == Phase::established && !opens_late(to, from, half, tcp)) {
    verdict = judge_established(state, to, from, half, tcp, options);
  } else {
    verdict = judge_opening(state, to, from, half, tcp, options);
  }
  from.note_sound(verdict.refused != Refusal::checksum && verdict.refused != Refusal::md5);
  if (verdict.refused && !policy.refusals.has(*verdict.refused)) verdict = {.resets = tcp.rst()};
  if (to.acks_known && to.opening_seen && from.opening_seen && !tcp.payload.empty()) {
    verdict.zero_window_probe = to.window_edge == to.ack_sent && tcp.sequence == to.window_edge;
    verdict.window_full = !verdict.zero_window_probe && end_of(tcp) == to.window_edge;
  }
  if (!verdict.refused) learn_sender(from, to, tcp, options);
  if (!verdict.refused && tcp.ack()) verdict.sack = highest_block(tcp, options);
  if (verdict.resets) from.phase = to.phase = Phase::dead;
  return verdict;
}

// The receiver is not in a connection yet, as far as was seen (RFC 9293, 3.10.7.2 to 3.10.7.4).
Verdict ReceiverState::judge_opening(HalfState& state, HostState& to, HostState& from, HalfConnection& half,
                                     const TcpSegment& tcp, const TcpOptions& options) {
  switch (to.phase) {
    case Phase::dead:
      return refuse(Refusal::handshake);
    case Phase::unknown:
    case Phase::listen:
      if (is_plain_syn(tcp)) {
        to.phase = Phase::listen;
        return {.payload_counts = false};
      }
      if (tcp.syn() && !tcp.ack()) return refuse(Refusal::handshake);
      // An answer, or the middle of a connection: the receiver's part was not captured.
      if (tcp.rst()) return {.resets = true, .payload_counts = false};
      to.phase = Phase::established;
      if (tcp.syn()) return {.payload_counts = false};
      return judge_established(state, to, from, half, tcp, options);
    case Phase::syn_sent: {
      const bool acks_syn = tcp.ack() && is_before(to.opening.isn, tcp.acknowledgment) &&
                            !is_before(to.sent_end, tcp.acknowledgment);
      if (tcp.rst()) {
        if (!acks_syn) return refuse(Refusal::rst_not_exact);
        return {.resets = true, .payload_counts = false};
      }
      if (!tcp.syn() || tcp.fin() || (tcp.ack() && !acks_syn)) return refuse(Refusal::handshake);
      to.phase = tcp.ack() ? Phase::established : Phase::syn_received;
      if (tcp.ack()) to.acked = tcp.acknowledgment;
      return {.payload_counts = false};
    }
    case Phase::syn_received: {
      if (!tcp.rst() && !tcp.syn() && tcp.ack() && tcp.acknowledgment != to.opening.isn.add(1)) {
        return refuse(Refusal::handshake);
      }
      Verdict verdict = judge_established(state, to, from, half, tcp, options);
      // A listener forgets the request, and no application ever hears of it.
      const bool other_syn = verdict.refused == Refusal::syn && tcp.sequence != half.next_seq().add(-1);
      if (to.passive && (verdict.resets || other_syn)) {
        verdict = {.resets = true, .tells_reset = false, .payload_counts = false};
      }
      if (!verdict.refused && !verdict.resets) to.phase = Phase::established;
      return verdict;
    }
    case Phase::established:
      break;
  }
  to.phase = Phase::listen;  // it opens late
  return {.payload_counts = false};
}

Verdict ReceiverState::judge_established(HalfState& state, HostState& to, const HostState& from,
                                         HalfConnection& half, const TcpSegment& tcp,
                                         const TcpOptions& options) {
  if (!tcp.rst() && !tcp.syn() && !tcp.ack()) return refuse(Refusal::no_flags);
  const bool timed = to.opening.timestamps && from.opening.timestamps && options.has_timestamps;
  const auto age = static_cast<std::int32_t>(to.recent - options.timestamp_value);
  if (timed && to.has_recent && age > 1 && !tcp.rst()) return refuse(Refusal::paws);

  // The next number it expects; a FIN that was reached takes one.
  const bool fin_reached = half.ended() && !half.reset();
  const Sequence next = half.next_seq().add(fin_reached ? 1 : 0);
  const Sequence end = end_of(tcp);
  if (half.known()) {
    if (tcp.rst() && fin_reached && tcp.sequence == half.next_seq()) {
      return {.resets = true, .payload_counts = false};
    }
    const Sequence acked = to.acks_known && is_before(to.ack_sent, next) ? to.ack_sent : next;
    if (is_before(end, acked)) return refuse(Refusal::old_sequence);
    const bool edge_known = to.acks_known && to.opening_seen && from.opening_seen;  // and so its scale
    if (edge_known && is_before(to.window_edge, end)) {
      const bool bare_fin = tcp.fin() && tcp.payload.empty() && tcp.sequence == next;
      const bool takes_room = !tcp.payload.empty() || (tcp.fin() && !bare_fin);
      const bool reaches_over = is_before(to.window_edge, end.add(tcp.fin() ? -1 : 0));
      if (is_before(to.window_edge, tcp.sequence) || (takes_room && tcp.sequence == to.window_edge) ||
          (reaches_over && to.unread)) {
        return refuse(Refusal::beyond_window);
      }
    }
    if (tcp.rst()) {
      const bool sack = to.opening.sack && from.opening.sack;
      if (tcp.sequence == next || (sack && half.highest_held(state) == tcp.sequence)) {
        return {.resets = true, .payload_counts = false};
      }
      return refuse(Refusal::rst_not_exact);
    }
  } else if (tcp.rst()) {
    return {.resets = true, .payload_counts = false};
  }
  if (tcp.syn()) return refuse(Refusal::syn);
  if (!tcp.ack()) return refuse(Refusal::no_ack);
  if (const auto refused = judge_ack(to, tcp)) return refuse(*refused);

  const bool old_ack = to.sent_known && is_before(tcp.acknowledgment, to.acked);
  if (timed && !old_ack) {
    const Sequence acked = to.acks_known ? to.ack_sent : next;
    if (!to.has_recent || (age <= 0 && !is_before(acked, tcp.sequence))) {
      to.recent = options.timestamp_value;
      to.has_recent = true;
    }
  }
  if (to.sent_known && !old_ack) {
    to.bytes_acked += static_cast<std::uint32_t>(to.acked.difference(tcp.acknowledgment));
    to.acked = tcp.acknowledgment;
  }
  to.peer_window = std::max(to.peer_window, offered_window(from, to, tcp));
  return {};
}

std::optional<Refusal> ReceiverState::judge_ack(const HostState& to, const TcpSegment& tcp) const {
  if (!to.opening_seen) return std::nullopt;  // it may have sent and received more than was captured
  if (is_before(to.sent_end, tcp.acknowledgment)) return Refusal::ack_unsent;
  const std::uint64_t reach = std::min<std::uint64_t>(to.peer_window, to.bytes_acked);
  if (is_before(tcp.acknowledgment, to.acked.add(-static_cast<std::int64_t>(reach))))
    return Refusal::ack_too_old;
  return std::nullopt;
}

// A segment that its receiver took in tells about its sender.
void ReceiverState::learn_sender(HostState& from, HostState& to, const TcpSegment& tcp,
                                 const TcpOptions& options) {
  if (tcp.rst()) {
    // Out of a connection it ends it; out of a handshake it answers only the segment at hand.
    if (from.phase == Phase::established || from.phase == Phase::unknown) from.phase = Phase::dead;
    return;
  }
  if (tcp.syn()) {
    from.name(opening_of(tcp, options));
    from.begin_at(opening_of(tcp, options));
    from.passive = from.phase == Phase::listen;
    from.phase = tcp.ack() ? Phase::syn_received : Phase::syn_sent;
    to.recent = options.timestamp_value;
    to.has_recent = options.has_timestamps;
    to.peer_window = std::max(to.peer_window, std::uint32_t{tcp.window});
  } else if (from.phase != Phase::syn_received && from.phase != Phase::dead) {
    from.phase = Phase::established;
  }
  const Sequence end = end_of(tcp);
  if (!from.sent_known) {  // joined in the middle: how much was acknowledged before is not known
    from.sent_known = true;
    from.sent_end = end;
    from.acked = tcp.sequence;
    from.bytes_acked = std::uint64_t{1} << 30;
    from.peer_window = std::uint32_t{1} << 30;
  }
  if (from.is_near && is_before(from.sent_end, end)) from.sent_end = end;
  if (!tcp.ack() || !from.heard) return;
  const std::uint32_t window = offered_window(from, to, tcp);
  if (!from.acks_known || !is_before(tcp.acknowledgment, from.ack_sent)) {
    const Sequence edge = tcp.acknowledgment.add(window);
    if (from.acks_known) {
      // An application that read everything lets the edge move along with the acknowledgements.
      const std::int32_t acked = from.ack_sent.difference(tcp.acknowledgment);
      const std::int32_t moved = from.window_edge.difference(edge);
      if (moved < acked) {
        from.unread = true;
      } else if (moved > acked) {
        from.unread = false;
      }
    }
    from.acks_known = true;
    from.ack_sent = tcp.acknowledgment;
    from.window_edge = edge;
  }
}

// The clock of a hole starts anew when the bytes came that it stood for: acknowledgements that overtake their
// data all the time make a hole each time, and none of them is old.
std::optional<Sequence> ReceiverState::lost_until(TcpFlowDirection direction, Sequence next, Timestamp now,
                                                  std::int64_t tolerance_ns) {
  HostState& receiver = host(reverse(direction));
  if (!receiver.acks_known || !is_before(next, receiver.ack_sent)) {
    receiver.hole_since = {};
    return std::nullopt;
  }
  if (receiver.hole_since == Timestamp{} || !is_before(next, receiver.hole_until)) {
    receiver.hole_since = now;
    receiver.hole_until = receiver.ack_sent;
  }
  if (nanoseconds_between(receiver.hole_since, now) < tolerance_ns) return std::nullopt;
  return receiver.hole_until;
}

bool ReceiverState::may_have_read(TcpFlowDirection direction, Sequence position) const {
  const HostState& receiver = host(reverse(direction));
  return !receiver.acks_known || !is_before(receiver.ack_sent, position);
}

}  // namespace restitch::detail
