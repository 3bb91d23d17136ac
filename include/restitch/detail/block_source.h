// BlockSource: where the large pieces of memory of one pool come from. Pieces of a size lie side by side in
// regions. A region is a sixteenth of what is in use of that size, up to 1 MiB, so that a small pool does not
// pay for more than it uses, or a huge page, once there is enough to fill some: a walk over much memory need
// not look up each small page. What is given back is no longer resident, but for a sixteenth of what is in
// use: it costs less to wait until all of a region is free than to take it apart. One thread.
//
//   region  │ piece │ piece │ free │ piece │ … │        all of one size
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <set>
#include <type_traits>

#include "restitch/export.h"

namespace RESTITCH_API restitch {
namespace detail {

class BlockSource {
 public:
  static constexpr std::size_t huge_size = std::size_t{2} * 1024 * 1024;  // of a page, and the largest region
  static constexpr std::size_t piece_max = std::size_t{128} * 1024;       // larger ones leave too much over
  static constexpr std::size_t alone = std::numeric_limits<std::size_t>::max();

  BlockSource();

  // `small_size`: so many bytes of a size are in use before huge pages are; `alone`: no piece has a
  // neighbour.
  explicit BlockSource(std::size_t small_size) : small_size_(small_size) {}
  BlockSource(const BlockSource&) = delete;
  BlockSource& operator=(const BlockSource&) = delete;

  // Requires: all was released.
  ~BlockSource();

  // Zeroed pages, or nullptr when there are none; and back.
  void* allocate(std::size_t size) noexcept;
  void release(void* piece, std::size_t size) noexcept;

  // Bytes of all regions, counted one by one.
  [[nodiscard]] std::size_t regions_size() const {
    std::size_t sum = 0;
    for (const auto& [base, region] : regions_) sum += region.size;
    return sum;
  }

 private:
  static constexpr std::size_t page_size = 4096;

  using Pieces = std::bitset<huge_size / page_size>;
  struct Region {
    std::size_t size = 0;
    std::size_t pieces = 0;  // fit into it
    std::size_t fresh = 0;   // pieces from here on were never used
    Pieces used{};
    Pieces stale{};  // given back, and still resident
  };
  using Regions = std::map<std::uintptr_t, Region>;  // by address
  // All pieces of a size.
  struct Size {
    std::size_t used = 0;  // bytes
    std::size_t stale = 0;
    std::set<std::uintptr_t> open;  // regions with room; the lowest is filled first
    std::set<std::uintptr_t> with_stale;
  };

  static std::size_t pages_of(std::size_t size) { return (size + page_size - 1) / page_size; }
  Regions::iterator open_region(std::size_t pages, std::size_t wanted) noexcept;
  void* take_from(Regions::iterator at, std::size_t pages);
  void put_back(Regions::iterator at, std::uintptr_t piece, std::size_t pages) noexcept;
  void close_region(Regions::iterator at, std::size_t pages) noexcept;
  void discard(Regions::iterator at, std::size_t pages) noexcept;

  std::size_t small_size_;
  std::array<Size, piece_max / page_size + 1> sizes_;  // by pages
  Regions regions_;
};

template <class T>
struct BlockDelete {
  BlockSource* source = nullptr;
  void operator()(T* object) const {
    object->~T();
    source->release(object, sizeof(T));
  }
};

// Owns an object in a piece of its own.
template <class T>
using BlockPtr = std::unique_ptr<T, BlockDelete<T>>;

// Empty when memory is exhausted. T is default-initialised: what it leaves uninitialised costs nothing.
template <class T>
BlockPtr<T> make_block(BlockSource& source) {
  static_assert(std::is_nothrow_default_constructible_v<T>);
  void* memory = source.allocate(sizeof(T));
  return BlockPtr<T>(memory == nullptr ? nullptr : ::new (memory) T, {&source});
}

}  // namespace detail
}  // namespace restitch
