#include "restitch/detail/connection_table.h"

#include <cassert>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace restitch::detail {

ConnectionTable::ConnectionTable(std::uint64_t seed) : seed_(seed) { rehash(size_min); }

std::uint32_t ConnectionTable::hash(const FlowKey& key) const {
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(&key, sizeof key, seed_) >> 32);
}

void ConnectionTable::insert(std::uint32_t hash, std::uint32_t number) {
  if ((size_ + 1) * 4 > entries_.size() * 3) rehash(entries_.size() * 2);
  std::size_t at = hash & mask_;
  while (entries_[at].number != none) at = (at + 1) & mask_;
  entries_[at] = {hash, number};
  ++size_;
}

// Closes the hole by moving back later entries of the same run, so that no mark of the erased one stays.
void ConnectionTable::erase(std::uint32_t hash, std::uint32_t number) {
  std::size_t hole = hash & mask_;
  while (entries_[hole].number != number) {
    assert(entries_[hole].number != none);
    hole = (hole + 1) & mask_;
  }
  for (std::size_t at = (hole + 1) & mask_; entries_[at].number != none; at = (at + 1) & mask_) {
    const std::size_t home = entries_[at].hash & mask_;
    if (((at - home) & mask_) >= ((at - hole) & mask_)) {
      entries_[hole] = entries_[at];
      hole = at;
    }
  }
  entries_[hole] = {};
  --size_;
  if (entries_.size() > size_min && size_ * 8 < entries_.size()) rehash(entries_.size() / 4);
}

void ConnectionTable::rehash(std::size_t entries) {
  entries = entries < size_min ? size_min : entries;
  const std::vector<Entry> old = std::exchange(entries_, std::vector<Entry>(entries));
  mask_ = entries - 1;
  for (const Entry& entry : old) {
    if (entry.number == none) continue;
    std::size_t at = entry.hash & mask_;
    while (entries_[at].number != none) at = (at + 1) & mask_;
    entries_[at] = entry;
  }
}

}  // namespace restitch::detail
