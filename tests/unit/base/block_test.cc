// Blocks straight from the system: zeroed, also where their pages cannot be given back, and counted.
#include "restitch/detail/block.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace restitch::detail {
namespace {

constexpr std::size_t size = std::size_t{16} * 1024;

bool is_zero(const std::uint8_t* bytes) {
  return std::all_of(bytes, bytes + size, [](std::uint8_t byte) { return byte == 0; });
}

TEST(Block, IsZeroedAndCounted) {
  const std::size_t before = blocks_size();
  for (const bool filled_soon : {false, true}) {
    auto* const block = static_cast<std::uint8_t*>(allocate_block(size, filled_soon));
    ASSERT_NE(block, nullptr);
    EXPECT_TRUE(is_zero(block));
    EXPECT_EQ(blocks_size(), before + size);
    release_block(block, size);
  }
  EXPECT_EQ(blocks_size(), before);
}

TEST(Block, IsAlignedIfAsked) {
  void* const block = allocate_aligned_block(size);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % size, 0U);
  release_block(block, size);
}

TEST(Block, IsZeroedAgainWhenItsPagesAreDiscarded) {
  const std::size_t before = blocks_size();
  auto* const block = static_cast<std::uint8_t*>(allocate_block(size));
  ASSERT_NE(block, nullptr);
  std::memset(block, 0xAB, size);
  discard_pages(block, size);
  EXPECT_EQ(blocks_size(), before);
  reuse_pages(size);
  EXPECT_TRUE(is_zero(block));
  release_block(block, size);
}

// Who captures may have locked all of its memory; then the system takes no page back.
TEST(Block, IsZeroedAgainAlsoWhereItsPagesAreLocked) {
  auto* const block = static_cast<std::uint8_t*>(allocate_block(size));
  ASSERT_NE(block, nullptr);
  if (mlock(block, size) != 0) {
    release_block(block, size);
    GTEST_SKIP() << "this process may lock no memory";
  }
  std::memset(block, 0xAB, size);
  discard_pages(block, size);
  reuse_pages(size);
  EXPECT_TRUE(is_zero(block));
  munlock(block, size);
  release_block(block, size);
}

}  // namespace
}  // namespace restitch::detail
