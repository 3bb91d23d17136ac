// HeldQueue: the segments of one half-connection that wait for an earlier byte, in the order of their first
// numbers, and the rule by which overlapping copies are settled: a table, or the exact one of Linux, which
// needs an order of its own. Part of a HalfDetail; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "restitch/detail/arrival.h"
#include "restitch/detail/segment_order.h"
#include "restitch/detail/segment_store.h"
#include "restitch/receiver.h"

namespace RESTITCH_API restitch {
namespace detail {

struct HalfState;

class HeldQueue {
 public:
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t pages() const { return pages_; }

  // The segment with the lowest number. Requires: not empty().
  [[nodiscard]] std::uint32_t first(HalfState& state) const;

  // The lowest number. Requires: not empty().
  [[nodiscard]] Sequence lowest(HalfState& state) const {
    return has_blocks() ? lowest_of_blocks(state) : order_.lowest();
  }

  // One past the highest number. Requires: not empty().
  [[nodiscard]] Sequence highest(HalfState& state) const;

  // Whether a number is no farther than `reach` from a segment that waits. (Under Linux' rule: from all of
  // them.)
  [[nodiscard]] bool is_near(HalfState& state, Sequence position, std::int32_t reach);

  // Segments between which no more than `reach` is missing belong together. The lowest number of those that
  // `position` lies among, or right before or behind; of those that are most.
  [[nodiscard]] std::optional<Sequence> start_around(HalfState& state, Sequence position,
                                                     std::uint32_t reach) const;
  [[nodiscard]] std::optional<Sequence> start_of_most(HalfState& state, std::uint32_t reach) const;

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

  // Segments that were merged with the one popped last come next.
  [[nodiscard]] bool in_block() const { return front_ != none; }

  // Drops the bytes below `first`, or all; answers how many.
  std::uint64_t discard_before(HalfState& state, Sequence first);
  std::uint64_t discard_all(HalfState& state);

 private:
  using Place = SegmentOrder::Place;
  using Segment = std::uint32_t;
  using Block = std::uint32_t;

  inline Inserted insert_by_table(HalfState& state, const ReceiverPolicy& policy, Arrival& arrival);
  inline std::uint64_t place(HalfState& state, Place& before, Sequence first, Bytes bytes,
                             const Arrival& from);
  void cut(HalfState& state, Place at, Sequence first, Sequence last);

  struct Cluster {
    Sequence first;
    Sequence last;
    std::size_t segments = 0;
  };
  template <class Function>
  void for_each_cluster(HalfState& state, std::uint32_t reach, Function&& function) const;
  inline Segment pop_by_table(HalfState& state);

  // Linux' rule (linux_queue.cc): a tree of blocks, each a ring of merged segments that is known by its last.
  [[nodiscard]] bool has_blocks() const { return root_ != none || front_ != none; }
  Inserted insert_as_linux(HalfState& state, Arrival& arrival);
  void lay_over(HalfState& state, Arrival& arrival, Inserted& result);
  void merge(HalfState& state, Block block, const Arrival& arrival, Inserted& result);
  void renew(HalfState& state, Block block, const Arrival& arrival, Inserted& result);
  void add_block(HalfState& state, Block parent, bool right, const Arrival& arrival, Inserted& result);
  void remove_covered(HalfState& state, Block block, const Arrival& arrival, Inserted& result);
  Segment make_ring(HalfState& state, const Arrival& arrival);
  std::uint64_t release_ring(HalfState& state, Segment tail, const Arrival& arrival);
  [[nodiscard]] Block first_block(HalfState& state) const;
  [[nodiscard]] Block next_block(HalfState& state, Block block) const;
  [[nodiscard]] Sequence start_of_block(HalfState& state, Block block) const;
  [[nodiscard]] Sequence end_of_block(HalfState& state, Block block) const;
  [[nodiscard]] Segment first_of_blocks(HalfState& state) const;
  [[nodiscard]] Sequence lowest_of_blocks(HalfState& state) const;
  [[nodiscard]] Sequence highest_of_blocks(HalfState& state) const;
  Segment pop_as_linux(HalfState& state);
  bool restore_block(HalfState& state);

  void account(HalfState& state, std::uint32_t size, int sign);

  SegmentOrder order_;           // by a table
  Block root_ = none;            // Linux' rule: the tree
  mutable Block lowest_ = none;  // the first of it, if that is known
  Block last_ = none;            // the last of it, as of the last insertion at the end
  Segment front_ = none;         // a chain to be popped before the tree
  std::uint32_t size_ = 0;       // segments
  std::uint32_t pages_ = 0;      // of all of them
  std::uint64_t bytes_ = 0;
};

}  // namespace detail
}  // namespace restitch
