// Crossings: the tuples of the last files that may still absorb or go on with packets, and what is known of
// each. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "batch/tuples.h"

namespace RESTITCH_API restitch {
namespace batch {

// A tuple that was seen.
struct Crossing {
  std::uint32_t open = 0;  // connections in the pools
  bool fed = false;        // the pools have its packets up to here
  std::size_t file = 0;    // in which it was seen last
  Timestamp last;
  Elapsed last_elapsed;
};

class Crossings {
 public:
  // How long a tuple without an open connection may still absorb packets.
  explicit Crossings(std::int64_t timeout_ns) : timeout_ns_(timeout_ns) {}

  // Whether packets since these moments may meet what is left of it.
  [[nodiscard]] bool lives(const Crossing& crossing, Timestamp first, Elapsed elapsed) const {
    constexpr std::int64_t second_ns = 1'073'741'824;  // of the clock
    if (crossing.open != 0) return true;
    return detail::nanoseconds_between(crossing.last, first) <= timeout_ns_ ||
           elapsed.ns() - crossing.last_elapsed.ns() <= timeout_ns_ + 2 * second_ns;
  }

  // nullptr: it was not seen.
  [[nodiscard]] Crossing* find(const TupleKey& key) {
    const auto found = seen_.find(key);
    return found == seen_.end() ? nullptr : &found->second;
  }

  // Stays where it is while it is open.
  [[nodiscard]] Crossing& operator[](const TupleKey& key) { return seen_[key]; }

  // Forgets what nothing from here on can meet.
  void forget_dead(Timestamp earliest, Elapsed elapsed) {
    std::erase_if(seen_, [&](const auto& seen) { return !lives(seen.second, earliest, elapsed); });
  }

  // The oldest file of a tuple whose packets the pools do not have; `next` if there is none.
  [[nodiscard]] std::size_t oldest_unfed(std::size_t next) const {
    for (const auto& [key, crossing] : seen_) {
      if (!crossing.fed) next = std::min(next, crossing.file);
    }
    return next;
  }

 private:
  std::int64_t timeout_ns_;
  std::unordered_map<TupleKey, Crossing, TupleKeyHash> seen_;
};

}  // namespace batch
}  // namespace restitch
