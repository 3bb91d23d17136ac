#include "restitch/detail/half_connection.h"

#include <algorithm>
#include <new>

namespace restitch {

using detail::HalfDetail;
using detail::none;

namespace {

// Segments that wait must lie within half the sequence space of each other, or they have no order. Until
// the start is known they get half of that, so that the order holds whatever start is found.
constexpr std::int64_t spread_known = std::int64_t{1} << 31;
constexpr std::int64_t spread_unknown = std::int64_t{1} << 30;

// The start that a late SYN names may lie this far before the first byte that was seen.
constexpr std::int32_t late_syn_reach = 1 << 20;

}  // namespace

void HalfConnection::make_detail(State& state) {
  detail_ = state.details.allocate();
  if (detail_ == none) throw std::bad_alloc();
  state.details[detail_].connection = state.connection;
}

void HalfConnection::report(State& state, EventKind kind, const Arrival& arrival) {
  state.events.add(
      {.kind = kind, .direction = arrival.direction, .offset = next_offset_, .info = arrival.info});
}

// ---- the start -------------------------------------------------------------------------------------

void HalfConnection::begin(State& state, Sequence first) {
  flags_ |= known_flag | start_flag;
  evidence_.begin(first);
  set_start(state, first);
}

// No byte came yet. What lies before the start, or too far behind it, is of no stream that begins here.
void HalfConnection::set_start(State& state, Sequence first) {
  next_seq_ = first;
  if (detail_ == none) return;
  HalfDetail& d = detail(state);
  part_with_others(state, d);
  if (d.has_end && first.difference(d.end) < 0) d.has_end = false;
}

void HalfConnection::insert_syn(State& state, const Arrival& arrival) {
  if (!known()) {
    begin(state, arrival.first);
    flags_ |= syn_flag;
  } else if (contradicts_syn(state, arrival.first.add(-1))) {
    report(state, EventKind::syn_in_connection, arrival);
    if (next_offset_ == 0 && !start_acked()) detail(state).named.add(arrival.first);
  } else if (!by_syn() && arrival.first == start()) {
    // A start that the receiver named has not been told; one that the stream itself named has.
    if (next_offset_ == 0 && heard()) flags_ |= start_flag;
    flags_ |= syn_flag;
  }
}

bool HalfConnection::names_another_start(Sequence start, bool by_syn, Sequence first) {
  const std::int32_t before = first.difference(start);
  return before != 0 && (by_syn || before < 0 || before > late_syn_reach);
}

bool HalfConnection::is_joined(State& state) const {
  if (known() || !has_ack() || acked() == Sequence() || !holds(state)) return false;
  const std::int64_t distance = acked().difference(state.details[detail_].held.lowest(state));
  return distance <= late_syn_reach && distance >= -late_syn_reach;
}

bool HalfConnection::contradicts_syn(State& state, Sequence syn) const {
  const Sequence first = syn.add(1);
  const HalfDetail* d = peek(state);
  if (known()) {
    const bool overruled = next_offset_ == 0 && d != nullptr && d->named.contains(first);
    return !overruled && names_another_start(start(), by_syn(), first);
  }
  // Its receiver had bytes before that; 0 is what stands in packets made by hand.
  if (heard() && acked() != Sequence() && is_before(acked(), first)) return true;
  if (d == nullptr || d->held.empty()) return false;
  const std::int32_t before = first.difference(d->held.lowest(state));
  return before < 0 || before > late_syn_reach;
}

// ---- the way in ------------------------------------------------------------------------------------

void HalfConnection::deliver_edge(State& state, const TcpSegment& tcp, const CaptureInfo& info,
                                  TcpFlowDirection direction, ScatterGather& sg) {
  if (tcp.syn()) {
    note_start(tcp.sequence.add(1));
    sg.begin(direction, 0);
    sg.info_.start = true;
    return;
  }
  if (tcp.payload.empty()) {
    sg.begin(direction, next_offset_);
  } else {
    deliver(state, tcp, info, direction, sg);
  }
  flags_ |= ended_flag | told_flag;
  sg.info_.end = true;
  sg.last_offer_ = true;
}

void HalfConnection::insert(State& state, const ReceiverPolicy& policy, const TcpSegment& tcp,
                            const CaptureInfo& info, TcpFlowDirection direction, bool start, bool right) {
  state.segments.lend(tcp.payload);
  if (detail_ == none && !state.details.reserve_one()) {  // no memory to think of it: as if not captured
    state.bytes().dropped += tcp.payload.size();
    return;
  }
  Arrival arrival{tcp.sequence.add(tcp.syn() ? 1 : 0), tcp.payload, info, direction};
  arrival.right = right;
  if (tcp.syn()) {
    insert_syn(state, arrival);
  } else if (!known() && start) {
    begin(state, arrival.first);
  }
  if (tcp.missing_size != 0) {
    state.events.add({.kind = EventKind::truncated,
                      .direction = direction,
                      .offset = next_offset_,
                      .size = tcp.missing_size,
                      .info = info});
  }
  if (tcp.fragment_overlap) report(state, EventKind::fragment_overlap, arrival);
  if (is_keep_alive(tcp)) {
    report(state, EventKind::keep_alive, arrival);
    if (ended()) {  // on the number of the FIN there is no byte
      state.bytes().refused += arrival.payload.size();
      arrival.payload = {};
    }
  }
  if (tcp.urg()) note_urgent(state, tcp);
  see_urgent(state, arrival);
  if (known() && !tcp.rst()) {
    if (!tcp.syn() && !arrival.payload.empty()) settle_start(state, arrival.first);
    if (lies_elsewhere(arrival.first, arrival.payload.size())) {
      set_aside(state, arrival);
      return rest(state);
    }
  }
  const Sequence end = arrival.last().add(tcp.missing_size);
  // Under Linux' rule a FIN that has to wait is one more byte of its segment, and can be lost like one.
  arrival.fin = tcp.fin() && policy.rule == OverlapRule::linux_ && tcp.missing_size == 0 &&
                !(known() && next_seq_.difference(arrival.first) <= 0);
  if ((tcp.fin() && !arrival.fin) || tcp.rst()) note_end(state, policy, tcp.rst(), end, arrival);
  if (!arrival.payload.empty() || arrival.fin) insert_payload(state, policy, arrival);
  rest(state);
}

// One below the number that its sender would use next, with no byte or one of garbage; once all before it was
// acknowledged, or it is sent again. Behind a FIN that is the number of the FIN.
bool HalfConnection::is_keep_alive(const TcpSegment& tcp) const {
  const bool finished = ended() && !reset();
  if (!known() || tcp.payload.size() > 1 || (tcp.flags.bits & unusual_bits) != 0) return false;
  if (tcp.sequence != next_seq_.add(finished ? 0 : -1)) return false;
  if (heard() && (finished || !tcp.payload.empty())) return acked() == next_seq_.add(finished ? 1 : 0);
  return finished ? !tcp.payload.empty() : tcp.payload.empty() || tcp.payload[0] == 0;
}

void HalfConnection::insert_payload(State& state, const ReceiverPolicy& policy, Arrival& arrival) {
  cut_before_start(state, arrival);
  std::uint64_t overlap = arrival.payload.size();
  compare_with_delivered(state, arrival);
  cut_delivered(arrival);
  overlap -= arrival.payload.size();
  if (overlap != 0) {
    arrival.transmission = Transmission::again;
    state.note_again(arrival.offset - overlap, overlap, arrival.info);
  }
  cut_after_end(state, policy, arrival);
  detail::HeldQueue::Inserted inserted;
  if (!arrival.payload.empty() || (arrival.fin && !ended())) {
    if (in_range(state, arrival)) {
      HalfDetail& busy = detail(state);
      arrival.next = known() && arrival.first == next_seq_;
      arrival.lend = arrival.next && busy.skip == 0 && !arrival.apart;
      const bool was_promised = busy.promised && is_before(arrival.first, *busy.promised);
      inserted = busy.held.insert(state, policy, arrival);
      state.came_behind |= was_promised && inserted.overlap == 0 && !arrival.apart;
      busy.hole.note_arrival(arrival.info.timestamp, state.tick());
      contradict_elsewhere(state);
    } else {
      set_aside(state, arrival);
    }
  }
  state.bytes().duplicate += inserted.duplicate;
  overlap += inserted.overlap;
  if (overlap == 0 && inserted.queued == 0) return;
  TcpAssemblyStats& since = detail(state).since;
  since.overlap_bytes += overlap;
  since.overlap_packets += overlap != 0 ? 1 : 0;
  since.queued_bytes += inserted.queued;
  since.queued_packets += inserted.queued != 0 ? 1 : 0;
}

std::uint64_t HalfConnection::before_start(const State& state, std::int64_t ahead) const {
  if (ahead >= 0) return 0;
  const HalfDetail* const d = peek(state);
  const std::uint64_t passed = next_offset_ + (d == nullptr ? 0 : d->urgent.taken_out());
  const auto behind = static_cast<std::uint64_t>(-ahead);
  return behind - std::min(behind, passed);
}

// Cuts off what lies before the first byte of the stream, and finds the offset of the rest.
void HalfConnection::cut_before_start(State& state, Arrival& arrival) const {
  if (!known()) return;
  const std::int64_t ahead = next_seq_.difference(arrival.first);
  const std::size_t cut = std::min<std::uint64_t>(arrival.payload.size(), before_start(state, ahead));
  arrival.cut_front(cut);
  arrival.offset = offset_at(ahead + static_cast<std::int64_t>(cut));
  note_before_start(state, cut, arrival.info);
}

void HalfConnection::note_before_start(State& state, std::uint64_t size, const CaptureInfo& info) const {
  if (size == 0) return;
  state.bytes().before_start += size;
  state.events.add(
      {.kind = EventKind::before_start, .direction = state.direction, .size = size, .info = info});
}

// Cuts off what was delivered before.
void HalfConnection::cut_delivered(Arrival& arrival) const {
  if (!known()) return;
  const std::int64_t ahead = next_seq_.difference(arrival.first);
  if (ahead < 0) arrival.cut_front(std::min(arrival.payload.size(), static_cast<std::size_t>(-ahead)));
}

// Bytes beyond the FIN, or after a reset: refused or only reported, as the policy has it.
void HalfConnection::cut_after_end(State& state, const ReceiverPolicy& policy, Arrival& arrival) {
  const HalfDetail* d = peek(state);
  std::size_t beyond = 0;
  bool by_reset = reset();
  if (ended()) {
    beyond = arrival.payload.size();
  } else if (d != nullptr && d->has_end) {
    const std::int32_t distance = d->end.difference(arrival.last());
    beyond = std::min(arrival.payload.size(), static_cast<std::size_t>(std::max(distance, 0)));
    by_reset = d->end_is_reset;
  }
  if (beyond == 0) return;
  const std::size_t before = arrival.payload.size() - beyond;
  state.events.add({.kind = by_reset ? EventKind::data_after_rst : EventKind::data_after_fin,
                    .direction = arrival.direction,
                    .offset = arrival.offset + before,
                    .size = beyond,
                    .info = arrival.info});
  if (policy.after_end(by_reset) == AfterEnd::deliver) return;
  state.bytes().refused += beyond;
  arrival.payload = arrival.payload.first(before);
}

bool HalfConnection::in_range(State& state, const Arrival& arrival) const {
  const auto size = static_cast<std::int64_t>(arrival.payload.size());
  if (known()) return next_seq_.difference(arrival.first) + size < spread_known;
  const HalfDetail* d = peek(state);
  const std::int64_t spread =
      d == nullptr ? size : d->held.spread_with(state, arrival.first, arrival.payload.size());
  return spread < spread_unknown;
}

// An urgent pointer names a byte: the one before it or, at 0, the first of its segment. As Linux takes it:
// not one that was delivered, nor one before a byte that is already named.
void HalfConnection::note_urgent(State& state, const TcpSegment& tcp) {
  const Sequence byte = tcp.sequence.add(tcp.urgent_pointer == 0 ? 0 : tcp.urgent_pointer - 1);
  if (known() && next_seq_.difference(byte) < 0) return;
  detail(state).urgent.name(byte);
}

// Tells the urgent byte when a segment brings it, in order or not.
void HalfConnection::see_urgent(State& state, const Arrival& arrival) {
  const HalfDetail* d = peek(state);
  if (d == nullptr || !d->urgent.unseen()) return;
  const auto at = d->urgent.within(arrival.first, arrival.payload.size());
  if (!at) return;
  const std::int64_t ahead = known() ? next_seq_.difference(d->urgent.position()) : 0;
  state.events.add({.kind = EventKind::urgent,
                    .direction = arrival.direction,
                    .offset = offset_at(ahead),
                    .size = 1,
                    .info = arrival.info,
                    .held = arrival.payload.subspan(*at, 1)});
  detail(state).urgent.note_seen();
}

// ---- the end ---------------------------------------------------------------------------------------

void HalfConnection::note_end(State& state, const ReceiverPolicy& policy, bool rst, Sequence position,
                              const Arrival& arrival) {
  const bool goes_on = policy.after_end(rst) == AfterEnd::deliver;
  if (ended() && !(rst && goes_on)) return;
  if (rst && (goes_on || !known())) {
    if (!goes_on && detail_ != none)
      detail(state).has_end = false;  // nothing is missed before a FIN any more
    return mark_ended(true);
  }
  if (known() && next_seq_.difference(position) < 0) {  // bytes behind it have come
    const bool acknowledged = heard() && acked() == position.add(1);
    if (goes_on && acknowledged) return mark_ended(rst);
    return report(state, EventKind::fin_moved, arrival);
  }
  HalfDetail& d = detail(state);
  if (d.has_end && d.end != position) {
    report(state, EventKind::fin_moved, arrival);
    if (d.end.difference(position) > 0) return;
  }
  d.has_end = true;
  d.end = position;
  d.end_is_reset = rst;
}

void HalfConnection::mark_ended(bool reset) {
  flags_ |= ended_flag;
  if (reset) flags_ |= reset_flag;
  if ((flags_ & told_flag) == 0) flags_ |= end_flag;
}

// Ends the half when all bytes before the noted end were delivered.
void HalfConnection::reach_end(State& state, const ReceiverPolicy& policy, HalfDetail& d) {
  if (!d.has_end || !known() || next_seq_.difference(d.end) > 0) return;
  d.has_end = false;
  mark_ended(d.end_is_reset);
  if (policy.after_end(d.end_is_reset) == AfterEnd::refuse && !d.held.empty()) {
    report_after_end(state, d.held.bytes(), state.segments[d.held.first(state)].info);
    state.bytes().refused += d.held.discard_all(state);
  }
}

// Bytes that had come, and are known now to lie behind an end that is final.
void HalfConnection::report_after_end(State& state, std::uint64_t size, const CaptureInfo& info) {
  const HalfDetail& d = detail(state);
  const std::int32_t ahead = std::max(next_seq_.difference(d.end), 0);
  state.events.add({.kind = d.end_is_reset ? EventKind::data_after_rst : EventKind::data_after_fin,
                    .direction = state.direction,
                    .offset = next_offset_ + static_cast<std::uint64_t>(ahead),
                    .size = size,
                    .info = info});
}

void HalfConnection::close(State& state) {
  if (detail_ != none) state.details[detail_].has_end = false;
  flags_ |= ended_flag;
}

bool HalfConnection::skip_gap(State& state, const ReceiverPolicy& policy, TcpFlowDirection direction,
                              std::optional<Sequence> at_most) {
  if (!known()) return begin_midstream(state, direction, true);
  const HalfDetail* waiting = peek(state);
  const bool pending_end = waiting != nullptr && waiting->has_end;
  // Behind its end a stream lacks nothing, though the number of the FIN is acknowledged, too.
  if (!pending_end && !holds(state) && (!at_most || ended())) return false;
  HalfDetail& d = detail(state);
  part_with_unreachable(state, direction);
  std::uint32_t lowest = d.held.empty() || end_comes_first(state, policy) ? none : d.held.first(state);
  Sequence to = lowest != none ? state.segments[lowest].first
                : d.has_end    ? d.end
                               : at_most.value_or(next_seq_);
  if (at_most && at_most->difference(to) > 0) {
    to = *at_most;
    lowest = none;
  }
  const CaptureInfo info = lowest == none ? CaptureInfo{} : state.segments[lowest].info;
  const std::int32_t distance = next_seq_.difference(to);
  if (distance <= 0) return false;
  state.note_gap(next_offset_, static_cast<std::uint64_t>(distance), info);
  d.skip = std::max<std::int64_t>(d.skip, 0) + distance;
  advance(static_cast<std::uint64_t>(distance));
  return true;
}

// What waits lies wholly behind an end that is final.
bool HalfConnection::end_comes_first(State& state, const ReceiverPolicy& policy) {
  const HalfDetail& d = detail(state);
  return d.has_end && policy.after_end(d.end_is_reset) == AfterEnd::refuse &&
         d.end.difference(d.held.lowest(state)) >= 0;
}

}  // namespace restitch
