// HeldQueue: the segments of one half-connection that wait for an earlier byte, in a tree by their first
// number, and the rule by which overlapping copies are settled. Part of a HalfDetail; one thread.
#pragma once

#include <cstdint>

#include "restitch/detail/arrival.h"
#include "restitch/detail/segment_store.h"
#include "restitch/receiver.h"

namespace restitch::detail {

struct HalfState;

class HeldQueue {
 public:
  [[nodiscard]] bool empty() const { return root_ == none && front_ == none; }
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t pages() const { return pages_; }

  // The segment with the lowest number. Requires: not empty().
  [[nodiscard]] std::uint32_t first(HalfState& state) const;

  // One past the highest number. Requires: not empty().
  [[nodiscard]] Sequence highest(HalfState& state) const;

  // The longest stretch of sequence space that the queue would cover together with [first, first + size).
  [[nodiscard]] std::int64_t spread_with(HalfState& state, Sequence first, std::size_t size) const;

  // What became of an arrival, in bytes.
  struct Inserted {
    std::uint64_t overlap = 0;    // were there already, in either copy
    std::uint64_t duplicate = 0;  // of both copies, those that will not be delivered
    std::uint64_t queued = 0;     // wait now, apart from lent ones
  };

  // Settles with every held segment that the arrival shares bytes with whose copy stays, and places what
  // is left of the arrival.
  Inserted insert(HalfState& state, const ReceiverPolicy& policy, Arrival& arrival);

  // Takes the lowest segment out; it is the caller's. Of merged segments one at a time.
  std::uint32_t pop(HalfState& state);

  // Drops the bytes below `first`, or all; answers how many.
  std::uint64_t discard_before(HalfState& state, Sequence first);
  std::uint64_t discard_all(HalfState& state);

 private:
  using Segment = std::uint32_t;

  Inserted insert_by_table(HalfState& state, const ReceiverPolicy& policy, Arrival& arrival);
  [[nodiscard]] Segment last(HalfState& state) const;
  [[nodiscard]] Segment at_or_before(HalfState& state, Sequence position) const;
  std::uint64_t place(HalfState& state, Segment before, Sequence first, Bytes bytes, const CaptureInfo& info,
                      Transmission transmission, bool lend);
  void cut(HalfState& state, Segment segment, Sequence first, Sequence last);

  // Linux' rule (linux_queue.cc): blocks, each a chain of merged segments under its first one.
  Inserted insert_as_linux(HalfState& state, Arrival& arrival);
  void lay_over(HalfState& state, Arrival& arrival, Inserted& result);
  Segment make_block(HalfState& state, const Arrival& arrival);
  void append_to_block(HalfState& state, Segment block, Segment chain);
  void remove_covered(HalfState& state, Segment block, const Arrival& arrival, Inserted& result);
  std::uint64_t release_block(HalfState& state, Segment block, const Arrival& arrival);
  [[nodiscard]] static Segment tail_of(HalfState& state, Segment block);
  [[nodiscard]] static Sequence end_of(HalfState& state, Segment block);

  void account(HalfState& state, Segment segment, int sign);

  Segment root_ = none;
  // The ends of the tree, if they are known: arrivals in order, or in reverse, need no search. (The upper one
  // under a table only.)
  mutable Segment lowest_ = none;
  mutable Segment highest_ = none;
  Segment front_ = none;     // Linux' rule: a chain to be popped before the tree
  Segment last_ = none;      // Linux' rule: the last block, as of the last insertion at the end
  std::uint32_t size_ = 0;   // segments
  std::uint32_t pages_ = 0;  // of all of them
  std::uint64_t bytes_ = 0;
};

}  // namespace restitch::detail
