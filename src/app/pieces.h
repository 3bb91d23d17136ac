// How bytes are found in a list of pieces. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "restitch/app/analyzer.h"

namespace restitch {

using Pieces = std::span<const AnalyzerInput::Piece>;

// The piece behind the one that holds `at`.
inline Pieces::iterator piece_behind(Pieces pieces, std::size_t at) {
  return std::upper_bound(
      pieces.begin(), pieces.end(), at,
      [](std::size_t position, const AnalyzerInput::Piece& piece) { return position < piece.begin; });
}

}  // namespace restitch
