// Blocks straight from the system: zeroed, also where their pages cannot be given back, and counted.
#include "restitch/detail/block.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace restitch::detail {
namespace {

constexpr std::size_t block_size = std::size_t{16} * 1024;

bool is_zero(const std::uint8_t* bytes) {
  return std::all_of(bytes, bytes + block_size, [](std::uint8_t byte) { return byte == 0; });
}

TEST(Block, IsZeroedAndCounted) {
  const std::size_t before = blocks_size();
  for (const bool filled_soon : {false, true}) {
    auto* const block = static_cast<std::uint8_t*>(allocate_block(block_size, filled_soon));
    ASSERT_NE(block, nullptr);
    EXPECT_TRUE(is_zero(block));
    EXPECT_EQ(blocks_size(), before + block_size);
    release_block(block, block_size);
  }
  EXPECT_EQ(blocks_size(), before);
}

TEST(Block, IsAlignedIfAsked) {
  void* const block = allocate_aligned_block(block_size);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % block_size, 0U);
  release_block(block, block_size);
}

TEST(Block, IsZeroedAgainWhenItsPagesAreDiscarded) {
  const std::size_t before = blocks_size();
  auto* const block = static_cast<std::uint8_t*>(allocate_block(block_size));
  ASSERT_NE(block, nullptr);
  std::memset(block, 0xAB, block_size);
  discard_pages(block, block_size);
  EXPECT_EQ(blocks_size(), before);
  reuse_pages(block_size);
  EXPECT_TRUE(is_zero(block));
  release_block(block, block_size);
}

// Who captures may have locked all of its memory; then the system takes no page back.
TEST(Block, IsZeroedAgainAlsoWhereItsPagesAreLocked) {
  auto* const block = static_cast<std::uint8_t*>(allocate_block(block_size));
  ASSERT_NE(block, nullptr);
  if (mlock(block, block_size) != 0) {
    release_block(block, block_size);
    GTEST_SKIP() << "this process may lock no memory";
  }
  std::memset(block, 0xAB, block_size);
  discard_pages(block, block_size);
  reuse_pages(block_size);
  EXPECT_TRUE(is_zero(block));
  munlock(block, block_size);
  release_block(block, block_size);
}

}  // namespace
}  // namespace restitch::detail
