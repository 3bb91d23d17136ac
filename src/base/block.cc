#include "restitch/detail/block.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/sanitized.h"

namespace restitch::detail {
namespace {

std::atomic<std::size_t> in_use = 0;

#ifdef RESTITCH_SANITIZED

// The allocator of the sanitizers knows more than the system: it finds leaks, and writes beyond the end.
void* acquire(std::size_t size, bool /*filled_soon*/) { return std::calloc(1, size); }
void* acquire_aligned(std::size_t size) {
  void* const block = std::aligned_alloc(size, size);
  return block == nullptr ? nullptr : std::memset(block, 0, size);
}
void give_back(void* block, std::size_t /*size*/) { std::free(block); }
void discard(void* part, std::size_t size) { std::memset(part, 0, size); }

#else

void* acquire(std::size_t size, bool filled_soon) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | (filled_soon ? MAP_POPULATE : 0);
  void* block = mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, -1, 0);
  return block == MAP_FAILED ? nullptr : block;
}

// The system may have no room left to write down one more hole in the address space; then the addresses
// stay taken, but not the memory.
void give_back(void* block, std::size_t size) {
  if (munmap(block, size) != 0) madvise(block, size, MADV_DONTNEED);
}

void* acquire_aligned(std::size_t size) {
  auto* const mapped = static_cast<std::byte*>(acquire(2 * size, false));
  if (mapped == nullptr) return nullptr;
  const std::size_t before = (size - reinterpret_cast<std::uintptr_t>(mapped) % size) % size;
  if (before != 0) give_back(mapped, before);
  give_back(mapped + before + size, size - before);
  madvise(mapped + before, size, MADV_HUGEPAGE);
  return mapped + before;
}

// Pages that the process has locked (mlockall) stay.
void discard(void* part, std::size_t size) {
  if (madvise(part, size, MADV_DONTNEED) != 0) std::memset(part, 0, size);
}

#endif

void* counted(void* block, std::size_t size) {
  if (block != nullptr) in_use.fetch_add(size, std::memory_order_relaxed);
  return block;
}

}  // namespace

void* allocate_block(std::size_t size, bool filled_soon) noexcept {
  return counted(acquire(size, filled_soon), size);
}

void* allocate_aligned_block(std::size_t size) noexcept { return counted(acquire_aligned(size), size); }

void release_block(void* block, std::size_t size) noexcept {
  in_use.fetch_sub(size, std::memory_order_relaxed);
  give_back(block, size);
}

void discard_pages(void* part, std::size_t size) noexcept {
  in_use.fetch_sub(size, std::memory_order_relaxed);
  discard(part, size);
}

void reuse_pages(std::size_t size) noexcept { in_use.fetch_add(size, std::memory_order_relaxed); }

std::size_t blocks_size() noexcept { return in_use.load(std::memory_order_relaxed); }

}  // namespace restitch::detail
