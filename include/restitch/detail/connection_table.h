// ConnectionTable: from a FlowKey to the number of its connection. Open addressing with linear probing;
// an entry is 8 bytes (hash and number), so a line holds eight and a miss rarely touches a connection.
// The hash is seeded per table, so that nobody outside can aim at one line. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "restitch/detail/connection.h"
#include "restitch/detail/slab.h"

namespace restitch::detail {

class ConnectionTable {
 public:
  using Connections = Slab<Connection, 256 * 1024>;

  explicit ConnectionTable(std::uint64_t seed);

  [[nodiscard]] std::uint32_t hash(const FlowKey& key) const;

  // The number of the connection with this key, or none.
  [[nodiscard]] std::uint32_t find(const Connections& connections, const FlowKey& key,
                                   std::uint32_t hash) const {
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Entry& entry = entries_[at];
      if (entry.number == none) return none;
      if (entry.hash == hash && connections[entry.number].key == key) return entry.number;
    }
  }

  // Requires: no connection with this key is in the table.
  void insert(std::uint32_t hash, std::uint32_t number);

  // Requires: it is in the table.
  void erase(std::uint32_t hash, std::uint32_t number);

  // Starts loading what find() will read: first the entry, later the connection that it names.
  void prefetch_entry(std::uint32_t hash) const { __builtin_prefetch(&entries_[hash & mask_]); }
  void prefetch_connection(const Connections& connections, std::uint32_t hash) const {
    const Entry& entry = entries_[hash & mask_];
    if (entry.number != none) {
      const char* line = reinterpret_cast<const char*>(&connections[entry.number]);
      __builtin_prefetch(line);
      __builtin_prefetch(line + 64);
    }
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t memory_size() const { return entries_.capacity() * sizeof(Entry); }

 private:
  struct Entry {
    std::uint32_t hash = 0;
    std::uint32_t number = none;
  };
  static constexpr std::size_t size_min = 64;

  void rehash(std::size_t entries);

  // The table is a power of two of entries, at most three quarters of them in use.
  std::vector<Entry> entries_;
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
  std::uint64_t seed_ = 0;
};

}  // namespace restitch::detail
