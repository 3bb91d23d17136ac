// StreamSlots<S>: the streams of a pool, each under the number of its connection. Streams never move.
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace restitch::detail {

template <class S>
class StreamSlots {
 public:
  S& operator[](std::uint32_t slot) {
    return *std::launder(reinterpret_cast<S*>(chunks_[slot >> shift]->cells[slot & mask].bytes));
  }

  // Requires: the slot is empty. The owner of a slot must destroy() it before the StreamSlots goes.
  template <class... Args>
  S& construct(std::uint32_t slot, Args&&... args) {
    const std::uint32_t number = slot >> shift;
    if (number >= chunks_.size()) chunks_.resize(number + 1);
    if (!chunks_[number]) chunks_[number].reset(new Chunk);
    Cell& cell = chunks_[number]->cells[slot & mask];
    S* made = ::new (static_cast<void*>(cell.bytes)) S(std::forward<Args>(args)...);
    ++chunks_[number]->live;
    return *made;
  }

  void destroy(std::uint32_t slot) {
    (*this)[slot].~S();
    std::unique_ptr<Chunk>& chunk = chunks_[slot >> shift];
    if (--chunk->live == 0) chunk.reset();
  }

 private:
  static constexpr std::uint32_t shift = 10;
  static constexpr std::uint32_t mask = (1U << shift) - 1;

  struct Cell {
    alignas(S) std::byte bytes[sizeof(S)];
  };
  struct Chunk {
    Chunk() {}  // leaves the cells uninitialised
    Cell cells[mask + 1];
    std::uint32_t live = 0;
  };

  std::vector<std::unique_ptr<Chunk>> chunks_;
};

}  // namespace restitch::detail
