// GivenUpGaps: gaps that were given up in the last of many directions, so that what comes for them all the
// same is not taken for a repetition. A fixed number of places, the oldest of which is used again; they take
// memory when the first gap comes. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "restitch/detail/block_source.h"
#include "restitch/packet.h"

namespace restitch::detail {

class GivenUpGaps {
 public:
  explicit GivenUpGaps(BlockSource& source) : source_(source) {}

  // The directions of a connection are told by its slot.
  struct Direction {
    std::uint32_t slot;
    TcpFlowDirection which;
  };

  // Bytes of a stream, by their offsets.
  struct Range {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;

    [[nodiscard]] std::uint64_t end() const { return offset + size; }
  };

  // Without memory for it, nothing is remembered.
  void add(Direction direction, const Range& gap);

  // Of `size` bytes from `offset` on, the first that lie in a gap that is remembered.
  [[nodiscard]] std::optional<Range> first_in(Direction direction, std::uint64_t offset,
                                              std::uint64_t size) const;

  // Forgets a direction; or lets the two of a connection change places.
  void forget(Direction direction);
  void swap(std::uint32_t slot);

  [[nodiscard]] std::size_t memory_size() const { return sets_ ? sizeof(Sets) : 0; }

 private:
  static constexpr std::size_t ways = 8;  // gaps of the directions that share a set
  static constexpr std::size_t sets = 128;

  struct Gap {
    std::uint32_t number = unused;
    Range range;
  };
  struct Set {
    std::array<Gap, ways> gaps;
    std::uint32_t oldest = 0;
  };
  struct Sets {
    std::array<Set, sets> at;
  };
  static constexpr std::uint32_t unused = 0xFFFFFFFF;

  static std::uint32_t number_of(Direction direction) {
    return 2 * direction.slot + static_cast<std::uint32_t>(direction.which);
  }
  // Both directions of a connection share a set.
  [[nodiscard]] Set& set_of(std::uint32_t slot) const { return sets_->at[slot % sets]; }

  BlockSource& source_;
  BlockPtr<Sets> sets_;
};

}  // namespace restitch::detail
