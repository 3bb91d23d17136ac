// BlockSource: where the large pieces of memory of one pool come from. Sizes of which much is in use come out
// of huge pages, so that a walk over much memory need not look up each small page; others are blocks of their
// own, or a small pool would pay for a whole huge page. What is given back is no longer resident. One thread.
//
//   region  2 MiB, aligned:  │ piece │ piece │ free │ piece │ … │        all of one size
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <set>
#include <type_traits>
#include <unordered_map>

namespace restitch::detail {

class BlockSource {
 public:
  static constexpr std::size_t region_size = std::size_t{2} * 1024 * 1024;
  static constexpr std::size_t region_piece_max = std::size_t{128} * 1024;  // larger ones leave too much over

  BlockSource();

  // `plain_size`: so many bytes of a size are blocks of their own, before the next come from regions.
  explicit BlockSource(std::size_t plain_size) : plain_size_(plain_size) {}
  BlockSource(const BlockSource&) = delete;
  BlockSource& operator=(const BlockSource&) = delete;

  // Requires: all was released.
  ~BlockSource();

  // Zeroed pages, or nullptr when there are none; and back.
  void* allocate(std::size_t size) noexcept;
  void release(void* piece, std::size_t size) noexcept;

  // Bytes of all regions.
  [[nodiscard]] std::size_t regions_size() const { return regions_.size() * region_size; }

 private:
  static constexpr std::size_t page_size = 4096;
  static constexpr std::size_t words = region_size / page_size / 64;

  struct Region {
    std::array<std::uint64_t, words> used{};  // a bit for each piece
    std::size_t live = 0;
    std::size_t fresh = 0;  // pieces from here on were never used
  };
  struct Size {
    std::size_t plain = 0;          // bytes of blocks of their own
    std::set<std::uintptr_t> open;  // regions with room; the lowest is filled first
  };

  static std::size_t pages_of(std::size_t size) { return (size + page_size - 1) / page_size; }
  bool open_region(Size& size) noexcept;
  void* take_from(std::uintptr_t base, std::size_t pages);
  void put_back(std::uintptr_t base, Region& region, std::uintptr_t at, std::size_t pages) noexcept;

  std::size_t plain_size_;
  std::array<Size, region_piece_max / page_size + 1> sizes_;  // by pages
  std::unordered_map<std::uintptr_t, Region> regions_;        // by address
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

}  // namespace restitch::detail
