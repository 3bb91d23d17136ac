// Waiting bytes lie densely, survive the moves of their cells, and are given back.
#include "restitch/detail/cell_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "restitch/detail/segment_store.h"

namespace restitch::detail {
namespace {

struct Owners final : CellStore::Owners {
  void cell_moved(std::uint32_t owner, CellStore::Reference to) override { places.at(owner) = to; }
  std::map<std::uint32_t, CellStore::Reference> places;
};

TEST(CellStore, TellsEachOwnerWhereItsBytesAreNow) {
  Owners owners;
  BlockSource memory;
  CellStore cells(memory, owners);
  std::map<std::uint32_t, std::vector<std::uint8_t>> contents;
  std::mt19937_64 dice(3);
  for (std::uint32_t owner = 0; owner < 3000; ++owner) {
    std::vector<std::uint8_t> bytes(1 + dice() % 300);
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::uint8_t>(dice()); });
    owners.places[owner] = cells.allocate(bytes.size(), owner);
    std::copy(bytes.begin(), bytes.end(), cells.bytes(owners.places[owner]));
    contents[owner] = bytes;
    if (dice() % 2 == 0) {
      const auto victim = std::next(contents.begin(), static_cast<std::ptrdiff_t>(dice() % contents.size()));
      const CellStore::Reference cell = owners.places.at(victim->first);
      owners.places.erase(victim->first);
      contents.erase(victim);
      cells.release(cell);
    }
  }
  for (const auto& [owner, bytes] : contents) {
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), cells.bytes(owners.places.at(owner)))) << owner;
  }
}

// The bound of segment_store.h, with the chunks that are begun but not full as the constant.
class Density : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Density, OfSegmentsThatArriveBackwardsKeepsTheBound) {
  const std::size_t size = GetParam();
  const std::size_t count = std::clamp<std::size_t>((8 << 20) / size, 100, 500'000);
  const std::vector<std::uint8_t> payload(size, 'x');
  BlockSource memory;
  SegmentStore store(memory);
  std::vector<std::uint32_t> segments;
  for (std::size_t i = count; i > 0; --i) {
    segments.push_back(store.hold(Sequence(0).add(static_cast<std::int64_t>(i * size)), payload, {}));
    ASSERT_NE(segments.back(), none);
  }
  constexpr std::size_t constant = 64 * 1024 + 136 * 1024;
  EXPECT_LE(store.memory_size(), count * size * 5 / 4 + count * 80 + constant);
  for (const std::uint32_t segment : segments) store.release(segment);
  EXPECT_EQ(store.size(), 0U);
  EXPECT_LE(store.memory_size(), constant) << "memory is not given back";
}

// Free cells between others are few, or others move into them, and their owners are told.
TEST_P(Density, OfWhatIsLeftOfManyCellsKeepsTheBound) {
  const std::size_t size = GetParam();
  const auto count = static_cast<std::uint32_t>(std::clamp<std::size_t>((8 << 20) / size, 200, 100'000));
  Owners owners;
  BlockSource memory;
  CellStore cells(memory, owners);
  std::vector<std::uint32_t> left(count);
  for (std::uint32_t owner = 0; owner < count; ++owner) {
    left[owner] = owner;
    owners.places[owner] = cells.allocate(size, owner);
    std::fill_n(cells.bytes(owners.places[owner]), size, static_cast<std::uint8_t>(owner));
  }
  std::shuffle(left.begin(), left.end(), std::mt19937(1));
  for (; left.size() > count / 8; left.pop_back()) cells.release(owners.places.at(left.back()));
  constexpr std::size_t constant =
      256 * 1024 + 2 * 64 * 1024 + 16 * 1024;  // free, spare, begun; and one cell
  EXPECT_LE(cells.memory_size(), left.size() * (size * 5 / 4 + 12) * 17 / 16 + constant + 2 * size);
  for (const std::uint32_t owner : left) {
    const std::uint8_t* const bytes = cells.bytes(owners.places.at(owner));
    ASSERT_EQ(std::count(bytes, bytes + size, static_cast<std::uint8_t>(owner)), size) << owner;
  }
}

// A class for each size, and none larger than need be: two cells of a chunk lie that far apart.
TEST(CellStore, HasRoomForEachSizeAndNotMuchMore) {
  constexpr std::size_t two_in_a_chunk = 16'000;
  Owners owners;
  BlockSource memory;
  CellStore cells(memory, owners);
  for (std::size_t size = 1; size <= CellStore::size_max; ++size) {
    const CellStore::Reference one = cells.allocate(size, 1);
    const CellStore::Reference other = cells.allocate(size, 2);
    ASSERT_NE(one, CellStore::nowhere) << size;
    ASSERT_NE(other, CellStore::nowhere) << size;
    if (size <= two_in_a_chunk) {
      const auto apart = static_cast<std::size_t>(cells.bytes(other) - cells.bytes(one));
      ASSERT_GE(apart, size + sizeof(std::uint32_t));
      ASSERT_LE(apart, size * 6 / 5 + 11) << size;
    }
    std::fill_n(cells.bytes(one), size, std::uint8_t{1});
    std::fill_n(cells.bytes(other), size, std::uint8_t{2});
    ASSERT_EQ(*(cells.bytes(one) + size - 1), 1) << size;
    cells.release(other);
    cells.release(one);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Density, ::testing::Values(1, 5, 100, 1460, 65535));

}  // namespace
}  // namespace restitch::detail
