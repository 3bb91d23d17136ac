// PolicyTable: the receiver policies of a pool's connections by number, so that a connection names one in
// four bytes. Number 0 is that of all connections for which nobody chose. The others are counted, and go with
// the last connection that has them. Borrows the policies. One thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "restitch/detail/connection_table.h"
#include "restitch/detail/slab.h"
#include "restitch/receiver.h"

namespace RESTITCH_API restitch {
namespace detail {

class PolicyTable {
 public:
  PolicyTable(BlockSource& source, std::uint64_t seed, const ReceiverPolicy& usual)
      : usual_(usual), entries_(source), table_(source, seed) {}

  // The number of a policy, for one more user; null: of the usual one. Throws nothing; none when memory is
  // exhausted.
  std::uint32_t take(const ReceiverPolicy* policy);

  // One user of that number is gone. `none` is nobody's.
  void give_back(std::uint32_t number);

  const ReceiverPolicy& operator[](std::uint32_t number) const {
    return number == 0 ? usual_ : *entries_[number - 1].policy;
  }

  // Without the usual one.
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t memory_size() const { return entries_.memory_size() + table_.memory_size(); }

 private:
  struct Entry {
    const ReceiverPolicy* policy = nullptr;
    std::uint32_t hash = 0;
    std::uint32_t users = 0;
  };

  const ReceiverPolicy& usual_;
  Slab<Entry> entries_;  // by number - 1
  ConnectionTable table_;
};

}  // namespace detail
}  // namespace restitch
