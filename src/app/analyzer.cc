#include "restitch/app/analyzer.h"

#include <iterator>

#include "app/pieces.h"

namespace restitch {

std::size_t AnalyzerInput::run(std::size_t at) const {
  const auto behind = piece_behind(pieces_, at);
  return (behind == pieces_.end() ? bytes_.size() : behind->begin) - at;
}

Origin AnalyzerInput::origin(std::size_t at) const {
  const Piece& piece = *std::prev(piece_behind(pieces_, at));
  Origin origin = piece.origin;
  if (origin.size == 0) origin.offset += at - piece.begin;
  return origin;
}

}  // namespace restitch
