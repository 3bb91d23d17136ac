// HeldQueue by the exact rule of Linux 6.18, as measured with a real kernel: held data is a list of blocks
// ordered by their start, in a red-black tree. Blocks may overlap in part; delivery goes in order of the
// start, so the earlier start gives the shared bytes. A segment
//   - inside one block is dropped;
//   - with the start of a shorter block takes its exact place in the tree;
//   - that begins where a block ends is merged into it, if that is the last block or one met on the way
//     down the tree; the merged block keeps its early start and removes nothing;
//   - else becomes a block, and removes blocks that it covers.
// A FIN counts as one more byte at the end of its segment. What the search meets depends on the shape of
// the tree, so nothing else may touch it: bytes in order wait in front_, apart.
#include <algorithm>
#include <utility>

#include "reassembly/link_tree.h"
#include "reassembly/overlap.h"
#include "restitch/detail/held_queue.h"

namespace restitch::detail {
namespace {

// Copies are compared with at most so many merged segments of a block, or a hostile sender could make each
// packet walk all of them.
constexpr int compare_max = 64;

// The merged segments of a block are a ring, and the value of its node is the last of them.
std::uint32_t tail_of(HalfState& state, std::uint32_t block) { return state.blocks[block].value; }
std::uint32_t head_of(HalfState& state, std::uint32_t block) {
  return state.segments[tail_of(state, block)].next;
}

Sequence start_of(HalfState& state, std::uint32_t block) {
  return state.segments[head_of(state, block)].first;
}
Sequence end_of_tail(HalfState& state, std::uint32_t tail) {
  const HeldSegment& last = state.segments[tail];
  return last.first.add(std::int64_t{last.size} + (last.fin ? 1 : 0));
}
Sequence end_of(HalfState& state, std::uint32_t block) { return end_of_tail(state, tail_of(state, block)); }

// Puts the segments of one ring behind those of another; answers the last of all.
std::uint32_t join_rings(HalfState& state, std::uint32_t tail, std::uint32_t behind) {
  if (tail != none) std::swap(state.segments[tail].next, state.segments[behind].next);
  return behind;
}

std::uint64_t compare_with_block(HalfState& state, std::uint32_t block, const Arrival& arrival,
                                 Winner delivered) {
  const std::uint32_t tail = tail_of(state, block);
  std::uint64_t shared = 0;
  std::uint32_t segment = tail;
  for (int i = 0; i < compare_max; ++i) {
    segment = state.segments[segment].next;
    const Range held = range_of(state.segments, segment);
    if (!is_before(held.first, arrival.last())) break;
    if (is_before(arrival.first, held.last)) {
      compare_copies(state, segment, arrival, delivered);
      shared += held.shared_with(range_of(arrival)).size();
    }
    if (segment == tail) break;
  }
  return shared;
}

}  // namespace

std::uint32_t HeldQueue::first_block(HalfState& state) const {
  std::uint32_t root = root_;
  if (lowest_ == none) lowest_ = LinkTree(state.blocks, root).first();
  return lowest_;
}

std::uint32_t HeldQueue::next_block(HalfState& state, std::uint32_t block) const {
  std::uint32_t root = root_;
  return LinkTree(state.blocks, root).next(block);
}

Sequence HeldQueue::start_of_block(HalfState& state, std::uint32_t block) const {
  return start_of(state, block);
}

Sequence HeldQueue::end_of_block(HalfState& state, std::uint32_t block) const { return end_of(state, block); }

std::uint32_t HeldQueue::first_of_blocks(HalfState& state) const {
  return head_of(state, first_block(state));
}

Sequence HeldQueue::lowest_of_blocks(HalfState& state) const { return state.segments[first(state)].first; }

Sequence HeldQueue::highest_of_blocks(HalfState& state) const {
  if (root_ != none) {
    std::uint32_t root = root_;
    return end_of(state, LinkTree(state.blocks, root).last());
  }
  std::uint32_t tail = front_;
  while (state.segments[tail].next != none) tail = state.segments[tail].next;
  return end_of_tail(state, tail);
}

// What is in order is delivered whatever waits: blocks that it reaches over are compared, and cut when they
// are delivered.
void HeldQueue::lay_over(HalfState& state, Arrival& arrival, Inserted& result) {
  if (root_ == none) return;
  if (arrival.transmission == Transmission::first) arrival.transmission = Transmission::late;
  const LinkTree tree(state.blocks, root_);
  for (std::uint32_t block = first_block(state);
       block != none && is_before(start_of(state, block), arrival.last()); block = tree.next(block)) {
    result.overlap += compare_with_block(state, block, arrival, Winner::arrived);
    arrival.transmission = Transmission::again;
  }
}

HeldQueue::Inserted HeldQueue::insert_as_linux(HalfState& state, Arrival& arrival) {
  Inserted result;
  const std::uint64_t size = arrival.payload.size();
  if (!arrival.lend) result.queued = size;
  // Another copy of what is in order, and waits to be delivered, is a block as any other.
  if (arrival.next && front_ == none) {
    lay_over(state, arrival, result);
    const std::uint32_t tail = make_ring(state, arrival);
    if (tail != none) front_ = std::exchange(state.segments[tail].next, none);
    return result;
  }
  lowest_ = none;
  std::uint32_t parent = none;
  std::uint32_t block = root_;
  bool right = true;
  if (root_ != none) {
    const std::int32_t behind_last = end_of(state, last_).difference(arrival.first);
    if (behind_last < 0 && arrival.transmission == Transmission::first) {
      arrival.transmission = Transmission::late;
    }
    if (behind_last == 0) return merge(state, last_, arrival, result), result;
    if (behind_last > 0) {
      parent = last_;
      block = none;
    }
  }
  while (block != none) {
    parent = block;
    const Sequence first = start_of(state, block);
    const Sequence end = end_of(state, block);
    right = !is_before(arrival.first, first);
    if (right && is_before(arrival.first, end)) {
      const bool takes_place = arrival.first == first && is_before(end, arrival.end());
      const Winner winner = takes_place ? Winner::arrived : Winner::held;
      result.overlap += compare_with_block(state, block, arrival, winner);
      arrival.transmission = Transmission::again;
      if (!is_before(end, arrival.end())) {  // nothing new
        result.overlap = result.duplicate = size;
        result.queued = 0;
        state.note_copy(arrival.offset, size, arrival.info);
        return result;
      }
      if (takes_place) return renew(state, block, arrival, result), result;
    } else if (right && end == arrival.first) {
      return merge(state, block, arrival, result), result;
    }
    block = right ? state.blocks[block].right : state.blocks[block].left;
  }
  add_block(state, parent, right, arrival, result);
  return result;
}

// Puts an arrival behind the segments of a block that ends where it begins. Blocks that it reaches over stay,
// and what they share with it is delivered from the merged block, which starts earlier.
void HeldQueue::merge(HalfState& state, std::uint32_t block, const Arrival& arrival, Inserted& result) {
  const LinkTree tree(state.blocks, root_);
  std::uint32_t next = block == last_ ? none : tree.next(block);
  for (int i = 0; i < compare_max && next != none && is_before(start_of(state, next), arrival.last()); ++i) {
    result.overlap += compare_with_block(state, next, arrival, Winner::arrived);
    next = tree.next(next);
  }
  const std::uint32_t tail = make_ring(state, arrival);
  if (tail != none) state.blocks[block].value = join_rings(state, tail_of(state, block), tail);
}

// Lets an arrival take the exact place of a shorter block with the same start.
void HeldQueue::renew(HalfState& state, std::uint32_t block, const Arrival& arrival, Inserted& result) {
  const std::uint32_t tail = make_ring(state, arrival);
  if (tail == none) return;
  result.duplicate += release_ring(state, std::exchange(state.blocks[block].value, tail), arrival);
  remove_covered(state, block, arrival, result);
}

void HeldQueue::add_block(HalfState& state, std::uint32_t parent, bool right, const Arrival& arrival,
                          Inserted& result) {
  if (!state.blocks.reserve_one()) {
    state.bytes().dropped += arrival.payload.size();
    return;
  }
  const std::uint32_t tail = make_ring(state, arrival);
  if (tail == none) return;
  const std::uint32_t block = state.blocks.allocate();
  state.blocks[block].value = tail;
  LinkTree(state.blocks, root_).insert_below(parent, right, block);
  remove_covered(state, block, arrival, result);
}

// The bytes of an arrival as a ring, counted, but in no block yet; answers the last of it, or none.
std::uint32_t HeldQueue::make_ring(HalfState& state, const Arrival& arrival) {
  std::uint32_t tail = none;
  Sequence first = arrival.first;
  Bytes rest = arrival.payload;
  do {
    const Bytes part = rest.first(std::min(rest.size(), SegmentStore::segment_size_max));
    const std::uint32_t segment = arrival.lend ? state.segments.borrow(first, part, arrival.info)
                                               : state.segments.hold(first, part, arrival.info);
    if (segment == none) {
      state.bytes().dropped += rest.size();
      return tail;
    }
    ++size_;
    account(state, static_cast<std::uint32_t>(part.size()), +1);
    state.segments[segment].next = segment;
    state.segments[segment].transmission = arrival.transmission;
    tail = join_rings(state, tail, segment);
    first = first.add(static_cast<std::int64_t>(part.size()));
    rest = rest.subspan(part.size());
  } while (!rest.empty());
  state.segments[tail].fin = arrival.fin;
  return tail;
}

// Removes the blocks above a new one that it covers to their end.
void HeldQueue::remove_covered(HalfState& state, std::uint32_t block, const Arrival& arrival,
                               Inserted& result) {
  LinkTree tree(state.blocks, root_);
  std::uint32_t next = tree.next(block);
  while (next != none && is_before(start_of(state, next), arrival.end())) {
    result.overlap += compare_with_block(state, next, arrival, Winner::arrived);
    if (is_before(arrival.end(), end_of(state, next))) break;
    tree.erase(next);
    result.duplicate += release_ring(state, tail_of(state, next), arrival);
    state.blocks.release(next);
    next = tree.next(block);
  }
  if (next == none) last_ = block;
  if (result.overlap == 0) return;
  const std::uint32_t tail = tail_of(state, block);
  for (std::uint32_t piece = head_of(state, block);; piece = state.segments[piece].next) {
    state.segments[piece].transmission = Transmission::again;
    if (piece == tail) return;
  }
}

std::uint64_t HeldQueue::release_ring(HalfState& state, std::uint32_t tail, const Arrival& arrival) {
  std::uint64_t size = 0;
  std::uint32_t segment = std::exchange(state.segments[tail].next, none);
  while (segment != none) {
    const HeldSegment& held = state.segments[segment];
    const std::uint32_t next = held.next;
    const std::int64_t ahead = arrival.first.difference(held.first);
    state.note_copy(arrival.offset + static_cast<std::uint64_t>(ahead), held.size, held.info);
    size += held.size;
    account(state, held.size, -1);
    --size_;
    state.segments.release(segment);
    segment = next;
  }
  return size;
}

// Takes the lowest block out of the tree, and its segments one by one.
std::uint32_t HeldQueue::pop_as_linux(HalfState& state) {
  if (front_ == none) {
    const std::uint32_t block = first_block(state);
    LinkTree tree(state.blocks, root_);
    lowest_ = tree.next(block);
    tree.erase(block);
    front_ = std::exchange(state.segments[tail_of(state, block)].next, none);
    state.blocks.release(block);
  }
  return std::exchange(front_, state.segments[front_].next);
}

// What is left of the block popped last goes on waiting, as the first block; false when memory is exhausted.
// Requires: in_block().
bool HeldQueue::restore_block(HalfState& state) {
  if (!state.blocks.reserve_one()) return false;
  std::uint32_t tail = front_;
  while (state.segments[tail].next != none) tail = state.segments[tail].next;
  state.segments[tail].next = std::exchange(front_, none);
  const std::uint32_t block = state.blocks.allocate();
  state.blocks[block].value = tail;
  if (root_ == none) last_ = block;
  LinkTree(state.blocks, root_).insert_behind(none, block);
  lowest_ = block;
  return true;
}

}  // namespace restitch::detail
