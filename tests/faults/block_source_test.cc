// A BlockSource that runs out of memory (failing_memory.h).
#include "restitch/detail/block_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

#include "faults/failing_memory.h"

namespace restitch::testing {
namespace {

// Pieces come and go, and now and then there is no memory for them, or to write down where there is room.
TEST(OutOfMemoryOfABlockSource, LeavesPiecesAsTheyAreAndNoneBehind) {
  constexpr std::size_t size = std::size_t{16} * 1024;
  constexpr std::size_t pieces_max = 300;
  detail::BlockSource source(100 * size);
  std::vector<std::uint8_t*> taken;
  taken.reserve(pieces_max);
  std::mt19937 dice(11);
  std::uint64_t failed = 0;
  const auto has_only = [](const std::uint8_t* piece, std::uint8_t byte) {
    return std::all_of(piece, piece + size, [byte](std::uint8_t one) { return one == byte; });
  };
  // What is in a piece tells it from the others, nearly always.
  const auto mark_of = [](const std::uint8_t* piece) {
    return static_cast<std::uint8_t>(1 + reinterpret_cast<std::uintptr_t>(piece) / size % 255);
  };
  for (int step = 0; step < 20'000; ++step) {
    const bool grows = step / 1000 % 2 == 0;
    const bool only_once = dice() % 2 == 0;
    fail_after(dice() % 2 == 0 ? dice() % 2 : never, only_once);
    if (taken.empty() || (taken.size() < pieces_max && dice() % 3 != (grows ? 0U : 1U))) {
      auto* const piece = static_cast<std::uint8_t*>(source.allocate(size));
      fail_never();
      if (piece == nullptr) {
        ++failed;
        continue;
      }
      ASSERT_TRUE(has_only(piece, 0));
      std::memset(piece, mark_of(piece), size);
      taken.push_back(piece);
    } else {
      std::swap(taken[dice() % taken.size()], taken.back());
      ASSERT_TRUE(has_only(taken.back(), mark_of(taken.back())));
      source.release(taken.back(), size);
      taken.pop_back();
    }
    fail_never();
  }
  EXPECT_GT(failed, 10U);
  for (std::uint8_t* const piece : taken) source.release(piece, size);
  EXPECT_EQ(source.regions_size(), 0U);
}

}  // namespace
}  // namespace restitch::testing
