// SearchPairs: matches of one side, and such as the other side answers with later by the capture, whichever
// is delivered first. For each side it remembers the earliest that waits for its answer, and the latest
// answer. Owns what waits. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "restitch/app/search_stream.h"

namespace restitch {

class SearchPairs {
 public:
  using Pair = std::pair<SearchNote, SearchNote>;

  // `then_from` as in SearchPlan. Answers the pairs that are complete now, at most two.
  std::array<std::optional<Pair>, 2> add(const SearchNote& note, std::uint32_t then_from,
                                         std::optional<TcpFlowDirection> only);

  // Of a match in this direction, and its answer.
  [[nodiscard]] std::uint64_t pairs(TcpFlowDirection direction) const {
    return sides_[static_cast<std::size_t>(direction)].pairs;
  }
  void swap_roles() { std::swap(sides_[0], sides_[1]); }

 private:
  using Moment = std::pair<Timestamp, std::uint64_t>;
  struct Waiting {
    Moment when;
    SearchNote note;
  };
  // What begins in one direction.
  struct Side {
    std::optional<Waiting> first;
    std::optional<Waiting> answer;  // in the other direction
    std::uint64_t pairs = 0;
  };

  static std::optional<Pair> complete(Side& side);

  std::array<Side, 2> sides_;  // by TcpFlowDirection
};

}  // namespace restitch
