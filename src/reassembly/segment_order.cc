#include "restitch/detail/segment_order.h"

#include <algorithm>

#include "reassembly/link_tree.h"
#include "restitch/detail/prefetch.h"

namespace restitch::detail {
namespace {

std::uint16_t count_of(const SegmentOrder::Leaf& leaf) {
  return static_cast<std::uint16_t>(leaf.end - leaf.begin);
}

bool is_full(const SegmentOrder::Leaf& leaf) { return count_of(leaf) == SegmentOrder::leaf_entries; }

// The last entry of a leaf that begins at or before `position`. Requires: the first does.
std::uint16_t last_until(const SegmentOrder::Leaf& leaf, Sequence position) {
  std::uint32_t at = leaf.begin;
  for (std::uint32_t left = count_of(leaf); left > 1;) {
    const std::uint32_t half = left / 2;
    at += leaf.entries[at + half].first.difference(position) >= 0 ? half : 0;
    left -= half;
  }
  return static_cast<std::uint16_t>(at);
}

// Sizes for the four bits of an entry: of which there is no end in some traffic, and those of full segments.
constexpr std::array<std::uint16_t, 16> size_classes = {1,   2,   4,    8,    16,   32,   64,   128,
                                                        256, 536, 1024, 1380, 1448, 1460, 9000, 65535};
constexpr std::uint32_t number_end = std::uint32_t{1} << 28;

std::uint32_t size_class_of(std::size_t size) {
  return static_cast<std::uint32_t>(std::lower_bound(size_classes.begin(), size_classes.end() - 1, size) -
                                    size_classes.begin());
}

// Opens a gap for one entry before `at`, on the side where less has to move; answers where it is.
std::uint16_t open_gap(SegmentOrder::Leaf& leaf, std::uint16_t at) {
  const auto entries = leaf.entries.begin();
  const bool upwards =
      leaf.end != SegmentOrder::leaf_entries && (leaf.begin == 0 || leaf.end - at <= at - leaf.begin);
  if (upwards) {
    std::move_backward(entries + at, entries + leaf.end, entries + leaf.end + 1);
    ++leaf.end;
    return at;
  }
  std::move(entries + leaf.begin, entries + at, entries + leaf.begin - 1);
  --leaf.begin;
  return static_cast<std::uint16_t>(at - 1);
}

void close_gap(SegmentOrder::Leaf& leaf, std::uint16_t at) {
  const auto entries = leaf.entries.begin();
  if (at - leaf.begin < leaf.end - at) {
    std::move_backward(entries + leaf.begin, entries + at, entries + at + 1);
    ++leaf.begin;
  } else {
    std::move(entries + at + 1, entries + leaf.end, entries + at);
    --leaf.end;
  }
}

// Loads all of a leaf at once, before a search hops through it.
void prefetch(const SegmentOrder::Leaf& leaf) {
  const char* const line = reinterpret_cast<const char*>(&leaf);
  for (std::size_t at = 0; at < sizeof leaf; at += 64) detail::prefetch(line + at);
}

}  // namespace

// Lets the tree know what a leaf begins with.
void SegmentOrder::write_first(Leaves& leaves, std::uint32_t number) {
  const Leaf& leaf = leaves[number];
  const Sequence first = leaf.entries[leaf.begin].first;
  leaves.hot(number).value = first.value();
  if (number == first_) lowest_ = first;
}

void SegmentOrder::note_first(Leaves& leaves, std::uint32_t number) {
  write_first(leaves, number);
  found_ = none;
}

SegmentOrder::Place SegmentOrder::first(const Leaves& leaves) const {
  return first_ == none ? Place{} : Place{first_, leaves[first_].begin};
}

SegmentOrder::Place SegmentOrder::last(const Leaves& leaves) const {
  return last_ == none ? Place{} : Place{last_, static_cast<std::uint16_t>(leaves[last_].end - 1)};
}

SegmentOrder::Place SegmentOrder::next(const Leaves& leaves, Place place) {
  const Leaf& leaf = leaves[place.leaf];
  if (place.at + 1 != leaf.end) return {place.leaf, static_cast<std::uint16_t>(place.at + 1)};
  return leaf.next == none ? Place{} : Place{leaf.next, leaves[leaf.next].begin};
}

Sequence SegmentOrder::end_at_most(const Leaves& leaves, Place place) {
  const Entry& there = entry(leaves, place);
  return there.first.add(size_classes[there.size_class]);
}

SegmentOrder::Place SegmentOrder::at_or_before(Leaves& leaves, Sequence position) {
  const std::uint32_t leaf = leaf_for(leaves, position);
  return leaf == none ? Place{} : Place{leaf, last_until(leaves[leaf], position)};
}

// Both ends are tried first, and then where the last one was: who sends in order, or from the end, be it of a
// hole, is not searched for.
std::uint32_t SegmentOrder::leaf_for(const Leaves& leaves, Sequence position) {
  const auto begins_by = [&](std::uint32_t leaf) {
    return Sequence(leaves.hot(leaf).value).difference(position) >= 0;
  };
  if (root_ == none || lowest_.difference(position) < 0) return none;
  if (begins_by(last_)) return last_;
  if (found_ != none && found_from_.difference(position) >= 0 && position.difference(found_until_) > 0) {
    return found_;
  }
  std::uint32_t behind = none;
  for (std::uint32_t leaf = root_; leaf != none;) {
    const bool right = begins_by(leaf);
    (right ? found_ : behind) = leaf;
    leaf = right ? leaves.hot(leaf).right : leaves.hot(leaf).left;
  }
  found_from_ = Sequence(leaves.hot(found_).value);
  found_until_ = Sequence(leaves.hot(behind).value);
  prefetch(leaves[found_]);
  return found_;
}

std::uint32_t SegmentOrder::ahead(const Leaves& leaves, std::uint32_t distance) const {
  for (std::uint32_t number = first_; number != none; number = leaves[number].next) {
    const Leaf& leaf = leaves[number];
    if (distance < count_of(leaf)) return leaf.entries[leaf.begin + distance].segment;
    distance -= count_of(leaf);
  }
  return none;
}

SegmentOrder::Place SegmentOrder::insert_behind(Leaves& leaves, Place before, Sequence first,
                                                std::uint32_t segment, std::size_t size) {
  if (segment >= number_end) return {};
  const Place place = make_room(leaves, before);
  if (!place.exists()) return {};
  Leaf& leaf = leaves[place.leaf];
  leaf.entries[place.at] = {first, segment & (number_end - 1), size_class_of(size) & 15U};
  if (place.at == leaf.begin) note_first(leaves, place.leaf);
  return place;
}

// Makes an entry free behind `before`.
SegmentOrder::Place SegmentOrder::make_room(Leaves& leaves, Place before) {
  std::uint32_t number = before.exists() ? before.leaf : first_;
  std::uint16_t at = leaf_entries / 2;
  if (number == none) {
    number = add_leaf(leaves, none, at);
  } else {
    at = static_cast<std::uint16_t>(before.exists() ? before.at + 1 : leaves[number].begin);
    if (is_full(leaves[number])) number = relieve(leaves, number, at);
  }
  return number == none ? Place{} : Place{number, open_gap(leaves[number], at)};
}

// The leaf where the entry `at` of a full leaf belongs, and which place it has there. A full leaf at either
// end of all gets a new neighbour and stays full, so that segments which come in order, or from the end, fill
// their leaves; any other is split in the middle.
std::uint32_t SegmentOrder::relieve(Leaves& leaves, std::uint32_t number, std::uint16_t& at) {
  if (number == last_ && at == leaf_entries) return add_leaf(leaves, last_, at = 0);
  if (number == first_ && at == 0) return add_leaf(leaves, none, at = leaf_entries);
  const std::uint32_t upper = add_leaf(leaves, number, 0);
  if (upper == none) return none;
  Leaf& from = leaves[number];
  Leaf& to = leaves[upper];
  from.end = leaf_entries / 2;
  to.end = leaf_entries - leaf_entries / 2;
  std::copy(from.entries.begin() + from.end, from.entries.end(), to.entries.begin());
  note_first(leaves, upper);
  if (at <= from.end) return number;
  at = static_cast<std::uint16_t>(at - from.end);
  return upper;
}

// An empty leaf behind another one, or before all, which is going to be filled from `begin`.
std::uint32_t SegmentOrder::add_leaf(Leaves& leaves, std::uint32_t before, std::uint16_t begin) {
  const std::uint32_t number = leaves.allocate();
  if (number == none) return none;
  if (number >= TreeNode::no_parent) {
    leaves.release(number);
    return none;
  }
  LinkTree(leaves, root_).insert_behind(before, number);
  Leaf& leaf = leaves[number];
  leaf.begin = leaf.end = begin;
  std::uint32_t& link = before == none ? first_ : leaves[before].next;
  leaf.next = link;
  link = number;
  if (leaf.next == none) last_ = number;
  return number;
}

void SegmentOrder::move(Leaves& leaves, Place place, Sequence first) {
  leaves[place.leaf].entries[place.at].first = first;
  if (place.at == leaves[place.leaf].begin) note_first(leaves, place.leaf);
}

// Two neighbours of which one is half empty are united, so that all leaves are half full on average at least.
void SegmentOrder::erase(Leaves& leaves, Place place) {
  Leaf& leaf = leaves[place.leaf];
  close_gap(leaf, place.at);
  const std::uint32_t previous = LinkTree(leaves, root_).previous(place.leaf);
  if (count_of(leaf) == 0) return remove_leaf(leaves, previous, place.leaf);
  note_first(leaves, place.leaf);
  unite_with_next(leaves, place.leaf);
  if (previous != none) unite_with_next(leaves, previous);
}

void SegmentOrder::unite_with_next(Leaves& leaves, std::uint32_t number) {
  Leaf& leaf = leaves[number];
  if (leaf.next == none || count_of(leaf) + count_of(leaves[leaf.next]) > leaf_entries) return;
  const Leaf& next = leaves[leaf.next];
  const auto entries = leaf.entries.begin();
  std::move(entries + leaf.begin, entries + leaf.end, entries);
  leaf.end = count_of(leaf);
  leaf.begin = 0;
  std::copy(next.entries.begin() + next.begin, next.entries.begin() + next.end, entries + leaf.end);
  leaf.end = static_cast<std::uint16_t>(leaf.end + count_of(next));
  remove_leaf(leaves, number, leaf.next);
}

void SegmentOrder::remove_leaf(Leaves& leaves, std::uint32_t previous, std::uint32_t number) {
  (previous == none ? first_ : leaves[previous].next) = leaves[number].next;
  if (number == last_) last_ = previous;
  if (previous == none && first_ != none) lowest_ = Sequence(leaves.hot(first_).value);
  LinkTree(leaves, root_).erase(number);
  leaves.release(number);
  if (number == found_) found_ = none;
}

// What was found stays found: nothing is looked for before the first.
std::uint32_t SegmentOrder::pop(Leaves& leaves) {
  Leaf& leaf = leaves[first_];
  const std::uint32_t segment = leaf.entries[leaf.begin++].segment;
  if (leaf.begin == leaf.end) {
    remove_leaf(leaves, none, first_);
  } else {
    write_first(leaves, first_);
  }
  return segment;
}

}  // namespace restitch::detail
