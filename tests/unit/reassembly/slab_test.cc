// Numbers that stay valid, and a way through those that are in use.
#include "restitch/detail/slab.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace restitch::detail {
namespace {

std::vector<std::uint32_t> used_of(const Slab<std::uint64_t>& slab) {
  std::vector<std::uint32_t> used;
  for (std::uint32_t at = slab.next_used(0); at != none; at = slab.next_used(at + 1)) used.push_back(at);
  return used;
}

TEST(Slab, NothingIsInUseInAnEmptyOne) {
  BlockSource source;
  Slab<std::uint64_t> slab(source);
  EXPECT_EQ(slab.next_used(0), none);
  slab.release(slab.allocate(7U));
  EXPECT_EQ(slab.next_used(0), none);
}

// Whatever was released in between: chunks that are empty, nearly empty, and gone.
TEST(Slab, TheNextOneInUseIsFoundFromAnywhere) {
  BlockSource source;
  Slab<std::uint64_t> slab(source);
  std::mt19937 dice(3);
  std::vector<std::uint32_t> numbers;
  for (std::uint64_t i = 0; i < 50'000; ++i) numbers.push_back(slab.allocate(i));
  for (const std::size_t left : {40'000U, 700U, 30U, 1U, 0U}) {
    while (numbers.size() > left) {
      std::swap(numbers[dice() % numbers.size()], numbers.back());
      slab.release(numbers.back());
      numbers.pop_back();
    }
    std::vector<std::uint32_t> sorted = numbers;
    std::sort(sorted.begin(), sorted.end());
    ASSERT_EQ(used_of(slab), sorted) << left;
    for (int i = 0; i < 1000; ++i) {
      const auto from = static_cast<std::uint32_t>(dice() % (slab.bound() + 10));
      const auto behind = std::lower_bound(sorted.begin(), sorted.end(), from);
      ASSERT_EQ(slab.next_used(from), behind == sorted.end() ? none : *behind) << from;
    }
  }
}

}  // namespace
}  // namespace restitch::detail
