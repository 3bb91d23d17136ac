#include "restitch/detail/held_queue.h"

#include <algorithm>

#include "reassembly/overlap.h"
#include "restitch/detail/half_state.h"

namespace restitch::detail {

void compare_copies(HalfState& state, std::uint32_t segment, const Arrival& arrival, Winner delivered) {
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
                    .arrived = new_copy,
                    .held_info = state.segments[segment].info,
                    .delivered = delivered});
}

std::uint32_t HeldQueue::first(HalfState& state) const {
  if (!has_blocks()) return SegmentOrder::entry(state.leaves, order_.first(state.leaves)).segment;
  return front_ != none ? front_ : first_of_blocks(state);
}

Sequence HeldQueue::highest(HalfState& state) const {
  if (has_blocks()) return highest_of_blocks(state);
  const SegmentOrder::Entry& last = SegmentOrder::entry(state.leaves, order_.last(state.leaves));
  return last.first.add(state.segments[last.segment].size);
}

bool HeldQueue::is_near(HalfState& state, Sequence position, std::int32_t reach) {
  if (empty()) return false;
  if (has_blocks()) {
    return position.difference(lowest(state)) <= reach && highest(state).difference(position) <= reach;
  }
  const SegmentOrder::Place place = order_.at_or_before(state.leaves, position.add(reach));
  if (!place.exists()) return false;
  const std::uint32_t segment = SegmentOrder::entry(state.leaves, place).segment;
  return range_of(state.segments, segment).last.difference(position) <= reach;
}

std::int64_t HeldQueue::spread_with(HalfState& state, Sequence first, std::size_t size) const {
  const auto length = static_cast<std::int64_t>(size);
  if (empty()) return length;
  const Sequence lowest = state.segments[this->first(state)].first;
  const std::int64_t to_end = lowest.difference(first) + length;
  const std::int64_t from_start = first.difference(highest(state));
  return std::max({length, to_end, from_start});
}

// Calls function(cluster) for each, in order. Before the start is known nothing was popped, so no chain is
// left.
template <class Function>
void HeldQueue::for_each_cluster(HalfState& state, std::uint32_t reach, Function&& function) const {
  Cluster cluster;
  const auto add = [&](Sequence first, Sequence last) {
    if (cluster.segments != 0 && std::int64_t{cluster.last.difference(first)} > std::int64_t{reach}) {
      function(cluster);
      cluster.segments = 0;
    }
    if (cluster.segments++ == 0) cluster = {first, last, 1};
    if (is_before(cluster.last, last)) cluster.last = last;
  };
  if (root_ != none) {
    for (Block block = first_block(state); block != none; block = next_block(state, block)) {
      add(start_of_block(state, block), end_of_block(state, block));
    }
  } else {
    for (Place place = order_.first(state.leaves); place.exists();
         place = SegmentOrder::next(state.leaves, place)) {
      const Range held = range_of(state.segments, SegmentOrder::entry(state.leaves, place).segment);
      add(held.first, held.last);
    }
  }
  if (cluster.segments != 0) function(cluster);
}

std::optional<Sequence> HeldQueue::start_around(HalfState& state, Sequence position,
                                                std::uint32_t reach) const {
  std::optional<Sequence> start;
  for_each_cluster(state, reach, [&](const Cluster& cluster) {
    if (!is_before(position, cluster.first) && !is_before(cluster.last, position)) start = cluster.first;
  });
  return start;
}

std::optional<Sequence> HeldQueue::start_of_most(HalfState& state, std::uint32_t reach) const {
  std::optional<Sequence> start;
  std::size_t most = 0;
  for_each_cluster(state, reach, [&](const Cluster& cluster) {
    if (cluster.segments <= most) return;
    most = cluster.segments;
    start = cluster.first;
  });
  return start;
}

// A half that changes its rule settles what it holds by the old one.
HeldQueue::Inserted HeldQueue::insert(HalfState& state, const ReceiverPolicy& policy, Arrival& arrival) {
  const bool as_linux = has_blocks() || (order_.empty() && policy.rule == OverlapRule::linux_);
  return as_linux ? insert_as_linux(state, arrival) : insert_by_table(state, policy, arrival);
}

namespace {

// Whether the held copy gives the shared bytes: that with the right checksum, else as the table has it.
bool held_copy_wins(const ReceiverPolicy& policy, const HeldSegment& held, Relation relation,
                    const Arrival& arrival) {
  if (held.wrong == arrival.right) return !held.wrong;
  return policy.overlap[static_cast<std::size_t>(relation)] == Winner::held;
}

}  // namespace

// Under a table held segments never overlap each other.
HeldQueue::Inserted HeldQueue::insert_by_table(HalfState& state, const ReceiverPolicy& policy,
                                               Arrival& arrival) {
  SegmentOrder::Leaves& leaves = state.leaves;
  const Range whole = range_of(arrival);
  Sequence at = whole.first;  // what lies before is settled
  Place before = order_.at_or_before(leaves, at);
  Inserted result;
  auto place_until = [&](Sequence end) {
    const std::int32_t size = at.difference(end);
    if (size <= 0) return;
    const Bytes piece =
        arrival.payload.subspan(Range{at, end}.offset_in(whole), static_cast<std::size_t>(size));
    result.queued += place(state, before, at, piece, arrival);
  };

  Place met = before.exists() ? before : order_.first(leaves);
  while (met.exists() && is_before(SegmentOrder::entry(leaves, met).first, whole.last)) {
    const std::uint32_t segment = SegmentOrder::entry(leaves, met).segment;
    // Ends before the arrival begins: mostly that is seen without a look at it.
    if (SegmentOrder::end_at_most(leaves, met).difference(whole.first) >= 0 ||
        range_of(state.segments, segment).last.difference(whole.first) >= 0) {
      met = SegmentOrder::next(leaves, met);
      continue;
    }
    const Range held = range_of(state.segments, segment);
    const Range shared = held.shared_with(whole);
    const bool held_wins = held_copy_wins(policy, state.segments[segment], relation(held, whole), arrival);
    const Winner winner = held_wins ? Winner::held : Winner::arrived;
    compare_copies(state, segment, arrival, winner);
    result.overlap += shared.size();
    arrival.transmission = Transmission::again;
    state.note_copy(arrival.offset + shared.offset_in(whole), shared.size(),
                    held_wins ? arrival.info : state.segments[segment].info);
    if (held_wins) {
      if (before != met) {
        place_until(held.first);
        before = order_.behind(leaves, before);
      }
      at = held.last;
      met = SegmentOrder::next(leaves, before);
    } else {
      cut(state, met, whole.first, whole.last);
      before = order_.at_or_before(leaves, at);
      met = order_.behind(leaves, order_.at_or_before(leaves, held.last.add(-1)));
    }
  }
  if (met.exists() && arrival.transmission == Transmission::first) arrival.transmission = Transmission::late;
  place_until(whole.last);
  result.duplicate = result.overlap;
  return result;
}

// Takes [first, last) out of a held segment that reaches into it.
void HeldQueue::cut(HalfState& state, Place at, Sequence first, Sequence last) {
  SegmentStore& segments = state.segments;
  const std::uint32_t segment = SegmentOrder::entry(state.leaves, at).segment;
  const Range held = range_of(segments, segment);
  const auto before = static_cast<std::uint32_t>(std::max(held.first.difference(first), 0));
  const auto behind = static_cast<std::uint32_t>(std::max(last.difference(held.last), 0));
  account(state, segments[segment].size, -1);
  if (before == 0 && behind == 0) {
    order_.erase(state.leaves, at);
    --size_;
    segments.release(segment);
    return;
  }
  if (before == 0) {
    segments.trim_front(segment, segments[segment].size - behind);
    order_.move(state.leaves, at, last);
  } else {
    if (behind != 0) {
      const HeldSegment& whole = segments[segment];
      const CaptureInfo info = whole.info;
      place(state, at, last, segments.bytes(segment).last(behind),
            {.first = last,
             .payload = {},
             .info = info,
             .direction = {},
             .right = !whole.wrong,
             .transmission = whole.transmission});
    }
    segments.trim_back(segment, segments[segment].size - before);
  }
  account(state, segments[segment].size, +1);
}

// The one function that puts bytes into the order, right behind the segment at `before`, or before all; that
// is then the place of the last of them. Answers how many were queued.
std::uint64_t HeldQueue::place(HalfState& state, Place& before, Sequence first, Bytes bytes,
                               const Arrival& from) {
  std::uint64_t placed = 0;
  while (!bytes.empty()) {
    const Bytes part = bytes.first(std::min(bytes.size(), SegmentStore::segment_size_max));
    const std::uint32_t segment = from.lend ? state.segments.borrow(first, part, from.info)
                                            : state.segments.hold(first, part, from.info);
    const Place made =
        segment == none ? Place{} : order_.insert_behind(state.leaves, before, first, segment, part.size());
    if (!made.exists()) {
      if (segment != none) state.segments.release(segment);
      state.bytes().dropped += bytes.size();
      break;
    }
    before = made;
    state.segments[segment].transmission = from.transmission;
    state.segments[segment].wrong = !from.right;
    ++size_;
    account(state, static_cast<std::uint32_t>(part.size()), +1);
    placed += part.size();
    first = first.add(static_cast<std::int64_t>(part.size()));
    bytes = bytes.subspan(part.size());
  }
  return from.lend ? 0 : placed;
}

std::uint32_t HeldQueue::pop(HalfState& state) {
  const std::uint32_t segment = has_blocks() ? pop_as_linux(state) : pop_by_table(state);
  account(state, state.segments[segment].size, -1);
  --size_;
  return segment;
}

// Who pops one is going to pop more, and they lie anywhere.
std::uint32_t HeldQueue::pop_by_table(HalfState& state) {
  const std::uint32_t soon = order_.ahead(state.leaves, 8);
  if (soon != none) state.segments.prefetch(soon);
  const std::uint32_t sooner = order_.ahead(state.leaves, 4);
  if (sooner != none) state.segments.prefetch_bytes(sooner);
  return order_.pop(state.leaves);
}

std::uint64_t HeldQueue::discard_before(HalfState& state, Sequence position) {
  std::uint64_t discarded = 0;
  while (!empty()) {
    const std::uint32_t segment = first(state);
    const std::int32_t before = state.segments[segment].first.difference(position);
    if (before <= 0) break;
    const std::uint32_t size =
        std::min(std::uint32_t{state.segments[segment].size}, static_cast<std::uint32_t>(before));
    if (size == state.segments[segment].size) {
      state.segments.release(pop(state));
    } else if (has_blocks()) {
      break;  // what overlaps another block is cut when it is delivered
    } else {
      account(state, state.segments[segment].size, -1);
      state.segments.trim_front(segment, size);
      order_.move(state.leaves, order_.first(state.leaves), position);
      account(state, state.segments[segment].size, +1);
    }
    discarded += size;
  }
  if (in_block() && !restore_block(state)) {
    while (in_block()) {
      const std::uint32_t segment = pop(state);
      discarded += state.segments[segment].size;
      state.segments.release(segment);
    }
  }
  return discarded;
}

std::uint64_t HeldQueue::discard_all(HalfState& state) {
  const std::uint64_t discarded = bytes_;
  while (!empty()) state.segments.release(pop(state));
  return discarded;
}

// Adds a segment of `size` bytes to the counts of what is held, or takes it out of them.
void HeldQueue::account(HalfState& state, std::uint32_t size, int sign) {
  const auto weight = static_cast<std::uint64_t>(std::int64_t{sign});
  const std::uint64_t pages = weight * pages_for(size);
  pages_ += static_cast<std::uint32_t>(pages);
  state.pages += pages;
  bytes_ += weight * size;
  state.bytes().held += weight * size;
}

}  // namespace restitch::detail
