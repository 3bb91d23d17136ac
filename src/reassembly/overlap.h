// How two ranges of sequence numbers that share bytes lie to each other (pure arithmetic), and whether two
// copies of the same bytes are equal.
#pragma once

#include <cstddef>

#include "restitch/detail/half_state.h"
#include "restitch/receiver.h"
#include "restitch/sequence.h"

namespace restitch {

// The positions [first, last); shorter than 2^31.
struct Range {
  Sequence first;
  Sequence last;

  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(first.difference(last)); }

  // The part that both have. Requires: there is one.
  [[nodiscard]] Range shared_with(const Range& other) const {
    return {first.difference(other.first) > 0 ? other.first : first,
            last.difference(other.last) > 0 ? last : other.last};
  }

  // Where this range begins within `outer`. Requires: it begins there.
  [[nodiscard]] std::size_t offset_in(const Range& outer) const {
    return static_cast<std::size_t>(outer.first.difference(first));
  }
};

// Requires: the ranges share bytes.
inline Relation relation(const Range& held, const Range& arrived) {
  const auto start = held.first.difference(arrived.first);  // > 0: held starts first
  const auto end = held.last.difference(arrived.last);      // > 0: held ends first
  if (start == 0) return end == 0 ? Relation::equals : end > 0 ? Relation::starts : Relation::started_by;
  if (end == 0) return start > 0 ? Relation::finished_by : Relation::finishes;
  if (start > 0) return end > 0 ? Relation::overlaps : Relation::contains;
  return end > 0 ? Relation::during : Relation::overlapped_by;
}

namespace detail {

inline Range range_of(const SegmentStore& store, std::uint32_t segment) {
  const Sequence first = store[segment].first;
  return {first, first.add(store[segment].size)};
}
inline Range range_of(const Arrival& arrival) { return {arrival.first, arrival.last()}; }

// Whatever the policy: two copies of the same bytes are compared, and a difference is an event, which says
// what is delivered. Requires: they share bytes.
void compare_copies(HalfState& state, std::uint32_t segment, const Arrival& arrival, Winner delivered);

}  // namespace detail
}  // namespace restitch
