// The tree against std::multimap, and the rules of a red-black tree after every step.
#include "reassembly/link_tree.h"

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <random>
#include <vector>

namespace restitch::detail {
namespace {

class Forest : public ::testing::Test {
 protected:
  void insert(int position) {
    const auto behind = expected_.upper_bound(position);
    const std::uint32_t node = nodes_.allocate();
    tree_.insert_behind(behind == expected_.begin() ? none : std::prev(behind)->second, node);
    expected_.emplace_hint(behind, position, node);
  }

  void erase(std::multimap<int, std::uint32_t>::iterator it) {
    tree_.erase(it->second);
    nodes_.release(it->second);
    expected_.erase(it);
  }

  // Black nodes on every path below `node`; a broken rule is a failure.
  int black_height(std::uint32_t node, std::uint32_t parent) {
    if (node == none) return 1;
    const TreeNode& held = nodes_[node];
    EXPECT_EQ(held.parent(), parent);
    const bool red_child =
        (held.left != none && nodes_[held.left].red()) || (held.right != none && nodes_[held.right].red());
    EXPECT_FALSE(held.red() && red_child) << "a red node below a red one";
    const int left = black_height(held.left, node);
    EXPECT_EQ(left, black_height(held.right, node)) << "paths with unequal numbers of black nodes";
    return left + (held.red() ? 0 : 1);
  }

  void check() {
    EXPECT_TRUE(root_ == none || !nodes_[root_].red());
    black_height(root_, none);
    std::vector<std::uint32_t> forward, backward, wanted;
    for (std::uint32_t n = tree_.first(); n != none; n = tree_.next(n)) forward.push_back(n);
    for (std::uint32_t n = tree_.last(); n != none; n = tree_.previous(n))
      backward.insert(backward.begin(), n);
    for (const auto& [position, node] : expected_) wanted.push_back(node);
    EXPECT_EQ(forward, wanted);
    EXPECT_EQ(backward, wanted);
  }

  BlockSource memory_;
  Slab<TreeNode> nodes_{memory_};
  std::uint32_t root_ = none;
  LinkTree<Slab<TreeNode>> tree_{nodes_, root_};
  std::multimap<int, std::uint32_t> expected_;
};

TEST_F(Forest, StaysARedBlackTreeInTheOrderOfAMultimap) {
  std::mt19937_64 dice(7);
  for (int step = 0; step < 4000 && !HasFailure(); ++step) {
    const bool grows = (step / 500) % 2 == 0;
    if (expected_.empty() || dice() % 4 < (grows ? 3U : 1U)) {
      insert(static_cast<int>(dice() % 512));
    } else {
      erase(std::next(expected_.begin(), static_cast<std::ptrdiff_t>(dice() % expected_.size())));
    }
    check();
  }
  while (!expected_.empty() && !HasFailure()) {
    erase(expected_.begin());
    check();
  }
  EXPECT_EQ(nodes_.size(), 0U);
}

TEST_F(Forest, IsLowWhateverTheOrderOfArrival) {
  for (int i = 0; i < 1000; ++i) insert(i);
  for (int i = 2000; i > 1000; --i) insert(i);
  check();
  EXPECT_LE(black_height(root_, none), 12);  // at most log2(2001) + 1 black nodes on a path
}

}  // namespace
}  // namespace restitch::detail
