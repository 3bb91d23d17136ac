// Pieces of equal size side by side in regions: apart from each other, zeroed, used again, and given back.
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
constexpr std::size_t in_region = BlockSource::huge_size / size;

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

TEST_F(BlockSourceTest, HasHugePagesForSizesOfWhichMuchIsInUse) {
  void* const other = source_.allocate(20 * 1024);
  for (int i = 0; i < 4; ++i) take();
  EXPECT_EQ(source_.regions_size(), 20 * 1024 + 4 * size);
  take();
  EXPECT_EQ(source_.regions_size(), 20 * 1024 + 4 * size + BlockSource::huge_size);
  source_.release(other, 20 * 1024);
}

TEST_F(BlockSourceTest, HasNoRegionForALargePiece) {
  void* const large = source_.allocate(BlockSource::piece_max + 1);
  EXPECT_EQ(source_.regions_size(), 0U);
  source_.release(large, BlockSource::piece_max + 1);
}

TEST(SmallBlockSource, GrowsByASixteenthOfWhatIsInUse) {
  BlockSource source(1 << 30);
  std::vector<void*> taken;
  std::size_t regions = 0;
  std::size_t grown = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    taken.push_back(source.allocate(size));
    if (source.regions_size() != regions) ++grown;
    regions = source.regions_size();
    EXPECT_LE(regions, std::max(taken.size() * size * 17 / 16, (taken.size() + 1) * size)) << i;
  }
  EXPECT_LT(grown, 70U);
  for (void* const piece : taken) source.release(piece, size);
  EXPECT_EQ(source.regions_size(), 0U);
}

TEST(SmallBlockSource, HasAllPiecesAloneIfAsked) {
  BlockSource source(BlockSource::alone);
  std::vector<void*> taken;
  for (std::size_t i = 0; i < 200; ++i) taken.push_back(source.allocate(size));
  EXPECT_EQ(source.regions_size(), taken.size() * size);
  for (void* const piece : taken) source.release(piece, size);
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
  EXPECT_LE(source_.regions_size(), (sorted.size() / in_region + 4) * BlockSource::huge_size);
}

TEST_F(BlockSourceTest, FillsTheLowestRegionFirst) {
  for (std::size_t i = 0; i < 4 + 3 * in_region; ++i) take();
  EXPECT_EQ(source_.regions_size(), 4 * size + 3 * BlockSource::huge_size);
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
  EXPECT_EQ(source_.regions_size(), 4 * size + 2 * BlockSource::huge_size);
  give_back(taken_.size() - 1);
  EXPECT_EQ(source_.regions_size(), 4 * size + BlockSource::huge_size);
}

TEST_F(BlockSourceTest, KeepsNoMoreThanASixteenthOfWhatIsInUse) {
  constexpr std::size_t over = BlockSource::huge_size - in_region * size;  // of each region
  for (std::size_t i = 0; i < 4 + 20 * in_region; ++i) take();
  std::mt19937_64 dice(7);
  while (!taken_.empty()) {
    give_back(dice() % taken_.size());
    EXPECT_LE(blocks_size() - before_, taken_.size() * size * 17 / 16 + 20 * over);
  }
}

}  // namespace
}  // namespace restitch::detail
