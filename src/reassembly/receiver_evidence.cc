// ReceiverState, second part: what a receiver acknowledges is stronger than what its rules seem to say. The
// first is receiver_state.cc.
#include <algorithm>
#include <span>
#include <utility>

#include "reassembly/receiver_rules.h"
#include "restitch/detail/receiver_state.h"

namespace restitch::detail {
namespace {

using Phase = HostState::Phase;

// Receivers that take a little more than they offer are not worth a doubt; and no window is larger than this.
constexpr std::uint32_t plausible_reach_min = 65535;
constexpr std::uint32_t reach_max = std::uint32_t{1} << 30;

// What is refused farther away than this is not acknowledged before long.
constexpr std::int32_t refused_reach = 1 << 29;

// So many acknowledgements far off that agree show that the capture missed all between.
constexpr std::uint8_t agreeing_min = 3;

// One past what was taken in of a half; a FIN that was reached takes a number.
Sequence taken_in(const HalfConnection& half) {
  return half.next_seq().add(half.ended() && !half.reset() ? 1 : 0);
}

// How far a host may be from where it is thought to be: by the largest window that it was offered.
std::int64_t reach_of(const HostState& sender, const HostState& receiver) {
  const bool scale_known = sender.opening_seen && receiver.opening_seen;
  return scale_known ? std::max(sender.peer_window, plausible_reach_min) : reach_max;
}

}  // namespace

void HostState::note_sound(bool is_sound) {
  std::uint16_t& count = is_sound ? sound : unsound;
  if (++count != 0xFFFF) return;
  sound /= 2;
  unsound /= 2;
}

// ---- where a host starts -----------------------------------------------------------------------------

void HostState::begin_at(const Opening& syn) {
  opening = syn;
  sent_known = opening_seen = true;
  acked = sent_end = syn.isn.add(1);
}

// Of more than there is room for, the oldest is forgotten.
void HostState::name(const Opening& syn) {
  if (named_count == named.size()) std::copy(named.begin() + 1, named.end(), named.begin());
  if (named_count < named.size()) ++named_count;
  named[named_count - 1U] = syn;
}

bool ReceiverState::may_believe(const NetFlow& net, const TcpSegment& tcp, TcpFlowDirection direction) const {
  return host(direction).never_sound() || is_sound(net, tcp);
}

void ReceiverState::name_start(TcpFlowDirection direction, const TcpSegment& syn) {
  host(direction).name(opening_of(syn, parse_options(syn.options)));
}

void ReceiverState::agree_on_start(TcpFlowDirection direction, Sequence start) {
  HostState& from = host(direction);
  const auto names_it = [&](const HostState::Opening& opening) { return opening.isn.add(1) == start; };
  const auto named = std::span(from.named).first(std::exchange(from.named_count, std::uint8_t{0}));
  if (!from.opening_seen || names_it(from.opening)) return;
  const auto found = std::find_if(named.begin(), named.end(), names_it);
  from.begin_at(found != named.end() ? *found : HostState::Opening{.isn = start.add(-1)});
  from.opening_seen = found != named.end();
  host(reverse(direction)).has_recent = false;
}

// ---- what is heard -----------------------------------------------------------------------------------

void ReceiverState::hear(const HalfConnection& own, const HalfConnection& answered, const NetFlow& net,
                         const TcpSegment& tcp, TcpFlowDirection direction, bool strict) {
  HostState& from = host(direction);
  const HostState& to = host(reverse(direction));
  from.heard = false;
  from.is_near = is_near(own, tcp, direction);
  if (!from.is_near || !tcp.ack() || tcp.rst()) return;
  const Sequence ack = tcp.acknowledgment;
  const bool is_news = !answered.known() || is_before(taken_in(answered), ack);
  if (strict && (is_news || from.claims || from.sound == 0)) {
    const bool sound = is_sound(net, tcp);
    from.note_sound(sound);
    if (!sound && !from.never_sound()) return;
  }
  if (is_news) {
    Sequence reached = answered.known() ? taken_in(answered) : ack;
    if (to.sent_known && is_before(reached, to.sent_end)) reached = to.sent_end;
    if (to.was_refused && is_before(reached, to.refused_end)) reached = to.refused_end;
    if (from.claims && is_before(reached, from.word)) reached = from.word;
    const std::int64_t reach = reach_of(to, from);
    if (reached.difference(ack) > reach && !hear_far(from, tcp, reach)) return;
  }
  from.heard = from.spoke = true;
  from.far_acks = 0;
  from.claims = is_news && !tcp.syn();
  from.word = ack;
  from.word_edge = ack.add(offered_window(from, to, tcp));
}

// A segment of a stream that is known, and far from it, says nothing about the other one either.
bool ReceiverState::is_near(const HalfConnection& own, const TcpSegment& tcp,
                            TcpFlowDirection direction) const {
  if (!own.known()) return true;
  if (tcp.syn()) return own.start_in_doubt() || own.start() == tcp.sequence.add(1);
  const HostState& from = host(direction);
  const std::int64_t ahead = taken_in(own).difference(tcp.sequence);
  const std::int64_t reach = reach_of(from, host(reverse(direction)));
  return ahead <= reach && ahead >= -reach;
}

bool ReceiverState::hear_far(HostState& from, const TcpSegment& tcp, std::int64_t reach) {
  const std::int64_t ahead = from.far_ack.difference(tcp.acknowledgment);
  const bool agrees = from.far_acks != 0 && ahead >= 0 && ahead <= reach;
  from.far_acks = static_cast<std::uint8_t>(agrees ? from.far_acks + 1 : 1);
  from.far_ack = tcp.acknowledgment;
  return from.far_acks >= agreeing_min;
}

// ---- what was refused --------------------------------------------------------------------------------

bool ReceiverState::may_be_wrong(Refusal rule, const HalfConnection& half, const TcpSegment& tcp,
                                 TcpFlowDirection direction) {
  HostState& from = host(direction);
  switch (rule) {
    case Refusal::checksum:
    case Refusal::md5:
      if (!from.never_sound()) return false;
      break;
    case Refusal::paws:
    case Refusal::handshake:
    case Refusal::beyond_window:
    case Refusal::ack_unsent:
    case Refusal::ack_too_old:
      break;
    default:  // no receiver takes in what breaks these, or nothing is left to take in
      return false;
  }
  if (tcp.syn() || tcp.rst()) return false;
  const Sequence end = end_of(tcp);
  if (end == tcp.sequence) return false;
  if (half.known()) {
    const std::int32_t ahead = taken_in(half).difference(tcp.sequence);
    if (ahead >= refused_reach || ahead <= -refused_reach || !is_before(taken_in(half), end)) return false;
  }
  if (!from.was_refused || is_before(from.refused_end, end)) from.refused_end = end;
  from.was_refused = true;
  return true;
}

std::optional<Sequence> ReceiverState::disproved_until(const HalfConnection& half,
                                                       TcpFlowDirection direction) {
  HostState& sender = host(direction);
  const HostState& receiver = host(reverse(direction));
  if (!sender.was_refused) return std::nullopt;
  if (half.known() && !is_before(taken_in(half), sender.refused_end)) {
    sender.was_refused = false;
    return std::nullopt;
  }
  if (!receiver.claims) return std::nullopt;
  if (half.known() && !is_before(taken_in(half), receiver.word)) return std::nullopt;
  return receiver.word;
}

void ReceiverState::note_taken(TcpFlowDirection direction, Sequence acked) {
  HostState& sender = host(direction);
  if (!is_before(acked, sender.refused_end)) sender.was_refused = false;
}

void ReceiverState::correct(TcpFlowDirection direction, Sequence acked) {
  HostState& sender = host(direction);
  HostState& receiver = host(reverse(direction));
  receiver.phase = sender.phase = Phase::established;
  if (!sender.sent_known || is_before(sender.sent_end, acked)) sender.sent_end = acked;
  sender.sent_known = true;
  // Which of these was wrong is not known. Each is learned anew.
  receiver.has_recent = false;
  if (sender.spoke) {
    receiver.acked = sender.word;
    if (!receiver.sent_known || is_before(receiver.sent_end, sender.word)) receiver.sent_end = sender.word;
    receiver.sent_known = true;
  }
  receiver.unread = false;
  receiver.acks_known = true;
  receiver.ack_sent = acked;
  receiver.window_edge = receiver.word_edge;
}

}  // namespace restitch::detail
