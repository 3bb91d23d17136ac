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

#include "reassembly/overlap.h"
#include "restitch/detail/held_queue.h"
#include "restitch/detail/segment_tree.h"

namespace restitch::detail {
namespace {

// Copies are compared with at most so many merged segments of a block, or a hostile sender could make each
// packet walk all of them.
constexpr int compare_max = 64;

std::uint64_t compare_with_block(HalfState& state, std::uint32_t block, const Arrival& arrival) {
  std::uint64_t shared = 0;
  for (int i = 0; block != none && i < compare_max; block = state.segments[block].next, ++i) {
    const Range held = range_of(state.segments, block);
    if (!is_before(held.first, arrival.last())) break;
    if (!is_before(arrival.first, held.last)) continue;
    compare_copies(state, block, arrival);
    shared += held.shared_with(range_of(arrival)).size();
  }
  return shared;
}

}  // namespace

// The links of a merged segment that a tree node would use are free: the second of a chain has the tail's
// number in `parent`.
std::uint32_t HeldQueue::tail_of(HalfState& state, std::uint32_t block) {
  const std::uint32_t second = state.segments[block].next;
  return second == none ? block : state.segments.node(second).parent();
}

Sequence HeldQueue::end_of(HalfState& state, std::uint32_t block) {
  const std::uint32_t last = tail_of(state, block);
  const HeldSegment& tail = state.segments[last];
  return state.segments.node(last).first.add(std::int64_t{tail.size} + (tail.fin ? 1 : 0));
}

Sequence HeldQueue::highest(HalfState& state) const {
  std::uint32_t root = root_;
  return end_of(state, root_ == none ? front_ : SegmentTree(state.segments, root).last());
}

// What is in order is delivered whatever waits: blocks that it reaches over are compared, and cut when they
// are delivered.
void HeldQueue::lay_over(HalfState& state, Arrival& arrival, Inserted& result) {
  if (root_ == none) return;
  if (arrival.transmission == Transmission::first) arrival.transmission = Transmission::late;
  const SegmentTree tree(state.segments, root_);
  for (std::uint32_t block = first(state);
       block != none && is_before(state.segments.node(block).first, arrival.last());
       block = tree.next(block)) {
    result.overlap += compare_with_block(state, block, arrival);
    arrival.transmission = Transmission::again;
  }
}

HeldQueue::Inserted HeldQueue::insert_as_linux(HalfState& state, Arrival& arrival) {
  Inserted result;
  const std::uint64_t size = arrival.payload.size();
  if (!arrival.lend) result.queued = size;
  if (arrival.next) {
    lay_over(state, arrival, result);
    front_ = make_block(state, arrival);
    return result;
  }
  lowest_ = none;
  SegmentTree tree(state.segments, root_);
  auto merge_into = [&](std::uint32_t block) {
    const std::uint32_t chain = make_block(state, arrival);
    if (chain != none) append_to_block(state, block, chain);
    return result;
  };

  std::uint32_t parent = none;
  std::uint32_t node = root_;
  if (root_ != none) {
    const std::int32_t behind_last = end_of(state, last_).difference(arrival.first);
    if (behind_last < 0 && arrival.transmission == Transmission::first) {
      arrival.transmission = Transmission::late;
    }
    if (behind_last == 0) return merge_into(last_);
    if (behind_last > 0) {
      parent = last_;
      node = none;
    }
  }
  while (node != none) {
    parent = node;
    const Sequence first = state.segments.node(node).first;
    const Sequence end = end_of(state, node);
    if (is_before(arrival.first, first)) {
      node = state.segments.node(node).left;
      continue;
    }
    if (is_before(arrival.first, end)) {
      result.overlap += compare_with_block(state, node, arrival);
      arrival.transmission = Transmission::again;
      if (!is_before(end, arrival.end())) {  // nothing new
        result.overlap = result.duplicate = size;
        result.queued = 0;
        state.note_copy(arrival.offset, size, arrival.info);
        return result;
      }
      if (arrival.first == first) {
        const std::uint32_t block = make_block(state, arrival);
        if (block == none) return result;
        tree.replace(node, block);
        result.duplicate += release_block(state, node, arrival);
        remove_covered(state, block, arrival, result);
        return result;
      }
    } else if (end == arrival.first) {
      return merge_into(node);
    }
    node = state.segments.node(node).right;
  }
  const std::uint32_t block = make_block(state, arrival);
  if (block == none) return result;
  tree.insert_below(parent, block);
  remove_covered(state, block, arrival, result);
  return result;
}

// A chain with the bytes of an arrival; in the tree and in no block yet, but counted.
std::uint32_t HeldQueue::make_block(HalfState& state, const Arrival& arrival) {
  std::uint32_t head = none;
  Sequence first = arrival.first;
  Bytes rest = arrival.payload;
  do {
    const Bytes part = rest.first(std::min(rest.size(), SegmentStore::segment_size_max));
    const std::uint32_t segment = arrival.lend ? state.segments.borrow(first, part, arrival.info)
                                               : state.segments.hold(first, part, arrival.info);
    if (segment == none) {
      state.bytes().dropped += rest.size();
      return head;
    }
    ++size_;
    account(state, segment, +1);
    state.segments.node(segment).set_parent(segment);
    state.segments[segment].transmission = arrival.transmission;
    if (head == none) {
      head = segment;
    } else {
      append_to_block(state, head, segment);
    }
    first = first.add(static_cast<std::int64_t>(part.size()));
    rest = rest.subspan(part.size());
  } while (!rest.empty());
  state.segments[tail_of(state, head)].fin = arrival.fin;
  return head;
}

void HeldQueue::append_to_block(HalfState& state, std::uint32_t block, std::uint32_t chain) {
  const std::uint32_t chain_tail = tail_of(state, chain);
  state.segments[tail_of(state, block)].next = chain;
  state.segments.node(state.segments[block].next).set_parent(chain_tail);
}

// Removes the blocks above a new one that it covers to their end.
void HeldQueue::remove_covered(HalfState& state, std::uint32_t block, const Arrival& arrival,
                               Inserted& result) {
  SegmentTree tree(state.segments, root_);
  std::uint32_t next = tree.next(block);
  while (next != none && is_before(state.segments.node(next).first, arrival.end())) {
    result.overlap += compare_with_block(state, next, arrival);
    if (is_before(arrival.end(), end_of(state, next))) break;
    tree.erase(next);
    result.duplicate += release_block(state, next, arrival);
    next = tree.next(block);
  }
  if (next == none) last_ = block;
  if (result.overlap == 0) return;
  for (std::uint32_t piece = block; piece != none; piece = state.segments[piece].next) {
    state.segments[piece].transmission = Transmission::again;
  }
}

std::uint64_t HeldQueue::release_block(HalfState& state, std::uint32_t block, const Arrival& arrival) {
  std::uint64_t size = 0;
  while (block != none) {
    const std::uint32_t next = state.segments[block].next;
    const std::int64_t ahead = arrival.first.difference(state.segments.node(block).first);
    state.note_copy(arrival.offset + static_cast<std::uint64_t>(ahead), state.segments[block].size,
                    state.segments[block].info);
    size += state.segments[block].size;
    account(state, block, -1);
    --size_;
    state.segments.release(block);
    block = next;
  }
  return size;
}

}  // namespace restitch::detail
