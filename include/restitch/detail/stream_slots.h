// StreamSlots<S>: the streams of a pool, each under the number of its connection. Streams never move.
// One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

#include "restitch/detail/block_source.h"
#include "restitch/detail/prefetch.h"

namespace RESTITCH_API restitch {
namespace detail {

template <class S>
class StreamSlots {
 public:
  explicit StreamSlots(BlockSource& source) : source_(source) {}

  S& operator[](std::uint32_t slot) {
    return *std::launder(reinterpret_cast<S*>(chunks_[slot >> shift].cells->at[slot & mask].bytes));
  }

  // Starts loading a stream, or the beginning of a large one.
  void prefetch(std::uint32_t slot) const {
    constexpr std::size_t size_max = 256;
    const std::byte* const begin = chunks_[slot >> shift].cells->at[slot & mask].bytes;
    for (std::size_t at = 0; at < std::min(sizeof(S), size_max); at += 64) detail::prefetch(begin + at);
  }

  // Makes sure that there is memory for a slot; false when there is none.
  bool reserve(std::uint32_t slot) {
    const std::uint32_t number = slot >> shift;
    if (number >= chunks_.size() && !add_places(number + 1)) return false;
    BlockPtr<Cells>& cells = chunks_[number].cells;
    if (cells) return true;
    cells = make_block<Cells>(source_);
    if (cells) ++chunks_in_use_;
    return cells != nullptr;
  }

  // Requires: reserve(slot) was true, and the slot is empty. The owner of a slot must destroy() it before the
  // StreamSlots goes.
  template <class... Args>
  S& construct(std::uint32_t slot, Args&&... args) {
    void* const place = chunks_[slot >> shift].cells->at[slot & mask].bytes;
    S* made = ::new (place) S(std::forward<Args>(args)...);
    ++chunks_[slot >> shift].live;
    return *made;
  }

  void destroy(std::uint32_t slot) {
    (*this)[slot].~S();
    Chunk& chunk = chunks_[slot >> shift];
    if (--chunk.live != 0 || chunks_in_use_ == 1) return;
    chunk.cells.reset();
    --chunks_in_use_;
  }

  [[nodiscard]] std::size_t memory_size() const {
    return chunks_in_use_ * sizeof(Cells) + chunks_.capacity() * sizeof(chunks_[0]);
  }

 private:
  bool add_places(std::size_t count) {
    try {
      chunks_.resize(count);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  static constexpr std::uint32_t shift = [] {
    std::uint32_t bits = 0;
    while ((sizeof(S) << (bits + 1)) < 64 * 1024) ++bits;
    return bits;
  }();
  static constexpr std::uint32_t mask = (1U << shift) - 1;

  struct Cell {
    alignas(S) std::byte bytes[sizeof(S)];
  };
  struct Cells {
    Cells() noexcept {}  // leaves them uninitialised
    Cell at[mask + 1];
  };
  // What is not in the cells, so that these fill their pages.
  struct Chunk {
    BlockPtr<Cells> cells;
    std::uint32_t live = 0;
  };

  BlockSource& source_;
  std::vector<Chunk> chunks_;
  std::size_t chunks_in_use_ = 0;
};

}  // namespace detail
}  // namespace restitch
