// LinkTree: a red-black tree through links that its nodes carry, in an order that whoever inserts them knows.
// Insertion, removal and rebalancing are the usual ones, so that a search meets the same nodes as in a real
// receiver whose exact overlap rule depends on that path. A view: it owns nothing and is made where it is
// needed.
#pragma once

#include <cassert>
#include <cstdint>
#include <utility>

#include "restitch/detail/tree_node.h"

namespace restitch::detail {

template <class Nodes>
class LinkTree {
 public:
  LinkTree(Nodes& nodes, std::uint32_t& root) : nodes_(nodes), root_(root) {}

  [[nodiscard]] std::uint32_t first() const { return leftmost(root_); }
  [[nodiscard]] std::uint32_t last() const { return rightmost(root_); }
  [[nodiscard]] std::uint32_t next(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t previous(std::uint32_t number) const;

  // Puts a node below `parent` (none: the tree is empty), on one side of it. Requires: that side is free.
  void insert_below(std::uint32_t parent, bool right, std::uint32_t number);

  // Puts a node right behind another one, or first.
  void insert_behind(std::uint32_t before, std::uint32_t number);

  void erase(std::uint32_t number);

 private:
  TreeNode& node(std::uint32_t number) const { return node_of(nodes_, number); }
  [[nodiscard]] std::uint32_t leftmost(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t rightmost(std::uint32_t number) const;
  [[nodiscard]] bool is_red(std::uint32_t number) const { return number != none && node(number).red(); }
  void relink_parent(std::uint32_t parent, std::uint32_t from, std::uint32_t to);
  void rotate_left(std::uint32_t number);
  void rotate_right(std::uint32_t number);
  void rotate(std::uint32_t number, bool left) { left ? rotate_left(number) : rotate_right(number); }
  void rebalance_inserted(std::uint32_t number);
  void rebalance_erased(std::uint32_t number, std::uint32_t parent);

  Nodes& nodes_;
  std::uint32_t& root_;
};

template <class Nodes>
std::uint32_t LinkTree<Nodes>::leftmost(std::uint32_t number) const {
  if (number == none) return none;
  while (node(number).left != none) number = node(number).left;
  return number;
}

template <class Nodes>
std::uint32_t LinkTree<Nodes>::rightmost(std::uint32_t number) const {
  if (number == none) return none;
  while (node(number).right != none) number = node(number).right;
  return number;
}

template <class Nodes>
std::uint32_t LinkTree<Nodes>::next(std::uint32_t number) const {
  if (node(number).right != none) return leftmost(node(number).right);
  std::uint32_t parent = node(number).parent();
  while (parent != none && node(parent).right == number)
    number = std::exchange(parent, node(parent).parent());
  return parent;
}

template <class Nodes>
std::uint32_t LinkTree<Nodes>::previous(std::uint32_t number) const {
  if (node(number).left != none) return rightmost(node(number).left);
  std::uint32_t parent = node(number).parent();
  while (parent != none && node(parent).left == number) number = std::exchange(parent, node(parent).parent());
  return parent;
}

template <class Nodes>
void LinkTree<Nodes>::insert_below(std::uint32_t parent, bool right, std::uint32_t number) {
  TreeNode& fresh = node(number);
  fresh.left = fresh.right = none;
  fresh.set_parent(parent);
  fresh.set_red(true);
  if (parent == none) {
    root_ = number;
  } else {
    std::uint32_t& side = right ? node(parent).right : node(parent).left;
    assert(side == none);
    side = number;
  }
  rebalance_inserted(number);
}

template <class Nodes>
void LinkTree<Nodes>::insert_behind(std::uint32_t before, std::uint32_t number) {
  if (before == none) return insert_below(first(), false, number);
  const std::uint32_t right = node(before).right;
  return right == none ? insert_below(before, true, number) : insert_below(leftmost(right), false, number);
}

// Makes `to` the child of `parent` that `from` was.
template <class Nodes>
void LinkTree<Nodes>::relink_parent(std::uint32_t parent, std::uint32_t from, std::uint32_t to) {
  if (parent == none) {
    root_ = to;
  } else if (node(parent).left == from) {
    node(parent).left = to;
  } else {
    node(parent).right = to;
  }
}

template <class Nodes>
void LinkTree<Nodes>::rotate_left(std::uint32_t number) {
  const std::uint32_t child = node(number).right;
  const std::uint32_t inner = node(child).left;
  node(number).right = inner;
  if (inner != none) node(inner).set_parent(number);
  node(child).set_parent(node(number).parent());
  relink_parent(node(number).parent(), number, child);
  node(child).left = number;
  node(number).set_parent(child);
}

template <class Nodes>
void LinkTree<Nodes>::rotate_right(std::uint32_t number) {
  const std::uint32_t child = node(number).left;
  const std::uint32_t inner = node(child).right;
  node(number).left = inner;
  if (inner != none) node(inner).set_parent(number);
  node(child).set_parent(node(number).parent());
  relink_parent(node(number).parent(), number, child);
  node(child).right = number;
  node(number).set_parent(child);
}

template <class Nodes>
void LinkTree<Nodes>::rebalance_inserted(std::uint32_t number) {
  while (is_red(node(number).parent())) {
    std::uint32_t parent = node(number).parent();
    const std::uint32_t grandparent = node(parent).parent();  // exists: the root is black
    const bool parent_left = node(grandparent).left == parent;
    const std::uint32_t uncle = parent_left ? node(grandparent).right : node(grandparent).left;
    if (is_red(uncle)) {
      node(parent).set_red(false);
      node(uncle).set_red(false);
      node(grandparent).set_red(true);
      number = grandparent;
      continue;
    }
    if (number == (parent_left ? node(parent).right : node(parent).left)) {
      rotate(parent, parent_left);
      std::swap(number, parent);
    }
    node(parent).set_red(false);
    node(grandparent).set_red(true);
    rotate(grandparent, !parent_left);
  }
  node(root_).set_red(false);
}

template <class Nodes>
void LinkTree<Nodes>::erase(std::uint32_t number) {
  const TreeNode& gone = node(number);
  std::uint32_t child = none;   // takes the place of the node that leaves its position
  std::uint32_t parent = none;  // of that place
  bool removed_red = gone.red();
  if (gone.left == none || gone.right == none) {
    child = gone.left == none ? gone.right : gone.left;
    parent = gone.parent();
    if (child != none) node(child).set_parent(parent);
    relink_parent(parent, number, child);
  } else {
    const std::uint32_t successor = leftmost(gone.right);
    removed_red = node(successor).red();
    child = node(successor).right;
    parent = node(successor).parent();
    if (parent == number) {
      parent = successor;
    } else {
      node(parent).left = child;
      if (child != none) node(child).set_parent(parent);
      node(successor).right = gone.right;
      node(gone.right).set_parent(successor);
    }
    node(successor).left = gone.left;
    node(gone.left).set_parent(successor);
    node(successor).set_parent(gone.parent());
    node(successor).set_red(gone.red());
    relink_parent(gone.parent(), number, successor);
  }
  if (!removed_red) rebalance_erased(child, parent);
}

// `number` (perhaps none, below `parent`) lacks one black node on its paths.
template <class Nodes>
void LinkTree<Nodes>::rebalance_erased(std::uint32_t number, std::uint32_t parent) {
  while (number != root_ && !is_red(number)) {
    const bool left = node(parent).left == number;
    auto far = [&](std::uint32_t n) { return left ? node(n).right : node(n).left; };
    auto near = [&](std::uint32_t n) { return left ? node(n).left : node(n).right; };
    std::uint32_t sibling = far(parent);
    if (is_red(sibling)) {
      node(sibling).set_red(false);
      node(parent).set_red(true);
      rotate(parent, left);
      sibling = far(parent);
    }
    if (!is_red(far(sibling)) && !is_red(near(sibling))) {
      node(sibling).set_red(true);
      number = parent;
      parent = node(number).parent();
      continue;
    }
    if (!is_red(far(sibling))) {
      node(near(sibling)).set_red(false);
      node(sibling).set_red(true);
      rotate(sibling, !left);
      sibling = far(parent);
    }
    node(sibling).set_red(node(parent).red());
    node(parent).set_red(false);
    node(far(sibling)).set_red(false);
    rotate(parent, left);
    number = root_;
  }
  if (number != none) node(number).set_red(false);
}

}  // namespace restitch::detail
