#include "restitch/detail/given_up_gaps.h"

#include <algorithm>

namespace restitch::detail {

void GivenUpGaps::add(Direction direction, const Range& gap) {
  if (!sets_) sets_ = make_block<Sets>(source_);
  if (!sets_ || gap.size == 0) return;
  const std::uint32_t number = number_of(direction);
  Set& set = set_of(direction.slot);
  for (Gap& known : set.gaps) {
    if (known.number == number && known.range.end() == gap.offset) {
      known.range.size += gap.size;
      return;
    }
  }
  set.gaps[set.oldest] = {number, gap};
  set.oldest = (set.oldest + 1) % ways;
}

auto GivenUpGaps::first_in(Direction direction, std::uint64_t offset, std::uint64_t size) const
    -> std::optional<Range> {
  if (!sets_) return std::nullopt;
  const std::uint64_t end = offset + size;
  std::optional<Range> first;
  for (const Gap& gap : set_of(direction.slot).gaps) {
    if (gap.number != number_of(direction)) continue;
    const std::uint64_t from = std::max(offset, gap.range.offset);
    const std::uint64_t to = std::min(end, gap.range.end());
    if (from < to && (!first || from < first->offset)) first = Range{from, to - from};
  }
  return first;
}

void GivenUpGaps::forget(Direction direction) {
  if (!sets_) return;
  for (Gap& gap : set_of(direction.slot).gaps) {
    if (gap.number == number_of(direction)) gap = Gap{};
  }
}

void GivenUpGaps::swap(std::uint32_t slot) {
  if (!sets_) return;
  for (Gap& gap : set_of(slot).gaps) {
    if (gap.number != unused && gap.number / 2 == slot) gap.number ^= 1U;
  }
}

}  // namespace restitch::detail
