#include "restitch/detail/segment_tree.h"

#include <cassert>
#include <utility>

namespace restitch::detail {

std::uint32_t SegmentTree::leftmost(std::uint32_t node) const {
  if (node == none) return none;
  while (store_[node].left != none) node = store_[node].left;
  return node;
}

std::uint32_t SegmentTree::rightmost(std::uint32_t node) const {
  if (node == none) return none;
  while (store_[node].right != none) node = store_[node].right;
  return node;
}

std::uint32_t SegmentTree::next(std::uint32_t node) const {
  if (store_[node].right != none) return leftmost(store_[node].right);
  std::uint32_t parent = store_[node].parent;
  while (parent != none && store_[parent].right == node) node = std::exchange(parent, store_[parent].parent);
  return parent;
}

std::uint32_t SegmentTree::previous(std::uint32_t node) const {
  if (store_[node].left != none) return rightmost(store_[node].left);
  std::uint32_t parent = store_[node].parent;
  while (parent != none && store_[parent].left == node) node = std::exchange(parent, store_[parent].parent);
  return parent;
}

std::uint32_t SegmentTree::at_or_before(Sequence position) const {
  std::uint32_t found = none;
  std::uint32_t node = root_;
  while (node != none) {
    const HeldSegment& held = store_[node];
    if (held.first.difference(position) >= 0) {
      found = node;
      node = held.right;
    } else {
      node = held.left;
    }
  }
  return found;
}

void SegmentTree::insert(std::uint32_t node) {
  const Sequence first = store_[node].first;
  std::uint32_t parent = none;
  std::uint32_t at = root_;
  while (at != none) {
    parent = at;
    at = store_[at].first.difference(first) >= 0 ? store_[at].right : store_[at].left;
  }
  insert_below(parent, node);
}

void SegmentTree::insert_below(std::uint32_t parent, std::uint32_t node) {
  HeldSegment& held = store_[node];
  held.left = held.right = none;
  held.parent = parent;
  held.red = true;
  if (parent == none) {
    root_ = node;
  } else {
    const bool right = store_[parent].first.difference(held.first) >= 0;
    std::uint32_t& side = right ? store_[parent].right : store_[parent].left;
    assert(side == none);
    side = node;
  }
  rebalance_inserted(node);
}

void SegmentTree::replace(std::uint32_t old, std::uint32_t node) {
  const HeldSegment& from = store_[old];
  HeldSegment& to = store_[node];
  to.left = from.left;
  to.right = from.right;
  to.parent = from.parent;
  to.red = from.red;
  if (to.left != none) store_[to.left].parent = node;
  if (to.right != none) store_[to.right].parent = node;
  relink_parent(to.parent, old, node);
}

// Makes `to` the child of `parent` that `from` was.
void SegmentTree::relink_parent(std::uint32_t parent, std::uint32_t from, std::uint32_t to) {
  if (parent == none) {
    root_ = to;
  } else if (store_[parent].left == from) {
    store_[parent].left = to;
  } else {
    store_[parent].right = to;
  }
}

void SegmentTree::rotate_left(std::uint32_t node) {
  const std::uint32_t child = store_[node].right;
  const std::uint32_t inner = store_[child].left;
  store_[node].right = inner;
  if (inner != none) store_[inner].parent = node;
  store_[child].parent = store_[node].parent;
  relink_parent(store_[node].parent, node, child);
  store_[child].left = node;
  store_[node].parent = child;
}

void SegmentTree::rotate_right(std::uint32_t node) {
  const std::uint32_t child = store_[node].left;
  const std::uint32_t inner = store_[child].right;
  store_[node].left = inner;
  if (inner != none) store_[inner].parent = node;
  store_[child].parent = store_[node].parent;
  relink_parent(store_[node].parent, node, child);
  store_[child].right = node;
  store_[node].parent = child;
}

void SegmentTree::rebalance_inserted(std::uint32_t node) {
  while (is_red(store_[node].parent)) {
    std::uint32_t parent = store_[node].parent;
    const std::uint32_t grandparent = store_[parent].parent;  // exists: the root is black
    const bool parent_left = store_[grandparent].left == parent;
    const std::uint32_t uncle = parent_left ? store_[grandparent].right : store_[grandparent].left;
    if (is_red(uncle)) {
      store_[parent].red = store_[uncle].red = false;
      store_[grandparent].red = true;
      node = grandparent;
      continue;
    }
    if (node == (parent_left ? store_[parent].right : store_[parent].left)) {
      rotate(parent, parent_left);
      std::swap(node, parent);
    }
    store_[parent].red = false;
    store_[grandparent].red = true;
    rotate(grandparent, !parent_left);
  }
  store_[root_].red = false;
}

void SegmentTree::erase(std::uint32_t node) {
  const HeldSegment& gone = store_[node];
  std::uint32_t child = none;   // takes the place of the node that leaves its position
  std::uint32_t parent = none;  // of that place
  bool removed_red = gone.red;
  if (gone.left == none || gone.right == none) {
    child = gone.left == none ? gone.right : gone.left;
    parent = gone.parent;
    if (child != none) store_[child].parent = parent;
    relink_parent(parent, node, child);
  } else {
    const std::uint32_t successor = leftmost(gone.right);
    removed_red = store_[successor].red;
    child = store_[successor].right;
    parent = store_[successor].parent;
    if (parent == node) {
      parent = successor;
    } else {
      store_[parent].left = child;
      if (child != none) store_[child].parent = parent;
      store_[successor].right = gone.right;
      store_[gone.right].parent = successor;
    }
    store_[successor].left = gone.left;
    store_[gone.left].parent = successor;
    store_[successor].parent = gone.parent;
    store_[successor].red = gone.red;
    relink_parent(gone.parent, node, successor);
  }
  if (!removed_red) rebalance_erased(child, parent);
}

// `node` (perhaps none, below `parent`) lacks one black node on its paths.
void SegmentTree::rebalance_erased(std::uint32_t node, std::uint32_t parent) {
  while (node != root_ && !is_red(node)) {
    const bool left = store_[parent].left == node;
    auto far = [&](std::uint32_t n) { return left ? store_[n].right : store_[n].left; };
    auto near = [&](std::uint32_t n) { return left ? store_[n].left : store_[n].right; };
    std::uint32_t sibling = far(parent);
    if (is_red(sibling)) {
      store_[sibling].red = false;
      store_[parent].red = true;
      rotate(parent, left);
      sibling = far(parent);
    }
    if (!is_red(far(sibling)) && !is_red(near(sibling))) {
      store_[sibling].red = true;
      node = parent;
      parent = store_[node].parent;
      continue;
    }
    if (!is_red(far(sibling))) {
      store_[near(sibling)].red = false;
      store_[sibling].red = true;
      rotate(sibling, !left);
      sibling = far(parent);
    }
    store_[sibling].red = store_[parent].red;
    store_[parent].red = false;
    store_[far(sibling)].red = false;
    rotate(parent, left);
    node = root_;
  }
  if (node != none) store_[node].red = false;
}

}  // namespace restitch::detail
