// TreeNode: what a node of a LinkTree carries, for the slabs that such nodes lie in. A value.
#pragma once

#include <cstdint>

#include "restitch/detail/slab.h"

namespace RESTITCH_API restitch {
namespace detail {

// 16 bytes, so that four share a cache line.
struct TreeNode {
  std::uint32_t left = none;
  std::uint32_t right = none;
  std::uint32_t value = 0;  // the owner's

  [[nodiscard]] std::uint32_t parent() const { return parent_ == no_parent ? none : parent_; }
  void set_parent(std::uint32_t node) { parent_ = node & no_parent; }
  [[nodiscard]] bool red() const { return red_ != 0; }
  void set_red(bool red) { red_ = red ? 1 : 0; }

  static constexpr std::uint32_t no_parent = 0x7FFFFFFF;  // numbers have to be lower

 private:
  std::uint32_t parent_ : 31 = no_parent;
  std::uint32_t red_ : 1 = 0;
};
static_assert(sizeof(TreeNode) == 16);

// Where nodes lie in a slab: they are its objects, or the hot part of them.
inline TreeNode& node_of(Slab<TreeNode>& nodes, std::uint32_t number) { return nodes[number]; }
template <class T>
TreeNode& node_of(Slab<T, TreeNode>& nodes, std::uint32_t number) {
  return nodes.hot(number);
}

}  // namespace detail
}  // namespace restitch
