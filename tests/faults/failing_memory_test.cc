// The memory of failing_memory.h, and that it does fail.
#include "faults/failing_memory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

#include "restitch/detail/block.h"

namespace {

// Allocations to go until one fails; then all do, until told otherwise, or only that one.
std::atomic<std::uint64_t> to_go = restitch::testing::never;
std::atomic<bool> once = false;
std::atomic<std::uint64_t> count = 0;

bool fails_now() {
  count.fetch_add(1, std::memory_order_relaxed);
  std::uint64_t left = to_go.load();
  for (;;) {
    if (left == restitch::testing::never) return false;
    const std::uint64_t next = left != 0 ? left - 1 : once ? restitch::testing::never : 0;
    if (to_go.compare_exchange_weak(left, next)) return left == 0;
  }
}

void* allocate(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
  if (fails_now()) return nullptr;
  return std::aligned_alloc(alignment, (size + alignment) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
  if (void* memory = allocate(size, alignment)) return memory;
  throw std::bad_alloc();
}

// Out of line: GCC warns of free() for memory of new when it sees only one of the two bodies.
[[gnu::noinline]] void give_back(void* memory) { std::free(memory); }

}  // namespace

void* operator new(std::size_t size) { return allocate_or_throw(size); }
void* operator new[](std::size_t size) { return allocate_or_throw(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }

namespace restitch::detail {

// In place of src/base/block.cc.
void* allocate_block(std::size_t size, bool) noexcept { return fails_now() ? nullptr : std::calloc(1, size); }
void release_block(void* block, std::size_t) noexcept { std::free(block); }
void* allocate_aligned_block(std::size_t size) noexcept {
  if (fails_now()) return nullptr;
  void* const block = std::aligned_alloc(size, size);
  return block == nullptr ? nullptr : std::memset(block, 0, size);
}
void discard_pages(void* part, std::size_t size) noexcept { std::memset(part, 0, size); }
void reuse_pages(std::size_t) noexcept {}
std::size_t blocks_size() noexcept { return 0; }

}  // namespace restitch::detail

namespace restitch::testing {

void fail_after(std::uint64_t allocations, bool only_once) {
  once = only_once;
  to_go = allocations;
}

std::uint64_t allocations() { return count; }

namespace {

constexpr std::size_t size = 4096;

bool gives_memory() {
  try {
    ::operator delete(::operator new(size));
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

bool gives_memory_without_throwing() {
  void* const memory = ::operator new(size, std::nothrow);
  ::operator delete(memory);
  return memory != nullptr;
}

bool gives_a_block() {
  void* const block = detail::allocate_block(size, false);
  if (block != nullptr) detail::release_block(block, size);
  return block != nullptr;
}

TEST(FailingMemory, FailsOnceOrFromThereOnAndThenNoLonger) {
  for (bool (*const works)() : {gives_memory, gives_memory_without_throwing, gives_a_block}) {
    const std::uint64_t before = allocations();
    fail_after(1, true);
    const bool once_failing[] = {works(), works(), works()};
    fail_after(1, false);
    const bool failing[] = {works(), works(), works()};
    fail_never();
    const bool well = works();
    EXPECT_TRUE(once_failing[0] && !once_failing[1] && once_failing[2]);
    EXPECT_TRUE(failing[0] && !failing[1] && !failing[2]);
    EXPECT_TRUE(well);
    EXPECT_GE(allocations() - before, 7u);
  }
}

}  // namespace
}  // namespace restitch::testing
