// SegmentTree: the held segments of one half-connection, ordered by their first sequence number, as a
// red-black tree through the links of the segments themselves. Insertion, removal and rebalancing are the
// usual ones, so that a search meets the same segments as in a real receiver whose exact overlap rule
// depends on that path. A view: it owns nothing and is made where it is needed.
//
// Requires, for the order to exist: all segments of a tree begin within 2^31 of each other.
#pragma once

#include "restitch/detail/segment_store.h"

namespace restitch::detail {

class SegmentTree {
 public:
  SegmentTree(SegmentStore& store, std::uint32_t& root) : store_(store), root_(root) {}

  [[nodiscard]] bool empty() const { return root_ == none; }
  [[nodiscard]] std::uint32_t root() const { return root_; }
  [[nodiscard]] std::uint32_t first() const { return leftmost(root_); }
  [[nodiscard]] std::uint32_t last() const { return rightmost(root_); }
  [[nodiscard]] std::uint32_t next(std::uint32_t node) const;
  [[nodiscard]] std::uint32_t previous(std::uint32_t node) const;

  // The last segment that begins at or before `position`, or none.
  [[nodiscard]] std::uint32_t at_or_before(Sequence position) const;

  // The segment to put a new one below that belongs right behind `node`.
  [[nodiscard]] std::uint32_t parent_behind(std::uint32_t node) const {
    const std::uint32_t right = store_.node(node).right;
    return right == none ? node : leftmost(right);
  }

  // Puts a segment below `parent`, on the side that its `first` asks for. Requires: that side is free.
  void insert_below(std::uint32_t parent, std::uint32_t node);

  // Lets `node` take the exact place of `old`, which leaves the tree.
  void replace(std::uint32_t old, std::uint32_t node);

  void erase(std::uint32_t node);

 private:
  [[nodiscard]] std::uint32_t leftmost(std::uint32_t node) const;
  [[nodiscard]] std::uint32_t rightmost(std::uint32_t node) const;
  [[nodiscard]] bool is_red(std::uint32_t node) const { return node != none && store_.node(node).red(); }
  void relink_parent(std::uint32_t parent, std::uint32_t from, std::uint32_t to);
  void rotate_left(std::uint32_t node);
  void rotate_right(std::uint32_t node);
  void rotate(std::uint32_t node, bool left) { left ? rotate_left(node) : rotate_right(node); }
  void rebalance_inserted(std::uint32_t node);
  void rebalance_erased(std::uint32_t node, std::uint32_t parent);

  SegmentStore& store_;
  std::uint32_t& root_;
};

}  // namespace restitch::detail
