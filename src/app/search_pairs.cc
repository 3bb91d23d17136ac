#include "app/search_pairs.h"

#include <algorithm>
#include <vector>

namespace restitch {
namespace {

// Those of its matches that are, or are not, answers.
std::optional<SearchNote> part_of(const SearchNote& note, std::uint32_t then_from, bool answers) {
  SearchNote part = note;
  std::erase_if(part.excerpt.matches,
                [&](const SearchMatch& match) { return (match.pattern >= then_from) != answers; });
  if (part.excerpt.matches.empty()) return std::nullopt;
  part.then = answers;
  return part;
}

}  // namespace

std::array<std::optional<SearchPairs::Pair>, 2> SearchPairs::add(const SearchNote& note,
                                                                 std::uint32_t then_from,
                                                                 std::optional<TcpFlowDirection> only) {
  std::array<std::optional<Pair>, 2> complete_now;
  const auto when = [](const SearchMatch& match) { return Moment{match.origin.time, match.origin.packet}; };
  if (auto answer = part_of(note, then_from, true); answer && (!only || *only != note.direction)) {
    Side& side = sides_[static_cast<std::size_t>(reverse(note.direction))];
    const Moment last = when(answer->excerpt.matches.back());
    if (!side.answer || side.answer->when < last) side.answer = Waiting{last, std::move(*answer)};
    complete_now[0] = complete(side);
  }
  if (auto first = part_of(note, then_from, false); first && (!only || *only == note.direction)) {
    Side& side = sides_[static_cast<std::size_t>(note.direction)];
    const Moment begun = when(first->excerpt.matches.front());
    if (!side.first || begun < side.first->when) side.first = Waiting{begun, std::move(*first)};
    complete_now[1] = complete(side);
  }
  return complete_now;
}

std::optional<SearchPairs::Pair> SearchPairs::complete(Side& side) {
  if (!side.first || !side.answer || side.answer->when <= side.first->when) return std::nullopt;
  Pair pair(std::move(side.first->note), std::move(side.answer->note));
  side.first.reset();
  side.answer.reset();
  ++side.pairs;
  return pair;
}

}  // namespace restitch
