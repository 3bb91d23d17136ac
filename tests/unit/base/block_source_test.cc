// Pieces of equal size out of huge regions: apart from each other, zeroed, used again, and given back.
#include "restitch/detail/block_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "restitch/detail/block.h"

namespace restitch::detail {
namespace {

constexpr std::size_t size = std::size_t{68} * 1024;
constexpr std::size_t in_region = BlockSource::region_size / size;

class BlockSourceTest : public testing::Test {
 protected:
  void TearDown() override {
    for (std::byte* const piece : taken_) source_.release(piece, size);
    EXPECT_EQ(source_.regions_size(), 0U);
    EXPECT_EQ(blocks_size(), before_);
  }

  std::byte* take() {
    auto* const piece = static_cast<std::byte*>(source_.allocate(size));
    EXPECT_TRUE(std::all_of(piece, piece + size, [](std::byte byte) { return byte == std::byte{0}; }));
    std::memset(piece, 0xAB, size);
    taken_.push_back(piece);
    return piece;
  }

  void give_back(std::size_t number) {
    source_.release(taken_[number], size);
    taken_.erase(taken_.begin() + static_cast<std::ptrdiff_t>(number));
  }

  std::size_t before_ = blocks_size();
  BlockSource source_{4 * size};
  std::vector<std::byte*> taken_;
};

TEST_F(BlockSourceTest, HasRegionsForSizesOfWhichMuchIsInUse) {
  void* const other = source_.allocate(20 * 1024);
  void* const large = source_.allocate(BlockSource::region_piece_max + 1);
  for (int i = 0; i < 4; ++i) take();
  EXPECT_EQ(source_.regions_size(), 0U);
  take();
  EXPECT_EQ(source_.regions_size(), BlockSource::region_size);
  source_.release(other, 20 * 1024);
  source_.release(large, BlockSource::region_piece_max + 1);
}

TEST_F(BlockSourceTest, GivesPiecesThatLieApartAndAreZeroedWhenTheyAreUsedAgain) {
  std::mt19937_64 dice(5);
  for (int step = 0; step < 400; ++step) {
    if (taken_.empty() || dice() % 3 != 0) {
      take();
    } else {
      give_back(dice() % taken_.size());
    }
  }
  std::vector<std::byte*> sorted = taken_;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 1; i < sorted.size(); ++i) EXPECT_GE(sorted[i] - sorted[i - 1], std::ptrdiff_t{size});
  EXPECT_LE(source_.regions_size(), (sorted.size() / in_region + 4) * BlockSource::region_size);
}

TEST_F(BlockSourceTest, FillsTheLowestRegionFirst) {
  for (std::size_t i = 0; i < 4 + 3 * in_region; ++i) take();
  EXPECT_EQ(source_.regions_size(), 3 * BlockSource::region_size);
  const auto from_region = taken_.begin() + 4;
  const auto lowest = std::min_element(from_region, taken_.end());
  const auto highest = std::max_element(from_region, taken_.end());
  std::byte* const address = *lowest;
  const auto low = static_cast<std::size_t>(lowest - taken_.begin());
  const auto high = static_cast<std::size_t>(highest - taken_.begin());
  give_back(std::max(low, high));
  give_back(std::min(low, high));
  EXPECT_EQ(take(), address);
}

TEST_F(BlockSourceTest, GivesBackARegionWithoutPieces) {
  for (std::size_t i = 0; i < 4 + in_region + 1; ++i) take();
  EXPECT_EQ(source_.regions_size(), 2 * BlockSource::region_size);
  give_back(taken_.size() - 1);
  EXPECT_EQ(source_.regions_size(), BlockSource::region_size);
}

}  // namespace
}  // namespace restitch::detail
