// GivenUpGaps: the last gaps that were given up in each connection, so that what comes for them all the same
// is not taken for a repetition. Each connection has a few places, the oldest of which is used again; beyond
// 16,384 connections they share places. Places take memory when the first gap comes. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "restitch/detail/block_source.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {
namespace detail {

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

  [[nodiscard]] std::size_t memory_size() const { return pages_used_ * sizeof(Page); }

 private:
  static constexpr std::size_t ways = 8;  // gaps of both directions of a connection
  static constexpr std::size_t sets_of_page = 128;
  static constexpr std::size_t pages = 128;

  struct Gap {
    std::uint32_t number = unused;
    Range range;
  };
  struct Set {
    std::array<Gap, ways> gaps;
    std::uint32_t oldest = 0;
  };
  // The places of connections with slots side by side.
  struct Page {
    std::array<Set, sets_of_page> sets;
    std::uint32_t gaps = 0;  // in them; without any, the page goes
  };
  static constexpr std::uint32_t unused = 0xFFFFFFFF;

  static std::uint32_t number_of(Direction direction) {
    return 2 * direction.slot + static_cast<std::uint32_t>(direction.which);
  }
  static std::size_t page_of(std::uint32_t slot) { return slot / sets_of_page % pages; }
  // nullptr: no gap of a connection thereabouts was given up.
  [[nodiscard]] Set* set_of(std::uint32_t slot) const {
    const BlockPtr<Page>& page = pages_[page_of(slot)];
    return page ? &page->sets[slot % sets_of_page] : nullptr;
  }

  BlockSource& source_;
  std::array<BlockPtr<Page>, pages> pages_;
  std::size_t pages_used_ = 0;
};

}  // namespace detail
}  // namespace restitch
