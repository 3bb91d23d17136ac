#include "restitch/detail/greed_index.h"

#include <algorithm>
#include <bit>

#include "restitch/detail/half_state.h"

namespace restitch::detail {

// Four classes for each power of two: its exponent, and the two bits that follow.
unsigned GreedIndex::class_of(std::size_t memory_size) {
  if (memory_size < 4) return memory_size == 0 ? 0 : 1;
  const auto exponent = static_cast<unsigned>(std::bit_width(memory_size)) - 1;
  const auto fraction = static_cast<unsigned>(memory_size >> (exponent - 2)) & 3U;
  return std::min(exponent * 4 + fraction, static_cast<unsigned>(classes - 1));
}

// One that shrinks by a single class stays where it is: a half at a limit would move with every segment.
void GreedIndex::place(HalfState& state, std::uint32_t detail, std::size_t memory_size) {
  const unsigned now = class_of(memory_size);
  const unsigned before = state.details[detail].greed.size_class;
  if (now == before || (now != 0 && now + 1 == before)) return;
  if (before != 0) unlink(state, detail);
  if (now != 0) link(state, detail, now);
}

void GreedIndex::link(HalfState& state, std::uint32_t detail, unsigned size_class) {
  std::uint32_t& head = heads_[size_class];
  state.details[detail].greed = {none, head, static_cast<std::uint8_t>(size_class)};
  if (head != none) state.details[head].greed.previous = detail;
  head = detail;
  used_[size_class / 64] |= std::uint64_t{1} << size_class % 64;
}

void GreedIndex::unlink(HalfState& state, std::uint32_t detail) {
  Links& links = state.details[detail].greed;
  const unsigned size_class = links.size_class;
  (links.previous == none ? heads_[size_class] : state.details[links.previous].greed.next) = links.next;
  if (links.next != none) state.details[links.next].greed.previous = links.previous;
  if (heads_[size_class] == none) used_[size_class / 64] &= ~(std::uint64_t{1} << size_class % 64);
  links = {};
}

std::uint32_t GreedIndex::greediest() const {
  for (std::size_t word = used_.size(); word-- > 0;) {
    if (used_[word] != 0)
      return heads_[word * 64 + static_cast<std::size_t>(std::bit_width(used_[word])) - 1];
  }
  return none;
}

}  // namespace restitch::detail
