// HalfConnection, second part: the way out, giving up, and looking. The first is half_connection.cc.
#include <algorithm>

#include "restitch/detail/half_connection.h"

namespace restitch {

using detail::Elsewhere;
using detail::HalfDetail;
using detail::none;

bool HalfConnection::take(State& state, const ReceiverPolicy& policy, TcpFlowDirection direction,
                          ScatterGather& sg, std::optional<Sequence> limit) {
  if (only_waits(state)) return false;
  HalfDetail& d = detail(state);
  const std::uint64_t kept = d.run.kept_bytes();
  if (d.skip != 0 && kept != 0) {  // before a gap: the kept bytes alone, for the last time
    sg.begin(direction, next_offset_ - static_cast<std::uint64_t>(d.skip) - kept);
    sg.show_saved(d.run, state.segments, kept);
    sg.last_offer_ = true;
    return true;
  }
  sg.begin(direction, next_offset_ - d.run.waiting_bytes() - kept);
  pop(state, policy, d);
  reach_end(state, policy, d);
  const std::uint64_t ready = deliverable(state, d, limit);
  const bool start = (flags_ & start_flag) != 0;
  const bool leaves_nothing = d.held.empty() && ready == d.run.waiting_bytes();
  const bool end_is_due = leaves_nothing && ((flags_ & end_flag) != 0 || (ended() && kept != 0));
  if (ready == 0 && d.skip == 0 && !start && !end_is_due) {
    rest(state);
    return false;
  }
  sg.show_saved(d.run, state.segments, kept);
  const std::uint64_t fresh =
      d.run.offer(state.segments, ready, [&](Bytes bytes, const detail::HeldSegment& segment) {
        return sg.append(bytes, segment.info, segment.transmission);
      });
  const bool last_offer = ended() && leaves_nothing && fresh == ready;
  const bool end = last_offer && (flags_ & end_flag) != 0;
  state.bytes().held -= fresh;
  state.bytes().delivered += fresh;
  sg.info_.skip = d.skip;
  sg.info_.start = start;
  sg.info_.end = end;
  sg.last_offer_ = last_offer;
  sg.stats_ = d.since;
  sg.count_new();
  d.since = {};
  d.skip = 0;
  flags_ &= static_cast<std::uint8_t>(~start_flag);
  if (end) flags_ = static_cast<std::uint8_t>((flags_ & ~end_flag) | told_flag);
  return true;
}

// How many of the bytes in order may be delivered: those below `limit`. Others wait for longer than their
// packet is there; without memory for that, they do not.
std::uint64_t HalfConnection::deliverable(State& state, const HalfDetail& d,
                                          std::optional<Sequence> limit) const {
  const std::uint64_t waiting = d.run.waiting_bytes();
  const std::int32_t beyond = limit ? limit->difference(next_seq_) : 0;
  if (beyond <= 0 || waiting == 0 || !state.segments.own_borrowed()) return waiting;
  return waiting - std::min(waiting, static_cast<std::uint64_t>(beyond));
}

// Moves what has become contiguous from the queue to the run, up to an end that is final. Of many segments no
// more than one delivery shows: they stay in the cache until it is settled. As many as the stream keeps may
// come, so that one which keeps and looks at everything sees each byte a few times only; and no merged block
// of Linux is taken in part.
void HalfConnection::pop(State& state, const ReceiverPolicy& policy, HalfDetail& d) {
  if (!known()) return;
  detail::SegmentStore& segments = state.segments;
  const std::uint32_t size_max = std::max(state.delivery_segments_max, 2 * d.run.size());
  while (!d.held.empty() && (d.run.size() < size_max || d.held.in_block()) &&
         !d.at_final_end(policy, next_seq_)) {
    const std::int32_t ahead = next_seq_.difference(d.held.lowest(state));
    if (ahead > 0) return;
    const std::uint32_t segment = d.held.pop(state);
    const bool fin = segments[segment].fin;
    const std::uint32_t late =
        std::min(static_cast<std::uint32_t>(-std::int64_t{ahead}), std::uint32_t{segments[segment].size});
    const auto before = static_cast<std::uint32_t>(std::min<std::uint64_t>(before_start(state, ahead), late));
    note_before_start(state, before, segments[segment].info);
    state.bytes().duplicate += late - before;
    state.note_copy(offset_at(std::int64_t{ahead} + before), late - before, segments[segment].info);
    const bool fin_late = late < static_cast<std::uint32_t>(-std::int64_t{ahead});
    if (late == segments[segment].size) {
      segments.release(segment);
    } else {
      if (late != 0) segments.trim_front(segment, late);
      take_in(state, policy, d, segment);
    }
    if (fin && !fin_late) {
      d.has_end = true;
      d.end = next_seq_;
    }
  }
}

// Appends a segment that begins at next_seq_ to the run, without what lies beyond a final end and without
// an urgent byte that is read out of band.
void HalfConnection::take_in(State& state, const ReceiverPolicy& policy, HalfDetail& d,
                             std::uint32_t segment) {
  detail::SegmentStore& segments = state.segments;
  if (d.has_end && policy.after_end(d.end_is_reset) == AfterEnd::refuse) {
    const auto room = static_cast<std::uint32_t>(next_seq_.difference(d.end));
    if (room < segments[segment].size) {
      report_after_end(state, segments[segment].size - room, segments[segment].info);
      state.bytes().refused += segments[segment].size - room;
      segments.trim_back(segment, segments[segment].size - room);
    }
  }
  const std::uint32_t size = segments[segment].size;
  std::uint32_t urgent = 0;
  const auto at = d.urgent.within(next_seq_, size);
  d.urgent.pass(next_seq_.add(size));
  if (at && policy.urgent == Urgent::out_of_band) {
    urgent = size == 1 || segments.remove_byte(segment, *at) ? 1 : 0;
    if (urgent != 0) d.urgent.note_taken_out();
  }
  if (size != urgent) note_delivered(state, segment, urgent == 0 ? std::nullopt : at);
  state.bytes().delivered += urgent;
  state.bytes().held += size - urgent;  // until it is offered
  advance(size, urgent);
  if (size == urgent) {
    segments.release(segment);
  } else {
    d.run.append(state, segment);
  }
}

void HalfConnection::settle(State& state, const ScatterGather& sg) {
  const std::size_t keep = sg.keeps_ && !sg.last_offer_ ? sg.keep_from_ : sg.available_;
  const HalfDetail* d = peek(state);
  if (d != nullptr && d->run.kept_bytes() != 0) {
    detail(state).run.keep_from(state, keep);
  } else if (keep < sg.available_ && (detail_ != none || state.details.reserve_one())) {
    // lent by deliver(), straight from the packet
    const ScatterGather::Chunk& chunk = sg.chunks_.front();
    detail(state).run.append_kept(state, chunk.bytes.subspan(keep), *chunk.info, chunk.transmission);
  }
  rest(state);
}

void HalfConnection::limit_kept(State& state, TcpFlowDirection direction, std::uint32_t pages_max,
                                Limit limit) {
  const HalfDetail* d = peek(state);
  if (d == nullptr || d->run.kept_bytes() == 0 || d->run.pages() < pages_max) return;
  drop_oldest_kept(state, direction, d->run.excess(state, pages_max), limit);
}

bool HalfConnection::drop_kept(State& state, TcpFlowDirection direction, std::size_t memory_size,
                               Limit limit) {
  const HalfDetail* d = peek(state);
  if (d == nullptr || d->run.kept_bytes() == 0) return false;
  drop_oldest_kept(state, direction, d->run.worth(state, memory_size), limit);
  return true;
}

void HalfConnection::drop_oldest_kept(State& state, TcpFlowDirection direction, std::size_t size,
                                      Limit limit) {
  HalfDetail& d = detail(state);
  ++state.limits[static_cast<std::size_t>(limit)];
  state.events.add({.kind = EventKind::limit,
                    .direction = direction,
                    .offset = next_offset_ - d.run.waiting_bytes() - d.run.kept_bytes(),
                    .size = size,
                    .limit = limit});
  d.run.keep_from(state, size);
  rest(state);
}

// ---- giving up -------------------------------------------------------------------------------------

void HalfConnection::abort(State& state, bool told) {
  if (detail_ != none) state.details[detail_].has_end = false;
  if (!told) flags_ |= told_flag;
  mark_ended(true);
  refuse_held(state);
}

void HalfConnection::refuse_held(State& state) {
  const std::uint64_t size = undelivered_bytes(state);
  if (size != 0) {
    state.events.add(
        {.kind = EventKind::refused,
         .direction = state.direction,
         .offset = next_offset_ - state.details[detail_].run.waiting_bytes(),
         .size = size,
         .info = holds(state) ? state.segments[state.details[detail_].held.first(state)].info : CaptureInfo{},
         .refusal = Refusal::never_read});
  }
  give_up_held(state, &ByteCounts::refused);
}

void HalfConnection::give_up_held(State& state, std::uint64_t ByteCounts::*count) {
  if (detail_ == none) return;
  HalfDetail& d = detail(state);
  const std::uint64_t waiting = d.run.drop_waiting(state);
  state.bytes().held -= waiting;
  state.bytes().*count += waiting + d.held.discard_all(state);
  advance(-waiting);  // they are no part of the stream: what follows stands where they would have
  if (waiting != 0) state.delivered.forget({state.connection, state.direction});
  rest(state);
}

void HalfConnection::clear(State& state) {
  state.delivered.forget({state.connection, state.direction});
  state.given_up.forget({state.connection, state.direction});
  if (detail_ != none) {
    HalfDetail& d = detail(state);
    state.bytes().dropped += d.held.discard_all(state);
    const std::uint64_t waiting = d.run.drop_waiting(state);
    state.bytes().held -= waiting;
    state.bytes().dropped += waiting;
    d.run.keep_from(state, d.run.kept_bytes());
    if (Elsewhere* const aside = elsewhere(state)) {
      while (!aside->empty()) {
        state.bytes().dropped += state.segments[aside->oldest()].size;
        state.segments.release(aside->take(state, 0));
      }
      state.elsewheres.release(d.elsewhere);
    }
    state.greed.remove(state, detail_);
    state.details.release(detail_);
    detail_ = none;
  }
  flags_ =
      static_cast<std::uint8_t>((flags_ & (known_flag | syn_flag | reset_flag)) | ended_flag | told_flag);
}

// Back to 24 bytes when there is nothing left to think of.
void HalfConnection::rest(State& state) {
  if (detail_ == none) return;
  HalfDetail& d = state.details[detail_];
  state.greed.place(state, detail_, memory_size(state));
  if (!d.held.empty()) return d.hole.note_hole(next_seq_, [&] { return oldest_held(state); });
  d.hole.forget();
  const bool counted = d.since.queued_packets != 0 || d.since.overlap_packets != 0;
  const bool start_in_doubt = !d.named.empty() && next_offset_ == 0;
  if ((d.urgent.pending() || d.urgent.taken_out() != 0) && !ended()) return;
  if (const Elsewhere* const aside = elsewhere(state)) {
    if (!aside->is_idle()) return;
    state.elsewheres.release(state.details[detail_].elsewhere);
    state.details[detail_].elsewhere = none;
  }
  if (d.promised && !ended() && is_before(next_seq_, *d.promised)) return;
  if (!d.run.empty() || d.skip != 0 || d.has_end || counted || start_in_doubt) return;
  state.details.release(detail_);
  detail_ = none;
  flags_ &= static_cast<std::uint8_t>(~busy_flag);
}

// ---- looking ---------------------------------------------------------------------------------------

std::uint64_t HalfConnection::held_bytes(const State& state) const {
  const HalfDetail* d = peek(state);
  return d == nullptr ? 0 : d->held.bytes();
}

std::uint64_t HalfConnection::undelivered_bytes(const State& state) const {
  const HalfDetail* d = peek(state);
  return d == nullptr ? 0 : d->held.bytes() + d->run.waiting_bytes();
}

std::optional<Sequence> HalfConnection::lowest_held(State& state) const {
  if (!holds(state)) return std::nullopt;
  return state.details[detail_].held.lowest(state);
}

std::optional<Sequence> HalfConnection::highest_held(State& state) const {
  if (!holds(state)) return std::nullopt;
  return state.details[detail_].held.highest(state);
}

Timestamp HalfConnection::oldest_held(State& state) const {
  const HalfDetail* d = peek(state);
  return d == nullptr || d->held.empty() ? Timestamp{} : state.segments[d->held.first(state)].info.timestamp;
}

}  // namespace restitch
