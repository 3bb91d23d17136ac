#include "restitch/detail/half_connection.h"

#include <algorithm>
#include <cassert>

#include "reassembly/relation.h"
#include "restitch/detail/segment_tree.h"

namespace restitch {

using detail::HalfDetail;
using detail::none;
using detail::SegmentTree;

namespace {

// Segments that wait must lie within half the sequence space of each other, or they have no order. Until
// the start is known they get half of that, so that the order holds whatever start is found.
constexpr std::int64_t spread_known = std::int64_t{1} << 31;
constexpr std::int64_t spread_unknown = std::int64_t{1} << 30;

// The start that a late SYN names may lie this far before the first byte that was seen.
constexpr std::int32_t late_syn_reach = 1 << 20;

}  // namespace

HalfDetail& HalfConnection::detail(State& state) {
  if (detail_ == none) {
    detail_ = state.details.allocate();
  }
  flags_ |= busy_flag;
  return state.details[detail_];
}

const HalfDetail* HalfConnection::peek(const State& state) const {
  return detail_ == none ? nullptr : &state.details[detail_];
}

void HalfConnection::advance(std::uint64_t distance) {
  next_seq_ = next_seq_.add(static_cast<std::int64_t>(distance));
  next_offset_ += distance;
}

void HalfConnection::begin(State& state, Sequence first) {
  next_seq_ = first;
  flags_ |= known_flag | start_flag;
  if (detail_ == none) return;
  HalfDetail& d = detail(state);
  if (d.has_end && first.difference(d.end) < 0) d.has_end = false;
  discard_before(state, first);
  if (d.root == none) return;
  const Segment lowest = SegmentTree(state.segments, d.root).first();
  if (first.difference(state.segments[lowest].first) > spread_unknown)
    discard_held(state, state.bytes.dropped);
}

// ---- the way in ------------------------------------------------------------------------------------

void HalfConnection::deliver(State& state, const TcpSegment& tcp, const CaptureInfo& info,
                             TcpFlowDirection direction, ScatterGather& sg) {
  sg.begin(direction, next_offset_);
  sg.append(tcp.payload, info);
  sg.stats_.chunks = 1;
  sg.stats_.packets = 1;
  state.bytes.delivered += tcp.payload.size();
  advance(tcp.payload.size());
}

void HalfConnection::insert(State& state, const ReceiverPolicy& policy, const TcpSegment& tcp,
                            const CaptureInfo& info, TcpFlowDirection direction, bool start) {
  state.segments.lend(tcp.payload);
  Arrival arrival{tcp.sequence.add(tcp.syn() ? 1 : 0), tcp.payload, info, direction};
  if (tcp.syn()) {
    insert_syn(state, tcp, info, direction);
  } else if (!known() && start) {
    begin(state, arrival.first);
  }
  if (tcp.fin() || tcp.rst()) {
    note_end(state, policy, tcp.rst(), arrival.last().add(tcp.missing_size), arrival);
  }
  if (!arrival.payload.empty()) insert_payload(state, policy, arrival);
  rest(state);
}

void HalfConnection::insert_syn(State& state, const TcpSegment& tcp, const CaptureInfo& info,
                                TcpFlowDirection direction) {
  const Sequence first = tcp.sequence.add(1);
  if (!known()) {
    begin(state, first);
    flags_ |= syn_flag;
  } else if (contradicts_syn(state, tcp.sequence)) {
    state.events.add(
        {.kind = EventKind::syn_in_connection, .direction = direction, .offset = next_offset_, .info = info});
    if (next_offset_ == 0 && !holds(state)) move_start(state, first);
  }
}

// Several SYNs (a SYN-ACK for each of two SYNs, say) named several starts, and no byte has come yet: the
// last one counts, but the first is remembered in case the data knows better.
void HalfConnection::move_start(State& state, Sequence first) {
  HalfDetail& d = detail(state);
  d.first_syn = next_seq_;
  d.has_first_syn = true;
  next_seq_ = first;
}

bool HalfConnection::contradicts_syn(const State& state, Sequence syn) const {
  const Sequence first = syn.add(1);
  const HalfDetail* d = peek(state);
  if (known()) {
    const Sequence start = next_seq_.add(-static_cast<std::int64_t>(next_offset_));
    if (first == start || (d != nullptr && d->has_first_syn && first == d->first_syn)) return false;
    const std::int32_t before = first.difference(start);
    return (flags_ & syn_flag) != 0 || before < 0 || before > late_syn_reach;
  }
  if (d == nullptr || d->root == none) return false;
  const std::int32_t before = first.difference(state.segments[d->root].first);
  return before < -late_syn_reach || before > late_syn_reach;
}

void HalfConnection::insert_payload(State& state, const ReceiverPolicy& policy, Arrival arrival) {
  const HalfDetail* d = peek(state);
  if (d != nullptr && d->has_first_syn && next_offset_ == 0 && arrival.first == d->first_syn) {
    move_start(state, arrival.first);
  }
  cut_delivered(state, arrival);
  if (!arrival.payload.empty()) cut_after_end(state, policy, arrival);
  if (!arrival.payload.empty()) {
    if (in_range(state, arrival.first, arrival.payload.size())) {
      d = peek(state);
      arrival.lend = known() && arrival.first == next_seq_ && (d == nullptr || d->skip == 0);
      resolve_overlaps(state, policy, arrival);
    } else {
      state.bytes.dropped += arrival.payload.size();
    }
  }
}

void HalfConnection::cut_delivered(State& state, Arrival& arrival) {
  if (!known()) return;
  const std::int32_t late = arrival.first.difference(next_seq_);
  if (late <= 0) return;
  const std::size_t size = std::min(arrival.payload.size(), static_cast<std::size_t>(late));
  HalfDetail& d = detail(state);
  d.since.overlap_bytes += size;
  ++d.since.overlap_packets;
  arrival.overlap = size;
  state.bytes.duplicate += size;
  arrival.cut_front(size);
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
  const std::uint64_t ahead = known() ? static_cast<std::uint32_t>(next_seq_.difference(arrival.first)) : 0;
  const std::size_t before = arrival.payload.size() - beyond;
  state.events.add({.kind = by_reset ? EventKind::data_after_rst : EventKind::data_after_fin,
                    .direction = arrival.direction,
                    .offset = next_offset_ + ahead + before,
                    .size = beyond,
                    .info = arrival.info});
  if ((by_reset ? policy.after_rst : policy.after_fin) == AfterEnd::deliver) return;
  state.bytes.refused += beyond;
  arrival.payload = arrival.payload.first(before);
}

bool HalfConnection::in_range(State& state, Sequence first, std::size_t size) const {
  const auto length = static_cast<std::int64_t>(size);
  if (known()) return next_seq_.difference(first) + length < spread_known;
  if (!holds(state)) return length < spread_unknown;
  const SegmentTree tree(state.segments, state.details[detail_].root);
  const std::int64_t above_first = state.segments[tree.first()].first.difference(first);
  const std::int64_t below_last = first.difference(state.segments[tree.last()].first);
  return above_first + length < spread_unknown &&
         below_last < spread_unknown - std::int64_t{detail::SegmentStore::segment_size_max};
}

// ---- overlaps and places ---------------------------------------------------------------------------

// Settles byte for byte, with every held segment that the new one shares bytes with, whose copy stays;
// then places what is left of the new one. Held segments never overlap each other.
void HalfConnection::resolve_overlaps(State& state, const ReceiverPolicy& policy, const Arrival& arrival) {
  HalfDetail& d = detail(state);
  SegmentTree tree(state.segments, d.root);
  const Range whole{arrival.first, arrival.last()};
  Sequence at = whole.first;  // what lies before is settled
  std::uint64_t overlap = 0;
  auto place_until = [&](Sequence end) {
    const std::int32_t size = at.difference(end);
    if (size <= 0) return;
    const auto offset = static_cast<std::size_t>(whole.first.difference(at));
    place(state, at, arrival.payload.subspan(offset, static_cast<std::size_t>(size)), arrival);
  };

  Segment segment = tree.at_or_before(whole.first);
  if (segment == none) segment = tree.first();
  while (segment != none) {
    const detail::HeldSegment& held = state.segments[segment];
    const Range range{held.first, held.first.add(held.size)};
    if (range.first.difference(whole.last) <= 0) break;
    const Segment next = tree.next(segment);
    if (range.last.difference(whole.first) < 0) {
      const Range shared = range.shared_with(whole);
      const Bytes held_copy = state.segments.bytes(segment).subspan(shared.offset_in(range), shared.size());
      const Bytes new_copy = arrival.payload.subspan(shared.offset_in(whole), shared.size());
      if (!std::equal(held_copy.begin(), held_copy.end(), new_copy.begin())) {
        const std::int32_t ahead = known() ? next_seq_.difference(shared.first) : 0;
        state.events.add({.kind = EventKind::conflict,
                          .direction = arrival.direction,
                          .offset = next_offset_ + static_cast<std::uint64_t>(ahead),
                          .size = shared.size(),
                          .info = arrival.info,
                          .held = held_copy,
                          .arrived = new_copy});
      }
      overlap += shared.size();
      if (policy.overlap[static_cast<std::size_t>(relation(range, whole))] == Winner::held) {
        place_until(range.first);
        at = range.last;
      } else {
        cut_held(state, segment, whole.first, whole.last);
      }
    }
    segment = next;
  }
  place_until(whole.last);

  HalfDetail& after = detail(state);
  if (overlap != 0) {
    after.since.overlap_bytes += overlap;
    if (arrival.overlap == 0) ++after.since.overlap_packets;
    state.bytes.duplicate += overlap;
  }
}

// Takes [first, last) out of a held segment that reaches into it.
void HalfConnection::cut_held(State& state, Segment segment, Sequence first, Sequence last) {
  detail::SegmentStore& segments = state.segments;
  HalfDetail& d = detail(state);
  const Range range{segments[segment].first, segments[segment].first.add(segments[segment].size)};
  const auto before = static_cast<std::uint32_t>(std::max(range.first.difference(first), 0));
  const auto behind = static_cast<std::uint32_t>(std::max(last.difference(range.last), 0));
  account(state, segment, -1);
  if (before == 0 && behind == 0) {
    SegmentTree(segments, d.root).erase(segment);
    --d.held_size;
    segments.release(segment);
    return;
  }
  if (before == 0) {
    segments.trim_front(segment, segments[segment].size - behind);
  } else {
    if (behind != 0) {
      const Arrival right{last, {}, segments[segment].info, {}};
      const CaptureInfo info = right.info;
      place(state, last, segments.bytes(segment).last(behind), {last, {}, info, {}});
    }
    segments.trim_back(segment, segments[segment].size - before);
  }
  account(state, segment, +1);
}

// The one function that puts bytes into the tree.
void HalfConnection::place(State& state, Sequence first, Bytes bytes, const Arrival& arrival) {
  HalfDetail& d = detail(state);
  SegmentTree tree(state.segments, d.root);
  if (!arrival.lend) {
    d.since.queued_bytes += bytes.size();
    ++d.since.queued_packets;
  }
  while (!bytes.empty()) {
    const Bytes part = bytes.first(std::min(bytes.size(), detail::SegmentStore::segment_size_max));
    const Segment segment = arrival.lend ? state.segments.borrow(first, part, arrival.info)
                                         : state.segments.hold(first, part, arrival.info);
    if (segment == none) {
      state.bytes.dropped += bytes.size();
      return;
    }
    tree.insert(segment);
    ++d.held_size;
    account(state, segment, +1);
    first = first.add(static_cast<std::int64_t>(part.size()));
    bytes = bytes.subspan(part.size());
  }
}

// Adds a held segment to the counts of what is held, or takes it out of them.
void HalfConnection::account(State& state, Segment segment, int sign) {
  HalfDetail& d = detail(state);
  const std::uint32_t size = state.segments[segment].size;
  const std::uint32_t pages = detail::pages_for(size);
  d.pages += sign > 0 ? pages : 0U - pages;
  state.pages += sign > 0 ? pages : std::uint64_t{0} - pages;
  d.held_bytes += sign > 0 ? size : std::uint64_t{0} - size;
  state.bytes.held += sign > 0 ? size : std::uint64_t{0} - size;
}

// ---- the end ---------------------------------------------------------------------------------------

void HalfConnection::note_end(State& state, const ReceiverPolicy& policy, bool rst, Sequence position,
                              const Arrival& arrival) {
  const bool deliver_on = (rst ? policy.after_rst : policy.after_fin) == AfterEnd::deliver;
  if (ended() && !(rst && deliver_on)) return;
  if (rst && (deliver_on || !known())) return mark_ended(true);
  if (known() && next_seq_.difference(position) < 0) {
    if (deliver_on) return mark_ended(rst);
    state.events.add({.kind = EventKind::fin_moved,
                      .direction = arrival.direction,
                      .offset = next_offset_,
                      .info = arrival.info});
    return;
  }
  HalfDetail& d = detail(state);
  if (d.has_end && d.end != position) {
    state.events.add({.kind = EventKind::fin_moved,
                      .direction = arrival.direction,
                      .offset = next_offset_,
                      .info = arrival.info});
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
bool HalfConnection::reach_end(State& state, const ReceiverPolicy& policy) {
  HalfDetail* d = detail_ == none ? nullptr : &state.details[detail_];
  if (d == nullptr || !d->has_end || !known() || next_seq_.difference(d->end) > 0) return false;
  d->has_end = false;
  mark_ended(d->end_is_reset);
  if ((d->end_is_reset ? policy.after_rst : policy.after_fin) == AfterEnd::refuse) {
    discard_held(state, state.bytes.refused);
  }
  return true;
}

void HalfConnection::close(State& state, bool marked) {
  if (detail_ != none) state.details[detail_].has_end = false;
  flags_ |= ended_flag;
  if (marked && (flags_ & told_flag) == 0) flags_ |= end_flag;
}

bool HalfConnection::skip_gap(State& state, TcpFlowDirection direction) {
  const HalfDetail* peeked = peek(state);
  if (peeked == nullptr || (peeked->root == none && !(peeked->has_end && known()))) return false;
  HalfDetail& d = detail(state);
  const Segment lowest = SegmentTree(state.segments, d.root).first();
  const Sequence to = lowest == none ? d.end : state.segments[lowest].first;
  const CaptureInfo info = lowest == none ? CaptureInfo{} : state.segments[lowest].info;
  if (!known()) {
    next_seq_ = to;
    flags_ |= known_flag;
    d.skip = -1;
    state.events.add({.kind = EventKind::midstream_start, .direction = direction, .info = info});
    return true;
  }
  const std::int32_t distance = next_seq_.difference(to);
  if (distance <= 0) return false;
  state.events.add({.kind = EventKind::gap,
                    .direction = direction,
                    .offset = next_offset_,
                    .size = static_cast<std::uint64_t>(distance),
                    .info = info});
  d.skip = distance;
  advance(static_cast<std::uint64_t>(distance));
  return true;
}

// ---- the way out -----------------------------------------------------------------------------------

bool HalfConnection::take(State& state, const ReceiverPolicy& policy, TcpFlowDirection direction,
                          ScatterGather& sg) {
  if ((flags_ & (busy_flag | start_flag | end_flag)) == 0) return false;
  HalfDetail& d = detail(state);
  const std::uint64_t kept = d.kept_bytes;
  if (d.skip != 0 && kept != 0) {  // before a gap: the kept bytes alone, for the last time
    sg.begin(direction, next_offset_ - static_cast<std::uint64_t>(d.skip) - kept);
    offer(state, sg);
    sg.saved_ = sg.available_;
    sg.last_offer_ = true;
    return true;
  }
  sg.begin(direction, next_offset_ - kept);
  const std::uint64_t before = next_offset_;
  pop(state, policy);
  reach_end(state, policy);
  const bool end = (flags_ & end_flag) != 0 && d.root == none;
  const bool last_offer = ended() && kept != 0;
  if (next_offset_ == before && d.skip == 0 && (flags_ & start_flag) == 0 && !end && !last_offer) {
    rest(state);
    return false;
  }
  sg.saved_ = kept;
  sg.info_.skip = d.skip;
  sg.info_.start = (flags_ & start_flag) != 0;
  sg.info_.end = end;
  sg.last_offer_ = ended();
  offer(state, sg);
  sg.stats_.queued_bytes = d.since.queued_bytes;
  sg.stats_.queued_packets = d.since.queued_packets;
  sg.stats_.overlap_bytes = d.since.overlap_bytes;
  sg.stats_.overlap_packets = d.since.overlap_packets;
  d.since = {};
  d.skip = 0;
  flags_ &= static_cast<std::uint8_t>(~start_flag);
  if (end) flags_ = static_cast<std::uint8_t>((flags_ & ~end_flag) | told_flag);
  return true;
}

// Moves what has become contiguous from the tree to the run, behind the kept bytes.
void HalfConnection::pop(State& state, const ReceiverPolicy& policy) {
  if (!known()) return;
  HalfDetail& d = detail(state);
  SegmentTree tree(state.segments, d.root);
  for (Segment segment = tree.first(); segment != none; segment = tree.first()) {
    detail::HeldSegment& held = state.segments[segment];
    if (next_seq_.difference(held.first) > 0) break;
    assert(held.first == next_seq_);
    const bool refuse = (d.end_is_reset ? policy.after_rst : policy.after_fin) == AfterEnd::refuse;
    if (d.has_end && refuse) {
      const std::int32_t room = held.first.difference(d.end);
      if (room <= 0) break;  // reach_end() discards it
      if (static_cast<std::uint32_t>(room) < held.size) {
        state.bytes.refused += held.size - static_cast<std::uint32_t>(room);
        account(state, segment, -1);
        state.segments.trim_back(segment, held.size - static_cast<std::uint32_t>(room));
        account(state, segment, +1);
      }
    }
    unlink(state, segment);
    held.next = none;
    (d.run_tail == none ? d.run_head : state.segments[d.run_tail].next) = segment;
    d.run_tail = segment;
    state.bytes.delivered += held.size;
    advance(held.size);
  }
}

// Shows the run to the stream. Nothing may be placed or released until settle().
void HalfConnection::offer(State& state, ScatterGather& sg) {
  const CaptureInfo* previous = nullptr;
  for (Segment segment = detail(state).run_head; segment != none; segment = state.segments[segment].next) {
    const detail::HeldSegment& held = state.segments[segment];
    if (sg.available_ >= sg.saved_) {
      ++sg.stats_.chunks;
      if (previous == nullptr || *previous != held.info) ++sg.stats_.packets;
      previous = &held.info;
    }
    sg.append(state.segments.bytes(segment), held.info);
  }
}

void HalfConnection::settle(State& state, const ScatterGather& sg) {
  const std::size_t keep = sg.keeps_ && !sg.last_offer_ ? sg.keep_from_ : sg.available_;
  const HalfDetail* d = peek(state);
  if (d == nullptr || d->run_head == none) {
    if (keep < sg.available_) keep_lent(state, sg);
  } else {
    free_run(state, keep);
  }
  rest(state);
}

// Keeps bytes that deliver() had lent straight from the packet.
void HalfConnection::keep_lent(State& state, const ScatterGather& sg) {
  const ScatterGather::Chunk& chunk = sg.chunks_.front();
  HalfDetail& d = detail(state);
  Bytes bytes = chunk.bytes.subspan(sg.keep_from_);
  Sequence first = next_seq_.add(-static_cast<std::int64_t>(bytes.size()));
  while (!bytes.empty()) {
    const Bytes part = bytes.first(std::min(bytes.size(), detail::SegmentStore::segment_size_max));
    const Segment segment = state.segments.hold(first, part, *chunk.info);
    if (segment == none) return;
    (d.run_tail == none ? d.run_head : state.segments[d.run_tail].next) = segment;
    d.run_tail = segment;
    d.pages += detail::pages_for(part.size());
    state.pages += detail::pages_for(part.size());
    d.kept_bytes += part.size();
    first = first.add(static_cast<std::int64_t>(part.size()));
    bytes = bytes.subspan(part.size());
  }
}

// Gives back the first `size` bytes of the run and counts what is left as kept. The run's segments left
// the held counts in unlink(), and count as pages again only here.
void HalfConnection::free_run(State& state, std::size_t size) {
  detail::SegmentStore& segments = state.segments;
  HalfDetail& d = detail(state);
  while (d.run_head != none && segments[d.run_head].size <= size) {
    const Segment segment = d.run_head;
    size -= segments[segment].size;
    d.run_head = segments[segment].next;
    segments.release(segment);
  }
  state.pages -= d.kept_pages;
  d.pages -= d.kept_pages;
  d.kept_pages = 0;
  d.kept_bytes = 0;
  if (d.run_head == none) d.run_tail = none;
  if (d.run_head != none && size != 0) segments.trim_front(d.run_head, static_cast<std::uint32_t>(size));
  for (Segment segment = d.run_head; segment != none; segment = segments[segment].next) {
    segments.own(segment);
    d.kept_bytes += segments[segment].size;
    d.kept_pages += detail::pages_for(segments[segment].size);
  }
  d.pages += d.kept_pages;
  state.pages += d.kept_pages;
}

void HalfConnection::limit_kept(State& state, TcpFlowDirection direction, std::uint32_t pages_max) {
  HalfDetail* d = detail_ == none ? nullptr : &state.details[detail_];
  if (d == nullptr || d->kept_pages < pages_max) return;
  std::size_t size = 0;
  std::uint32_t pages = d->kept_pages;
  for (Segment segment = d->run_head; segment != none && pages >= pages_max;
       segment = state.segments[segment].next) {
    size += state.segments[segment].size;
    pages -= detail::pages_for(state.segments[segment].size);
  }
  state.events.add({.kind = EventKind::limit,
                    .direction = direction,
                    .offset = next_offset_ - d->kept_bytes,
                    .size = size});
  free_run(state, size);
  rest(state);
}

// ---- giving up -------------------------------------------------------------------------------------

// Takes a held segment out of the tree and of the counts; it is the caller's now.
void HalfConnection::unlink(State& state, Segment segment) {
  HalfDetail& d = detail(state);
  account(state, segment, -1);
  SegmentTree(state.segments, d.root).erase(segment);
  --d.held_size;
}

void HalfConnection::discard_before(State& state, Sequence first) {
  if (!holds(state)) return;
  HalfDetail& d = detail(state);
  SegmentTree tree(state.segments, d.root);
  for (Segment segment = tree.first(); segment != none; segment = tree.first()) {
    const std::int32_t before = state.segments[segment].first.difference(first);
    if (before <= 0) return;
    const std::uint32_t size = state.segments[segment].size;
    if (static_cast<std::uint32_t>(before) >= size) {
      state.bytes.dropped += size;
      unlink(state, segment);
      state.segments.release(segment);
    } else {
      state.bytes.dropped += static_cast<std::uint32_t>(before);
      account(state, segment, -1);
      state.segments.trim_front(segment, static_cast<std::uint32_t>(before));
      account(state, segment, +1);
    }
  }
}

void HalfConnection::discard_held(State& state, std::uint64_t& reason) {
  if (!holds(state)) return;
  HalfDetail& d = detail(state);
  SegmentTree tree(state.segments, d.root);
  for (Segment segment = tree.first(); segment != none; segment = tree.first()) {
    reason += state.segments[segment].size;
    unlink(state, segment);
    state.segments.release(segment);
  }
}

void HalfConnection::clear(State& state) {
  discard_held(state, state.bytes.dropped);
  if (detail_ != none) {
    free_run(state, SIZE_MAX);
    state.details.release(detail_);
    detail_ = none;
  }
  flags_ = static_cast<std::uint8_t>((flags_ & (known_flag | syn_flag)) | ended_flag | told_flag);
}

// Back to 24 bytes when there is nothing left to think of.
void HalfConnection::rest(State& state) {
  if (detail_ == none) return;
  const HalfDetail& d = state.details[detail_];
  const bool counted = d.since.queued_packets != 0 || d.since.overlap_packets != 0;
  const bool busy = d.root != none || d.run_head != none || d.skip != 0 || d.has_end || counted ||
                    (d.has_first_syn && next_offset_ == 0);
  if (busy) return;
  state.details.release(detail_);
  detail_ = none;
  flags_ &= static_cast<std::uint8_t>(~busy_flag);
}

// ---- looking ---------------------------------------------------------------------------------------

std::uint32_t HalfConnection::pages(const State& state) const {
  const HalfDetail* d = peek(state);
  return d == nullptr ? 0 : d->pages;
}

bool HalfConnection::holds(const State& state) const {
  const HalfDetail* d = peek(state);
  return d != nullptr && d->root != none;
}

std::uint64_t HalfConnection::held_bytes(const State& state) const {
  const HalfDetail* d = peek(state);
  return d == nullptr ? 0 : d->held_bytes;
}

Timestamp HalfConnection::oldest_held(State& state) const {
  if (!holds(state)) return {};
  const Segment lowest = SegmentTree(state.segments, state.details[detail_].root).first();
  return state.segments[lowest].info.timestamp;
}

}  // namespace restitch
