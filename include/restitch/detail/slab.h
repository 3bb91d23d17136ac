// Slab<T>: many equal objects, referred to by 32-bit numbers that stay valid until released. Memory comes
// in chunks and a chunk without objects is given back. Objects never move. One thread.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace restitch::detail {

// The number that refers to nothing.
constexpr std::uint32_t none = 0xFFFFFFFF;

template <class T, std::size_t chunk_bytes = 64 * 1024>
class Slab {
 public:
  Slab() = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    if constexpr (!std::is_trivially_destructible_v<T>) {
      for_each([](std::uint32_t, T& object) { object.~T(); });
    }
  }

  // A new object's number, or none when memory is exhausted.
  template <class... Args>
  std::uint32_t allocate(Args&&... args) {
    if (open_ == none && !grow()) return none;
    Chunk& chunk = *chunks_[open_];
    const std::uint32_t local = chunk.free_head;
    Cell& cell = chunk.cells[local];
    chunk.free_head = cell.next_free;
    chunk.used[local / 64] |= std::uint64_t{1} << (local % 64);
    ++chunk.live;
    ++size_;
    const std::uint32_t index = (open_ << shift) | local;
    if (chunk.free_head == none) unlink(open_);
    ::new (static_cast<void*>(cell.bytes)) T(std::forward<Args>(args)...);
    return index;
  }

  void release(std::uint32_t index) {
    const std::uint32_t number = index >> shift;
    const std::uint32_t local = index & mask;
    Chunk& chunk = *chunks_[number];
    assert(is_used(index));
    object(chunk.cells[local]).~T();
    chunk.used[local / 64] &= ~(std::uint64_t{1} << (local % 64));
    const bool was_full = chunk.free_head == none;
    chunk.cells[local].next_free = chunk.free_head;
    chunk.free_head = local;
    --chunk.live;
    --size_;
    if (was_full) link(number);
    if (chunk.live == 0) give_back(number);
  }

  T& operator[](std::uint32_t index) { return object(chunks_[index >> shift]->cells[index & mask]); }
  const T& operator[](std::uint32_t index) const {
    return object(chunks_[index >> shift]->cells[index & mask]);
  }

  [[nodiscard]] bool is_used(std::uint32_t index) const {
    const std::uint32_t number = index >> shift;
    return number < chunks_.size() && chunks_[number] &&
           (chunks_[number]->used[(index & mask) / 64] >> (index & mask) % 64 & 1) != 0;
  }

  // Objects alive, and bytes of memory taken for them.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t memory_size() const {
    return chunks_in_use_ * sizeof(Chunk) + chunks_.capacity() * sizeof(chunks_[0]);
  }

  // One more than the highest number that may be in use.
  [[nodiscard]] std::uint32_t bound() const { return static_cast<std::uint32_t>(chunks_.size()) << shift; }

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
  union Cell {
    std::uint32_t next_free;
    alignas(T) std::byte bytes[sizeof(T)];
  };

  static constexpr std::uint32_t compute_shift() {
    std::uint32_t bits = 6;
    while ((std::size_t{2} << bits) * sizeof(Cell) <= chunk_bytes) ++bits;
    return bits;
  }
  static constexpr std::uint32_t shift = compute_shift();
  static constexpr std::uint32_t cells_per_chunk = 1U << shift;
  static constexpr std::uint32_t mask = cells_per_chunk - 1;

  struct Chunk {
    Cell cells[cells_per_chunk];
    std::uint64_t used[cells_per_chunk / 64] = {};
    std::uint32_t live = 0;
    std::uint32_t free_head = 0;
    std::uint32_t next = none;  // chunks with a free cell form a list
    std::uint32_t previous = none;
  };

  static T& object(Cell& cell) { return *std::launder(reinterpret_cast<T*>(cell.bytes)); }
  static const T& object(const Cell& cell) { return *std::launder(reinterpret_cast<const T*>(cell.bytes)); }

  bool grow() {
    std::uint32_t number = unused_.empty() ? static_cast<std::uint32_t>(chunks_.size()) : unused_.back();
    if (number > (none >> shift) - 1) return false;
    std::unique_ptr<Chunk> chunk(new (std::nothrow) Chunk);
    if (!chunk) return false;
    for (std::uint32_t i = 0; i < cells_per_chunk; ++i) {
      chunk->cells[i].next_free = i + 1 < cells_per_chunk ? i + 1 : none;
    }
    if (unused_.empty()) {
      chunks_.emplace_back();
      unused_.reserve(chunks_.capacity());
    } else {
      unused_.pop_back();
    }
    chunks_[number] = std::move(chunk);
    ++chunks_in_use_;
    link(number);
    return true;
  }

  // Frees an empty chunk, unless it is the only one with room: the next allocation would want it back.
  void give_back(std::uint32_t number) {
    Chunk& chunk = *chunks_[number];
    if (open_ == number && chunk.next == none) return;
    unlink(number);
    chunks_[number].reset();
    unused_.push_back(number);
    --chunks_in_use_;
  }

  void link(std::uint32_t number) {
    Chunk& chunk = *chunks_[number];
    chunk.previous = none;
    chunk.next = open_;
    if (open_ != none) chunks_[open_]->previous = number;
    open_ = number;
  }

  void unlink(std::uint32_t number) {
    Chunk& chunk = *chunks_[number];
    (chunk.previous == none ? open_ : chunks_[chunk.previous]->next) = chunk.next;
    if (chunk.next != none) chunks_[chunk.next]->previous = chunk.previous;
    chunk.next = chunk.previous = none;
  }

  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<std::uint32_t> unused_;  // numbers of chunks that were given back
  std::uint32_t open_ = none;          // first chunk with a free cell
  std::size_t size_ = 0;
  std::size_t chunks_in_use_ = 0;
};

}  // namespace restitch::detail
