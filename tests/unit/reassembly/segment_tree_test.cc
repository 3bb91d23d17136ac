// The tree against std::multimap, and the rules of a red-black tree after every step.
#include "restitch/detail/segment_tree.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace restitch::detail {
namespace {

constexpr std::array<std::uint8_t, 1> byte = {'x'};

// Sequence numbers from 64-bit positions, so that the multimap's order is the tree's across the wrap.
class Forest : public testing::Test {
 protected:
  void insert(std::int64_t position) {
    const std::uint32_t node = store_.hold(base_.add(position), byte, {});
    const std::uint32_t before = tree_.at_or_before(store_.node(node).first);
    tree_.insert_below(before == none ? tree_.first() : tree_.parent_behind(before), node);
    expected_.emplace(position, node);  // behind its equals, as the tree promises
  }

  void erase(std::multimap<std::int64_t, std::uint32_t>::iterator it) {
    tree_.erase(it->second);
    store_.release(it->second);
    expected_.erase(it);
  }

  // Black nodes on every path below `node`; a broken rule is a failure.
  int black_height(std::uint32_t node, std::uint32_t parent) {
    if (node == none) return 1;
    const SegmentNode& held = store_.node(node);
    EXPECT_EQ(held.parent(), parent);
    const bool red_child = (held.left != none && store_.node(held.left).red()) ||
                           (held.right != none && store_.node(held.right).red());
    EXPECT_FALSE(held.red() && red_child) << "a red node below a red one";
    const int left = black_height(held.left, node);
    EXPECT_EQ(left, black_height(held.right, node)) << "paths with unequal numbers of black nodes";
    return left + (held.red() ? 0 : 1);
  }

  void check() {
    EXPECT_TRUE(root_ == none || !store_.node(root_).red());
    black_height(root_, none);
    std::vector<std::uint32_t> forward, backward, wanted;
    for (std::uint32_t n = tree_.first(); n != none; n = tree_.next(n)) forward.push_back(n);
    for (std::uint32_t n = tree_.last(); n != none; n = tree_.previous(n))
      backward.insert(backward.begin(), n);
    for (const auto& [position, node] : expected_) wanted.push_back(node);
    EXPECT_EQ(forward, wanted);
    EXPECT_EQ(backward, wanted);
  }

  std::uint32_t expected_at_or_before(std::int64_t position) {
    const auto behind = expected_.upper_bound(position);
    return behind == expected_.begin() ? none : std::prev(behind)->second;
  }

  Sequence base_{0xFFFFFF00};
  SegmentStore store_;
  std::uint32_t root_ = none;
  SegmentTree tree_{store_, root_};
  std::multimap<std::int64_t, std::uint32_t> expected_;
};

TEST_F(Forest, StaysARedBlackTreeInTheOrderOfAMultimap) {
  std::mt19937_64 dice(7);
  for (int step = 0; step < 4000 && !HasFailure(); ++step) {
    const bool grows = (step / 500) % 2 == 0;
    if (expected_.empty() || dice() % 4 < (grows ? 3U : 1U)) {
      insert(static_cast<std::int64_t>(dice() % 512));
    } else {
      erase(std::next(expected_.begin(), static_cast<std::ptrdiff_t>(dice() % expected_.size())));
    }
    check();
  }
  while (!expected_.empty() && !HasFailure()) {
    erase(expected_.begin());
    check();
  }
  EXPECT_EQ(store_.size(), 0U);
}

TEST_F(Forest, IsLowWhateverTheOrderOfArrival) {
  for (int i = 0; i < 1000; ++i) insert(i);
  for (int i = 2000; i > 1000; --i) insert(i);
  check();
  EXPECT_LE(black_height(root_, none), 12);  // at most log2(2001) + 1 black nodes on a path
}

TEST_F(Forest, FindsTheLastSegmentThatBeginsAtOrBeforeAPosition) {
  EXPECT_EQ(tree_.at_or_before(base_), none);
  for (const int position : {10, 300, 20, 256, 20, 40}) insert(position);
  for (int position = 0; position < 320; ++position) {
    EXPECT_EQ(tree_.at_or_before(base_.add(position)), expected_at_or_before(position)) << position;
  }
}

TEST_F(Forest, LetsANodeTakeTheExactPlaceOfAnother) {
  for (int i = 0; i < 50; ++i) insert(i * 2);
  for (auto& [position, node] : expected_) {
    const std::uint32_t other = store_.hold(base_.add(position), byte, {});
    tree_.replace(node, other);
    store_.release(std::exchange(node, other));
    check();
  }
}

}  // namespace
}  // namespace restitch::detail
