#include "restitch/detail/given_up_gaps.h"

#include <algorithm>

namespace restitch::detail {

void GivenUpGaps::add(Direction direction, const Range& gap) {
  if (gap.size == 0) return;
  BlockPtr<Page>& page = pages_[page_of(direction.slot)];
  if (!page) {
    page = make_block<Page>(source_);
    if (!page) return;
    ++pages_used_;
  }
  const std::uint32_t number = number_of(direction);
  Set& set = page->sets[direction.slot % sets_of_page];
  for (Gap& known : set.gaps) {
    if (known.number == number && known.range.end() == gap.offset) {
      known.range.size += gap.size;
      return;
    }
  }
  if (set.gaps[set.oldest].number == unused) ++page->gaps;
  set.gaps[set.oldest] = {number, gap};
  set.oldest = (set.oldest + 1) % ways;
}

auto GivenUpGaps::first_in(Direction direction, std::uint64_t offset, std::uint64_t size) const
    -> std::optional<Range> {
  const Set* const set = set_of(direction.slot);
  if (set == nullptr) return std::nullopt;
  const std::uint64_t end = offset + size;
  std::optional<Range> first;
  for (const Gap& gap : set->gaps) {
    if (gap.number != number_of(direction)) continue;
    const std::uint64_t from = std::max(offset, gap.range.offset);
    const std::uint64_t to = std::min(end, gap.range.end());
    if (from < to && (!first || from < first->offset)) first = Range{from, to - from};
  }
  return first;
}

void GivenUpGaps::forget(Direction direction) {
  Set* const set = set_of(direction.slot);
  if (set == nullptr) return;
  for (Gap& gap : set->gaps) {
    if (gap.number != number_of(direction)) continue;
    gap = Gap{};
    --pages_[page_of(direction.slot)]->gaps;
  }
  if (pages_[page_of(direction.slot)]->gaps != 0) return;
  pages_[page_of(direction.slot)].reset();
  --pages_used_;
}

void GivenUpGaps::swap(std::uint32_t slot) {
  Set* const set = set_of(slot);
  if (set == nullptr) return;
  for (Gap& gap : set->gaps) {
    if (gap.number != unused && gap.number / 2 == slot) gap.number ^= 1U;
  }
}

}  // namespace restitch::detail
