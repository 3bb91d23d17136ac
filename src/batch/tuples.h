// Tuples: what a file holds of each pair of ends: when its packets came, and how many of its connections are
// open. The numbers and references it answers stay good. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>

#include "restitch/capture_clock.h"
#include "restitch/capture_info.h"
#include "restitch/detail/connection.h"

namespace RESTITCH_API restitch {
namespace batch {

using TupleKey = detail::FlowKey;

struct TupleKeyHash {
  std::size_t operator()(const TupleKey& key) const {
    std::uint64_t hash = key.ports_and_domain;
    for (const std::uint64_t word : key.addresses) hash = (hash ^ (hash >> 29) ^ word) * 0x9E3779B97F4A7C15;
    return static_cast<std::size_t>(hash ^ (hash >> 32));
  }
};

struct Tuple {
  TupleKey key;
  Timestamp first;  // the earliest and the latest of its packets, by capture time …
  Timestamp last;
  Elapsed first_elapsed;  // … and by the clock
  Elapsed last_elapsed;
  std::uint32_t open = 0;  // connections
  bool begins = false;     // its first packet is a SYN
  bool carried = false;    // its packets are in the carry

  void note(Timestamp time, Elapsed elapsed) {
    if (time < first) first = time;
    if (last < time) last = time;
    last_elapsed = elapsed;
  }
};

class Tuples {
 public:
  // A new one has no `first_elapsed` yet.
  std::uint32_t number_of(const TupleKey& key) {
    const auto [at, is_new] = numbers_.try_emplace(key, static_cast<std::uint32_t>(tuples_.size()));
    if (is_new) tuples_.emplace_back().key = key;
    return at->second;
  }

  // Nothing: there is none.
  [[nodiscard]] const std::uint32_t* find(const TupleKey& key) const {
    const auto found = numbers_.find(key);
    return found == numbers_.end() ? nullptr : &found->second;
  }

  [[nodiscard]] Tuple& operator[](std::uint32_t number) { return tuples_[number]; }
  [[nodiscard]] const Tuple& operator[](std::uint32_t number) const { return tuples_[number]; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(tuples_.size()); }

 private:
  std::unordered_map<TupleKey, std::uint32_t, TupleKeyHash> numbers_;
  std::deque<Tuple> tuples_;
};

}  // namespace batch
}  // namespace restitch
