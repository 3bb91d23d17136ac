#include "restitch/detail/block.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdlib>

namespace restitch::detail {
namespace {

std::atomic<std::size_t> in_use = 0;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

// The allocator of the sanitizers knows more than the system: it finds leaks, and writes beyond the end.
void* acquire(std::size_t size) { return std::calloc(1, size); }
void give_back(void* block, std::size_t /*size*/) { std::free(block); }

#else

void* acquire(std::size_t size) {
  void* block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return block == MAP_FAILED ? nullptr : block;
}

// The system may have no room left to write down one more hole in the address space; then the addresses
// stay taken, but not the memory.
void give_back(void* block, std::size_t size) {
  if (munmap(block, size) != 0) madvise(block, size, MADV_DONTNEED);
}

#endif

}  // namespace

void* allocate_block(std::size_t size) noexcept {
  void* block = acquire(size);
  if (block != nullptr) in_use.fetch_add(size, std::memory_order_relaxed);
  return block;
}

void release_block(void* block, std::size_t size) noexcept {
  in_use.fetch_sub(size, std::memory_order_relaxed);
  give_back(block, size);
}

std::size_t blocks_size() noexcept { return in_use.load(std::memory_order_relaxed); }

}  // namespace restitch::detail
