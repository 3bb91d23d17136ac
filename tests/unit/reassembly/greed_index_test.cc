// Who holds most, against a model that looks at all of them.
#include "restitch/detail/greed_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "restitch/detail/half_state.h"

namespace restitch::detail {
namespace {

TEST(GreedIndex, NamesNobodyWhileNobodyHoldsAnything) {
  BlockSource memory;
  HalfState state{memory};
  EXPECT_EQ(state.greed.greediest(), none);
  const std::uint32_t one = state.details.allocate();
  state.greed.place(state, one, 0);
  EXPECT_EQ(state.greed.greediest(), none);
  state.greed.place(state, one, 1);
  EXPECT_EQ(state.greed.greediest(), one);
  state.greed.remove(state, one);
  EXPECT_EQ(state.greed.greediest(), none);
}

TEST(GreedIndex, TheGreediestIsRightToAHalfWhateverHappened) {
  BlockSource memory;
  HalfState state{memory};
  std::map<std::uint32_t, std::size_t> sizes;
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) sizes[state.details.allocate()] = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto chosen = std::next(sizes.begin(), static_cast<std::ptrdiff_t>(random() % sizes.size()));
    chosen->second = random() % 3 == 0 ? 0 : std::size_t{random()} >> (random() % 32);
    state.greed.place(state, chosen->first, chosen->second);
    const auto most = std::max_element(sizes.begin(), sizes.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    const std::uint32_t greediest = state.greed.greediest();
    if (most->second == 0) {
      ASSERT_EQ(greediest, none);
    } else {
      ASSERT_NE(greediest, none);
      ASSERT_GE(sizes.at(greediest) + sizes.at(greediest) / 2 + 1, most->second);
    }
  }
}

TEST(GreedIndex, SizesBeyondAllReasonHaveAPlaceToo) {
  BlockSource memory;
  HalfState state{memory};
  const std::uint32_t one = state.details.allocate();
  state.greed.place(state, one, ~std::size_t{0});
  EXPECT_EQ(state.greed.greediest(), one);
}

}  // namespace
}  // namespace restitch::detail
