// SegmentOrder: the held segments of one half-connection in the order of their first sequence numbers. They
// stand in leaves of up to 31 side by side, and the leaves in a red-black tree: a search touches little
// memory, and what comes next is known long before it is needed. The leaves of all half-connections of a pool
// lie in one slab, which every function is given. One thread.
//
//              ┌─ leaf ─┐
//      ┌─ leaf ┤        └ leaf         tree by the first number of each
//      leaf    └ leaf
//      ABC  →  DEFG  →  HI …           in order: each leaf knows the next
//
// Requires, for the order to exist: all segments begin within 2^31 of each other.
#pragma once

#include <array>
#include <cstdint>

#include "restitch/detail/tree_node.h"
#include "restitch/sequence.h"

namespace RESTITCH_API restitch {
namespace detail {

class SegmentOrder {
 public:
  static constexpr std::uint16_t leaf_entries = 31;
  // Four bits tell how large a segment is at most (see end_at_most), which leaves 28 for its number: 160
  // million segments of a pool.
  struct Entry {
    Sequence first;
    std::uint32_t segment : 28;
    std::uint32_t size_class : 4;
  };
  struct Leaf {
    std::uint32_t next = none;
    std::uint16_t begin = 0;  // its entries are [begin, end), never none
    std::uint16_t end = 0;
    std::array<Entry, leaf_entries> entries;
  };
  using Leaves = Slab<Leaf, TreeNode>;  // a node's value is the first number of its leaf

  // Where an entry stands; until the next change.
  struct Place {
    std::uint32_t leaf = none;
    std::uint16_t at = 0;

    [[nodiscard]] bool exists() const { return leaf != none; }
    friend bool operator==(Place, Place) = default;
  };

  [[nodiscard]] bool empty() const { return root_ == none; }

  // The first number of the first segment. Requires: not empty().
  [[nodiscard]] Sequence lowest() const { return lowest_; }

  [[nodiscard]] static const Entry& entry(const Leaves& leaves, Place place) {
    return leaves[place.leaf].entries[place.at];
  }

  // The segment there ends here or before: mostly right here, without loading it.
  [[nodiscard]] static Sequence end_at_most(const Leaves& leaves, Place place);

  [[nodiscard]] Place first(const Leaves& leaves) const;
  [[nodiscard]] Place last(const Leaves& leaves) const;
  [[nodiscard]] static Place next(const Leaves& leaves, Place place);

  // The one behind `place`, or the first if there is no such place.
  [[nodiscard]] Place behind(const Leaves& leaves, Place place) const {
    return place.exists() ? next(leaves, place) : first(leaves);
  }

  // The last one that begins at or before `position`.
  [[nodiscard]] Place at_or_before(Leaves& leaves, Sequence position);

  // The segment that stands `distance` behind the first, or none.
  [[nodiscard]] std::uint32_t ahead(const Leaves& leaves, std::uint32_t distance) const;

  // Puts a segment behind another one, or first; no place when memory is exhausted. It may become smaller
  // than `size`, but not larger. Requires: it belongs there, size > 0.
  Place insert_behind(Leaves& leaves, Place before, Sequence first, std::uint32_t segment, std::size_t size);

  // Notes that a segment begins elsewhere now. Requires: it still belongs there.
  void move(Leaves& leaves, Place place, Sequence first);

  void erase(Leaves& leaves, Place place);

  // Takes the first one out. Requires: not empty().
  std::uint32_t pop(Leaves& leaves);

 private:
  inline Place make_room(Leaves& leaves, Place before);
  std::uint32_t relieve(Leaves& leaves, std::uint32_t number, std::uint16_t& at);
  std::uint32_t add_leaf(Leaves& leaves, std::uint32_t before, std::uint16_t begin);
  void write_first(Leaves& leaves, std::uint32_t number);
  void note_first(Leaves& leaves, std::uint32_t number);
  void unite_with_next(Leaves& leaves, std::uint32_t number);
  void remove_leaf(Leaves& leaves, std::uint32_t previous, std::uint32_t number);

  [[nodiscard]] inline std::uint32_t leaf_for(const Leaves& leaves, Sequence position);

  std::uint32_t root_ = none;
  std::uint32_t first_ = none;  // leaves
  std::uint32_t last_ = none;
  Sequence lowest_;

  // The leaf that was found last, and a stretch that belongs into it: [found_from_, found_until_). None when
  // what a leaf begins with has changed since, other than by pop().
  std::uint32_t found_ = none;
  Sequence found_from_;
  Sequence found_until_;
};

}  // namespace detail
}  // namespace restitch
