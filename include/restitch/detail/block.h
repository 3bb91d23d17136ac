// BlockPtr: owns one large piece of memory that comes straight from the system and goes straight back, so
// that memory which was freed here is no longer resident, whatever lies around it. Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace restitch::detail {

// Zeroed pages, or nullptr when there are none; and back.
void* allocate_block(std::size_t size) noexcept;
void release_block(void* block, std::size_t size) noexcept;

// Bytes of all blocks of the process.
[[nodiscard]] std::size_t blocks_size() noexcept;

template <class T>
struct BlockDelete {
  void operator()(T* object) const {
    object->~T();
    release_block(object, sizeof(T));
  }
};

template <class T>
using BlockPtr = std::unique_ptr<T, BlockDelete<T>>;

// Empty when memory is exhausted. T is default-initialised: what it leaves uninitialised costs nothing.
template <class T>
BlockPtr<T> make_block() {
  static_assert(std::is_nothrow_default_constructible_v<T>);
  void* memory = allocate_block(sizeof(T));
  return BlockPtr<T>(memory == nullptr ? nullptr : ::new (memory) T);
}

}  // namespace restitch::detail
