// ConnectionTable: from a FlowKey to the number of its connection (or tombstone, or claims), or from any
// other key to a number. An entry is 8 bytes (hash and number), so a line holds eight and a miss rarely
// touches a connection. The hash is seeded per table, so that nobody outside can aim at one line. One thread.
//
// The table consists of parts of at most 64 KiB, each with open addressing and linear probing; the upper bits
// of a hash choose the part, the lower ones the place in it. A part that is full is split in two, so the
// table grows and shrinks in small steps and never stands still to move all it has.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "restitch/detail/connection.h"
#include "restitch/detail/prefetch.h"
#include "restitch/detail/slab.h"

namespace RESTITCH_API restitch {
namespace detail {

class ConnectionTable {
 public:
  ConnectionTable(BlockSource& source, std::uint64_t seed);

  [[nodiscard]] std::uint32_t hash(const FlowKey& key) const;

  // The number of the object with this key, or none. Its slab is where the numbers belong to.
  template <class Objects>
  [[nodiscard]] std::uint32_t find(const Objects& objects, const FlowKey& key, std::uint32_t hash) const {
    return find_if(hash, [&](std::uint32_t number) { return objects[number].key == key; });
  }

  // The number of the first object with this hash for which fits(number) is true, or none.
  template <class Fits>
  [[nodiscard]] std::uint32_t find_if(std::uint32_t hash, Fits&& fits) const {
    const Route& route = route_of(hash);
    for (std::size_t at = hash & route.mask;; at = (at + 1) & route.mask) {
      const Entry& entry = route.entries[at];
      if (entry.number == none) return none;
      if (entry.hash == hash && fits(entry.number)) return entry.number;
    }
  }

  // Requires: nothing with this key is in the table. Throws nothing; false when memory is exhausted.
  bool insert(std::uint32_t hash, std::uint32_t number);

  // Requires: it is in the table.
  void erase(std::uint32_t hash, std::uint32_t number);

  // Starts loading what find() and likely() read first.
  void prefetch_entry(std::uint32_t hash) const {
    const Route& route = route_of(hash);
    prefetch(&route.entries[hash & route.mask]);
  }
  // The number that find() will answer, or that of another object with the same hash; or none.
  [[nodiscard]] std::uint32_t likely(std::uint32_t hash) const {
    return find_if(hash, [](std::uint32_t) { return true; });
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t memory_size() const {
    return memory_size_ + routes_.capacity() * sizeof(Route) + parts_.capacity() * sizeof(parts_[0]);
  }

 private:
  struct Entry {
    std::uint32_t hash;
    std::uint32_t number;
  };
  struct Release {
    BlockSource* source;
    std::size_t size;  // in bytes
    void operator()(Entry* entries) const;
  };
  using Entries = std::unique_ptr<Entry[], Release>;

  // A power of two of entries, at most three quarters of them in use. All of its hashes have the same upper
  // `depth` bits.
  struct Part {
    Entries entries;
    std::uint32_t size = 0;  // entries
    std::uint32_t used = 0;
    std::uint32_t depth = 0;
    std::uint32_t prefix = 0;  // those bits
  };
  struct Route {
    Entry* entries = nullptr;
    std::uint32_t mask = 0;
    std::uint32_t part = 0;
  };
  static constexpr std::uint32_t part_size_min = 64;
  static constexpr std::uint32_t part_size_max = 8192;
  static constexpr std::uint32_t depth_max = 18;

  [[nodiscard]] const Route& route_of(std::uint32_t hash) const {
    return routes_[static_cast<std::size_t>(std::uint64_t{hash} >> (32 - depth_))];
  }
  Entries make_entries(std::uint32_t size);
  static void put(Part& part, Entry entry);
  bool make_room(std::uint32_t number);
  bool resize(std::uint32_t number, std::uint32_t size);
  bool split(std::uint32_t number);
  void deepen();
  void shrink(std::uint32_t number);
  bool merge(std::uint32_t number);
  void remove_part(std::uint32_t number);
  void route(std::uint32_t number);

  BlockSource* source_;
  std::vector<Route> routes_;  // by the upper depth_ bits of a hash
  std::vector<Part> parts_;
  std::uint32_t depth_ = 0;
  std::size_t size_ = 0;
  std::size_t memory_size_ = 0;  // of all entries
  std::uint64_t seed_ = 0;
};

}  // namespace detail
}  // namespace restitch
