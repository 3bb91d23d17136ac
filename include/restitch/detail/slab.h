// Slab<T>: many equal objects, referred to by 32-bit numbers that stay valid until released. Memory comes
// in chunks of 68 KiB, and chunks without objects are given back. Objects never
// move. One thread.
//
// Slab<T, Hot> keeps a small part of each object apart, next to the same parts of its neighbours: what a
// search has to read of many objects lies together, and the rest stays out of the cache.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "restitch/detail/block_source.h"
#include "restitch/detail/require.h"

namespace RESTITCH_API restitch {
namespace detail {

// The number that refers to nothing.
constexpr std::uint32_t none = 0xFFFFFFFF;

// No part apart.
struct NothingHot {};

template <class T, class Hot = NothingHot>
class Slab {
 public:
  explicit Slab(BlockSource& source) : source_(source) {}
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    if constexpr (!std::is_trivially_destructible_v<T>) {
      for_each([](std::uint32_t, T& object) { object.~T(); });
    }
  }

  // A new object's number, or none when memory is exhausted. Its hot part is as if new, too.
  template <class... Args>
  std::uint32_t allocate(Args&&... args) {
    if (open_ == none && !grow()) return none;
    const std::uint32_t number = open_;
    Chunk& chunk = *chunks_[number];
    if (chunk.live++ == 0) --empty_;
    const std::uint32_t local = chunk.free_head != none ? chunk.free_head : chunk.fresh++;
    if (chunk.free_head != none) chunk.free_head = chunk.cells[local].next_free;
    chunk.used[local / 64] |= std::uint64_t{1} << (local % 64);
    ++size_;
    if (chunk.free_head == none && chunk.fresh == cells_per_chunk) unlink(number);
    ::new (static_cast<void*>(chunk.cells[local].bytes)) T(std::forward<Args>(args)...);
    if constexpr (has_hot) ::new (static_cast<void*>(&chunk.hot[local])) Hot();
    return (number << shift) | local;
  }

  // Makes sure that the next allocate() succeeds; false when memory is exhausted.
  bool reserve_one() { return open_ != none || grow(); }

  void release(std::uint32_t index) {
    const std::uint32_t number = index >> shift;
    const std::uint32_t local = index & mask;
    Chunk& chunk = *chunks_[number];
    RESTITCH_REQUIRE(is_used(index), "what has a number is released once");
    object(chunk.cells[local]).~T();
    chunk.used[local / 64] &= ~(std::uint64_t{1} << (local % 64));
    const bool was_full = chunk.free_head == none && chunk.fresh == cells_per_chunk;
    chunk.cells[local].next_free = chunk.free_head;
    chunk.free_head = local;
    --chunk.live;
    --size_;
    if (was_full) link(number);
    if (chunk.live == 0) note_empty(number);
  }

  T& operator[](std::uint32_t index) { return object(chunks_[index >> shift]->cells[index & mask]); }
  const T& operator[](std::uint32_t index) const {
    return object(chunks_[index >> shift]->cells[index & mask]);
  }
  Hot& hot(std::uint32_t index) { return chunks_[index >> shift]->hot[index & mask]; }
  const Hot& hot(std::uint32_t index) const { return chunks_[index >> shift]->hot[index & mask]; }

  [[nodiscard]] bool is_used(std::uint32_t index) const {
    const std::uint32_t number = index >> shift;
    return number < chunks_.size() && chunks_[number] &&
           (chunks_[number]->used[(index & mask) / 64] >> (index & mask) % 64 & 1) != 0;
  }

  // Objects alive, and bytes of memory taken for them.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t memory_size() const {
    return chunks_in_use_ * sizeof(Chunk) + chunks_.capacity() * sizeof(chunks_[0]) +
           unused_.capacity() * sizeof(unused_[0]);
  }

  // One more than the highest number that may be in use.
  [[nodiscard]] std::uint32_t bound() const { return static_cast<std::uint32_t>(chunks_.size()) << shift; }

  // The lowest number in use that is not below `from`, or none. Many that are not in use cost little.
  [[nodiscard]] std::uint32_t next_used(std::uint32_t from) const {
    for (std::uint32_t number = from >> shift; number < chunks_.size(); ++number, from = number << shift) {
      if (!chunks_[number] || chunks_[number]->live == 0) continue;
      for (std::uint32_t local = from & mask; local <= mask; local = (local / 64 + 1) * 64) {
        if (const std::uint64_t used = chunks_[number]->used[local / 64] >> local % 64; used != 0)
          return (number << shift) + local + static_cast<std::uint32_t>(std::countr_zero(used));
      }
    }
    return none;
  }

  // Calls function(index, object) for each object; the function may release the object it is given.
  template <class Function>
  void for_each(Function&& function) {
    for (std::uint32_t index = 0; index < bound(); ++index) {
      if (!chunks_[index >> shift]) {
        index |= mask;
      } else if (is_used(index)) {
        function(index, (*this)[index]);
      }
    }
  }

 private:
  static constexpr bool has_hot = !std::is_same_v<Hot, NothingHot>;
  static_assert(std::is_trivially_destructible_v<Hot>);
  union Cell {
    std::uint32_t next_free;
    alignas(T) std::byte bytes[sizeof(T)];
  };

  // As many cells as fit into a chunk; numbers go up in powers of two, and those between are never given out.
  // A chunk is no power of two of pages, or the hot parts of all chunks would compete for the same cache
  // lines.
  static constexpr std::size_t chunk_size = std::size_t{68} * 1024;
  static constexpr std::size_t cell_size = sizeof(Cell) + (has_hot ? sizeof(Hot) : 0);
  static constexpr std::size_t administration_size = 64 + 2 * chunk_size / cell_size / 8;
  static constexpr std::uint32_t cells_per_chunk =
      static_cast<std::uint32_t>((chunk_size - administration_size) / cell_size);
  static constexpr std::uint32_t shift = [] {
    std::uint32_t bits = 6;
    while ((std::uint32_t{1} << bits) < cells_per_chunk) ++bits;
    return bits;
  }();
  static constexpr std::uint32_t mask = (1U << shift) - 1;

  template <class Part, bool>
  struct HotParts {
    Part hot[cells_per_chunk];
  };
  template <class Part>
  struct HotParts<Part, false> {};

  // Cells are left as they are: in the first chunks those that were never used are not resident.
  struct Chunk : HotParts<Hot, has_hot> {
    Chunk() noexcept {}
    Cell cells[cells_per_chunk];
    std::uint64_t used[(mask + 1) / 64] = {};  // a bit for each object
    std::uint32_t live = 0;
    std::uint32_t fresh = 0;         // cells from here on were never used
    std::uint32_t free_head = none;  // those that were, and are free
    std::uint32_t next = none;       // chunks with a free cell form a list, empty ones at its end
    std::uint32_t previous = none;
  };
  static_assert(sizeof(Chunk) <= chunk_size);

  static T& object(Cell& cell) { return *std::launder(reinterpret_cast<T*>(cell.bytes)); }
  static const T& object(const Cell& cell) { return *std::launder(reinterpret_cast<const T*>(cell.bytes)); }

  bool grow() {
    const std::uint32_t number =
        unused_.empty() ? static_cast<std::uint32_t>(chunks_.size()) : unused_.back();
    if (number > (none >> shift) - 1) return false;
    BlockPtr<Chunk> chunk = make_block<Chunk>(source_);
    if (!chunk) return false;
    if (unused_.empty()) {
      if (!add_place()) return false;
    } else {
      unused_.pop_back();
    }
    chunks_[number] = std::move(chunk);
    ++chunks_in_use_;
    ++empty_;
    link(number);
    return true;
  }

  // Room for one more chunk, and for its number should it be given back.
  bool add_place() {
    const std::size_t before = chunks_.size();
    try {
      chunks_.emplace_back();
      unused_.reserve(chunks_.capacity());
      return true;
    } catch (const std::bad_alloc&) {
      chunks_.resize(before);
      return false;
    }
  }

  // An empty chunk is kept for the next allocations, behind all others, if there are few of them: one, or a
  // sixteenth of all.
  void note_empty(std::uint32_t number) {
    unlink(number);
    link_last(number);
    ++empty_;
    while (empty_ > 1 + chunks_in_use_ / 16) {
      const std::uint32_t last = last_open_;
      unlink(last);
      chunks_[last].reset();
      unused_.push_back(last);
      --chunks_in_use_;
      --empty_;
    }
  }

  void link(std::uint32_t number) {
    Chunk& chunk = *chunks_[number];
    chunk.previous = none;
    chunk.next = open_;
    (open_ == none ? last_open_ : chunks_[open_]->previous) = number;
    open_ = number;
  }

  void link_last(std::uint32_t number) {
    Chunk& chunk = *chunks_[number];
    chunk.next = none;
    chunk.previous = last_open_;
    (last_open_ == none ? open_ : chunks_[last_open_]->next) = number;
    last_open_ = number;
  }

  void unlink(std::uint32_t number) {
    Chunk& chunk = *chunks_[number];
    (chunk.previous == none ? open_ : chunks_[chunk.previous]->next) = chunk.next;
    (chunk.next == none ? last_open_ : chunks_[chunk.next]->previous) = chunk.previous;
    chunk.next = chunk.previous = none;
  }

  BlockSource& source_;
  std::vector<BlockPtr<Chunk>> chunks_;
  std::vector<std::uint32_t> unused_;  // numbers of chunks that were given back
  std::uint32_t open_ = none;          // first chunk with a free cell
  std::uint32_t last_open_ = none;
  std::size_t size_ = 0;
  std::size_t chunks_in_use_ = 0;
  std::size_t empty_ = 0;  // of them
};

}  // namespace detail
}  // namespace restitch
