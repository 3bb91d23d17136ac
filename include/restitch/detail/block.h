// Large pieces of memory that come straight from the system and go straight back, so that memory which was
// freed here is no longer resident, whatever lies around it. Any thread.
#pragma once

#include <cstddef>

#include "restitch/export.h"

namespace RESTITCH_API restitch {
namespace detail {

// Zeroed pages, or nullptr when there are none; and back. Pages are resident once they are touched or, in
// a block that is filled soon, at once, which costs less than to ask for each.
void* allocate_block(std::size_t size, bool filled_soon = false) noexcept;
void release_block(void* block, std::size_t size) noexcept;

// The same for a block that begins at a multiple of its size, a power of two, and lies in huge pages where
// the system has them.
void* allocate_aligned_block(std::size_t size) noexcept;

// Gives back the pages of a part of a block, which stays allocated: it is zeroed, and does not count as
// allocated until so much of the block is to be used again, or released.
void discard_pages(void* part, std::size_t size) noexcept;
void reuse_pages(std::size_t size) noexcept;

// Bytes of all blocks of the process.
[[nodiscard]] std::size_t blocks_size() noexcept;

}  // namespace detail
}  // namespace restitch
