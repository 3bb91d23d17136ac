#include "restitch/detail/segment_tree.h"

#include <cassert>
#include <utility>

namespace restitch::detail {

std::uint32_t SegmentTree::leftmost(std::uint32_t node) const {
  if (node == none) return none;
  while (store_.node(node).left != none) node = store_.node(node).left;
  return node;
}

std::uint32_t SegmentTree::rightmost(std::uint32_t node) const {
  if (node == none) return none;
  while (store_.node(node).right != none) node = store_.node(node).right;
  return node;
}

std::uint32_t SegmentTree::next(std::uint32_t node) const {
  if (store_.node(node).right != none) return leftmost(store_.node(node).right);
  std::uint32_t parent = store_.node(node).parent();
  while (parent != none && store_.node(parent).right == node)
    node = std::exchange(parent, store_.node(parent).parent());
  return parent;
}

std::uint32_t SegmentTree::previous(std::uint32_t node) const {
  if (store_.node(node).left != none) return rightmost(store_.node(node).left);
  std::uint32_t parent = store_.node(node).parent();
  while (parent != none && store_.node(parent).left == node)
    node = std::exchange(parent, store_.node(parent).parent());
  return parent;
}

std::uint32_t SegmentTree::at_or_before(Sequence position) const {
  std::uint32_t found = none;
  std::uint32_t node = root_;
  while (node != none) {
    const SegmentNode& held = store_.node(node);
    if (held.first.difference(position) >= 0) {
      found = node;
      node = held.right;
    } else {
      node = held.left;
    }
  }
  return found;
}

void SegmentTree::insert_below(std::uint32_t parent, std::uint32_t node) {
  SegmentNode& held = store_.node(node);
  held.left = held.right = none;
  held.set_parent(parent);
  held.set_red(true);
  if (parent == none) {
    root_ = node;
  } else {
    const bool right = store_.node(parent).first.difference(held.first) >= 0;
    std::uint32_t& side = right ? store_.node(parent).right : store_.node(parent).left;
    assert(side == none);
    side = node;
  }
  rebalance_inserted(node);
}

void SegmentTree::replace(std::uint32_t old, std::uint32_t node) {
  const SegmentNode& from = store_.node(old);
  SegmentNode& to = store_.node(node);
  to.left = from.left;
  to.right = from.right;
  to.set_parent(from.parent());
  to.set_red(from.red());
  if (to.left != none) store_.node(to.left).set_parent(node);
  if (to.right != none) store_.node(to.right).set_parent(node);
  relink_parent(to.parent(), old, node);
}

// Makes `to` the child of `parent` that `from` was.
void SegmentTree::relink_parent(std::uint32_t parent, std::uint32_t from, std::uint32_t to) {
  if (parent == none) {
    root_ = to;
  } else if (store_.node(parent).left == from) {
    store_.node(parent).left = to;
  } else {
    store_.node(parent).right = to;
  }
}

void SegmentTree::rotate_left(std::uint32_t node) {
  const std::uint32_t child = store_.node(node).right;
  const std::uint32_t inner = store_.node(child).left;
  store_.node(node).right = inner;
  if (inner != none) store_.node(inner).set_parent(node);
  store_.node(child).set_parent(store_.node(node).parent());
  relink_parent(store_.node(node).parent(), node, child);
  store_.node(child).left = node;
  store_.node(node).set_parent(child);
}

void SegmentTree::rotate_right(std::uint32_t node) {
  const std::uint32_t child = store_.node(node).left;
  const std::uint32_t inner = store_.node(child).right;
  store_.node(node).left = inner;
  if (inner != none) store_.node(inner).set_parent(node);
  store_.node(child).set_parent(store_.node(node).parent());
  relink_parent(store_.node(node).parent(), node, child);
  store_.node(child).right = node;
  store_.node(node).set_parent(child);
}

void SegmentTree::rebalance_inserted(std::uint32_t node) {
  while (is_red(store_.node(node).parent())) {
    std::uint32_t parent = store_.node(node).parent();
    const std::uint32_t grandparent = store_.node(parent).parent();  // exists: the root is black
    const bool parent_left = store_.node(grandparent).left == parent;
    const std::uint32_t uncle = parent_left ? store_.node(grandparent).right : store_.node(grandparent).left;
    if (is_red(uncle)) {
      store_.node(parent).set_red(false);
      store_.node(uncle).set_red(false);
      store_.node(grandparent).set_red(true);
      node = grandparent;
      continue;
    }
    if (node == (parent_left ? store_.node(parent).right : store_.node(parent).left)) {
      rotate(parent, parent_left);
      std::swap(node, parent);
    }
    store_.node(parent).set_red(false);
    store_.node(grandparent).set_red(true);
    rotate(grandparent, !parent_left);
  }
  store_.node(root_).set_red(false);
}

void SegmentTree::erase(std::uint32_t node) {
  const SegmentNode& gone = store_.node(node);
  std::uint32_t child = none;   // takes the place of the node that leaves its position
  std::uint32_t parent = none;  // of that place
  bool removed_red = gone.red();
  if (gone.left == none || gone.right == none) {
    child = gone.left == none ? gone.right : gone.left;
    parent = gone.parent();
    if (child != none) store_.node(child).set_parent(parent);
    relink_parent(parent, node, child);
  } else {
    const std::uint32_t successor = leftmost(gone.right);
    removed_red = store_.node(successor).red();
    child = store_.node(successor).right;
    parent = store_.node(successor).parent();
    if (parent == node) {
      parent = successor;
    } else {
      store_.node(parent).left = child;
      if (child != none) store_.node(child).set_parent(parent);
      store_.node(successor).right = gone.right;
      store_.node(gone.right).set_parent(successor);
    }
    store_.node(successor).left = gone.left;
    store_.node(gone.left).set_parent(successor);
    store_.node(successor).set_parent(gone.parent());
    store_.node(successor).set_red(gone.red());
    relink_parent(gone.parent(), node, successor);
  }
  if (!removed_red) rebalance_erased(child, parent);
}

// `node` (perhaps none, below `parent`) lacks one black node on its paths.
void SegmentTree::rebalance_erased(std::uint32_t node, std::uint32_t parent) {
  while (node != root_ && !is_red(node)) {
    const bool left = store_.node(parent).left == node;
    auto far = [&](std::uint32_t n) { return left ? store_.node(n).right : store_.node(n).left; };
    auto near = [&](std::uint32_t n) { return left ? store_.node(n).left : store_.node(n).right; };
    std::uint32_t sibling = far(parent);
    if (is_red(sibling)) {
      store_.node(sibling).set_red(false);
      store_.node(parent).set_red(true);
      rotate(parent, left);
      sibling = far(parent);
    }
    if (!is_red(far(sibling)) && !is_red(near(sibling))) {
      store_.node(sibling).set_red(true);
      node = parent;
      parent = store_.node(node).parent();
      continue;
    }
    if (!is_red(far(sibling))) {
      store_.node(near(sibling)).set_red(false);
      store_.node(sibling).set_red(true);
      rotate(sibling, !left);
      sibling = far(parent);
    }
    store_.node(sibling).set_red(store_.node(parent).red());
    store_.node(parent).set_red(false);
    store_.node(far(sibling)).set_red(false);
    rotate(parent, left);
    node = root_;
  }
  if (node != none) store_.node(node).set_red(false);
}

}  // namespace restitch::detail
