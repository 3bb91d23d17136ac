#include "restitch/detail/held_queue.h"

#include <algorithm>

#include "reassembly/overlap.h"
#include "restitch/detail/half_state.h"
#include "restitch/detail/segment_tree.h"

namespace restitch::detail {

void compare_copies(HalfState& state, std::uint32_t segment, const Arrival& arrival) {
  const Range held = range_of(state.segments, segment);
  const Range shared = held.shared_with(range_of(arrival));
  const std::size_t at = shared.offset_in(range_of(arrival));
  const Bytes held_copy = state.segments.bytes(segment).subspan(shared.offset_in(held), shared.size());
  const Bytes new_copy = arrival.payload.subspan(at, shared.size());
  if (std::equal(held_copy.begin(), held_copy.end(), new_copy.begin())) return;
  state.events.add({.kind = EventKind::conflict,
                    .direction = arrival.direction,
                    .offset = arrival.offset + at,
                    .size = shared.size(),
                    .info = arrival.info,
                    .held = held_copy,
                    .arrived = new_copy});
}

std::uint32_t HeldQueue::first(HalfState& state) const {
  if (front_ != none) return front_;
  std::uint32_t root = root_;
  if (lowest_ == none) lowest_ = SegmentTree(state.segments, root).first();
  return lowest_;
}

std::uint32_t HeldQueue::last(HalfState& state) const {
  std::uint32_t root = root_;
  if (highest_ == none) highest_ = SegmentTree(state.segments, root).last();
  return highest_;
}

// The last segment that begins at or before `position`, or none. Requires: a table's tree.
std::uint32_t HeldQueue::at_or_before(HalfState& state, Sequence position) const {
  if (root_ == none || is_before(position, state.segments.node(first(state)).first)) return none;
  if (!is_before(position, state.segments.node(last(state)).first)) return highest_;
  std::uint32_t root = root_;
  return SegmentTree(state.segments, root).at_or_before(position);
}

std::int64_t HeldQueue::spread_with(HalfState& state, Sequence first, std::size_t size) const {
  const auto length = static_cast<std::int64_t>(size);
  if (root_ == none) return length;
  std::uint32_t root = root_;
  const SegmentTree tree(state.segments, root);
  const HeldSegment& highest = state.segments[tree.last()];
  const std::int64_t to_end = state.segments.node(tree.first()).first.difference(first) + length;
  const std::int64_t from_start =
      std::int64_t{first.difference(state.segments.node(tree.last()).first)} + highest.size;
  return std::max({length, to_end, from_start});
}

HeldQueue::Inserted HeldQueue::insert(HalfState& state, const ReceiverPolicy& policy, Arrival& arrival) {
  return policy.rule == OverlapRule::linux_ ? insert_as_linux(state, arrival)
                                            : insert_by_table(state, policy, arrival);
}

// Under a table held segments never overlap each other.
HeldQueue::Inserted HeldQueue::insert_by_table(HalfState& state, const ReceiverPolicy& policy,
                                               Arrival& arrival) {
  SegmentTree tree(state.segments, root_);
  const Range whole = range_of(arrival);
  Sequence at = whole.first;  // what lies before is settled
  std::uint32_t before = at_or_before(state, at);
  Inserted result;
  auto place_until = [&](Sequence end) {
    const std::int32_t size = at.difference(end);
    if (size <= 0) return;
    const Bytes piece =
        arrival.payload.subspan(Range{at, end}.offset_in(whole), static_cast<std::size_t>(size));
    result.queued += place(state, before, at, piece, arrival.info, arrival.transmission, arrival.lend);
  };

  std::uint32_t segment = before != none || root_ == none ? before : first(state);
  while (segment != none) {
    if (!is_before(state.segments.node(segment).first, whole.last)) break;
    const Range held = range_of(state.segments, segment);
    const std::uint32_t next = tree.next(segment);
    // No piece of the arrival is placed before it is known whether it shares bytes.
    if (held.last.difference(whole.first) < 0) {
      const Range shared = held.shared_with(whole);
      compare_copies(state, segment, arrival);
      result.overlap += shared.size();
      arrival.transmission = Transmission::again;
      const bool held_wins = policy.overlap[static_cast<std::size_t>(relation(held, whole))] == Winner::held;
      state.note_copy(arrival.offset + shared.offset_in(whole), shared.size(),
                      held_wins ? arrival.info : state.segments[segment].info);
      if (held_wins) {
        place_until(held.first);
        at = held.last;
        before = segment;
      } else {
        cut(state, segment, whole.first, whole.last);
        before = at_or_before(state, at);
      }
    }
    segment = next;
  }
  if (segment != none && arrival.transmission == Transmission::first) {
    arrival.transmission = Transmission::late;
  }
  place_until(whole.last);
  result.duplicate = result.overlap;
  return result;
}

// Takes [first, last) out of a held segment that reaches into it.
void HeldQueue::cut(HalfState& state, std::uint32_t segment, Sequence first, Sequence last) {
  SegmentStore& segments = state.segments;
  const Range held = range_of(segments, segment);
  const auto before = static_cast<std::uint32_t>(std::max(held.first.difference(first), 0));
  const auto behind = static_cast<std::uint32_t>(std::max(last.difference(held.last), 0));
  if (before != 0 && behind != 0) {
    const CaptureInfo info = segments[segment].info;
    place(state, segment, last, segments.bytes(segment).last(behind), info, segments[segment].transmission,
          false);
  }
  account(state, segment, -1);
  if (before == 0 && behind == 0) {
    SegmentTree(segments, root_).erase(segment);
    if (segment == lowest_) lowest_ = none;
    if (segment == highest_) highest_ = none;
    --size_;
    segments.release(segment);
    return;
  }
  if (before == 0) {
    segments.trim_front(segment, segments[segment].size - behind);
  } else {
    segments.trim_back(segment, segments[segment].size - before);
  }
  account(state, segment, +1);
}

// The one function that puts bytes into the tree, right behind the segment `before`, or before all; answers
// how many were queued.
std::uint64_t HeldQueue::place(HalfState& state, std::uint32_t before, Sequence first, Bytes bytes,
                               const CaptureInfo& info, Transmission transmission, bool lend) {
  SegmentTree tree(state.segments, root_);
  std::uint64_t placed = 0;
  while (!bytes.empty()) {
    const Bytes part = bytes.first(std::min(bytes.size(), SegmentStore::segment_size_max));
    const std::uint32_t segment =
        lend ? state.segments.borrow(first, part, info) : state.segments.hold(first, part, info);
    if (segment == none) {
      state.bytes().dropped += bytes.size();
      break;
    }
    state.segments[segment].transmission = transmission;
    const bool is_last = root_ == none || (before != none && before == highest_);
    tree.insert_below(before != none  ? tree.parent_behind(before)
                      : root_ == none ? none
                                      : this->first(state),
                      segment);
    if (before == none) lowest_ = segment;
    if (is_last) highest_ = segment;
    before = segment;
    ++size_;
    account(state, segment, +1);
    placed += part.size();
    first = first.add(static_cast<std::int64_t>(part.size()));
    bytes = bytes.subspan(part.size());
  }
  return lend ? 0 : placed;
}

std::uint32_t HeldQueue::pop(HalfState& state) {
  const std::uint32_t segment = first(state);
  account(state, segment, -1);
  if (segment != front_) {
    SegmentTree tree(state.segments, root_);
    if (segment == highest_) highest_ = none;
    lowest_ = tree.next(segment);
    const std::uint32_t after = lowest_ == none ? none : tree.next(lowest_);
    if (after != none)
      state.segments.prefetch(after);  // who pops one is going to pop more, and they lie anywhere
    tree.erase(segment);
  }
  front_ = state.segments[segment].next;
  --size_;
  return segment;
}

std::uint64_t HeldQueue::discard_before(HalfState& state, Sequence position) {
  std::uint64_t discarded = 0;
  while (!empty()) {
    const std::uint32_t segment = first(state);
    const std::int32_t before = state.segments.node(segment).first.difference(position);
    if (before <= 0) break;
    const std::uint32_t size = std::min(state.segments[segment].size, static_cast<std::uint32_t>(before));
    discarded += size;
    if (size == state.segments[segment].size) {
      state.segments.release(pop(state));
    } else if (last_ != none) {
      discarded -= size;  // what overlaps another block is cut when it is delivered
      break;
    } else {
      account(state, segment, -1);
      state.segments.trim_front(segment, size);
      account(state, segment, +1);
    }
  }
  return discarded;
}

std::uint64_t HeldQueue::discard_all(HalfState& state) {
  const std::uint64_t discarded = bytes_;
  while (!empty()) state.segments.release(pop(state));
  return discarded;
}

// Adds a segment to the counts of what is held, or takes it out of them.
void HeldQueue::account(HalfState& state, std::uint32_t segment, int sign) {
  const auto weight = static_cast<std::uint64_t>(std::int64_t{sign});
  const std::uint32_t size = state.segments[segment].size;
  const std::uint64_t pages = weight * pages_for(size);
  pages_ += static_cast<std::uint32_t>(pages);
  state.pages += pages;
  bytes_ += weight * size;
  state.bytes().held += weight * size;
}

}  // namespace restitch::detail
