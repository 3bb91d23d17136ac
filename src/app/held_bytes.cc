#include "restitch/app/held_bytes.h"

#include "app/pieces.h"

namespace restitch {

// Whether the next byte comes of the same packet as the last one, one for one.
bool HeldBytes::continues(const Origin& origin) const {
  if (pieces_.empty()) return false;
  const auto& [begin, last] = pieces_.back();
  return origin.size == 0 && last.size == 0 && last.packet == origin.packet &&
         last.offset + (bytes_.size() - begin) == origin.offset;
}

void HeldBytes::add(Bytes bytes, const Origin& origin) {
  if (bytes.empty()) return;
  if (!continues(origin)) pieces_.push_back({bytes_.size(), origin});
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void HeldBytes::drop(std::size_t size) {
  if (size == 0) return;
  // Most connections hold nothing most of the time.
  if (size == bytes_.size()) return clear();
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
  const auto gone = piece_behind(pieces_, size) - Pieces(pieces_).begin() - 1;
  pieces_.erase(pieces_.begin(), pieces_.begin() + gone);
  AnalyzerInput::Piece& first = pieces_.front();
  if (first.origin.size == 0) first.origin.offset += size - first.begin;
  first.begin = size;
  for (AnalyzerInput::Piece& piece : pieces_) piece.begin -= size;
}

}  // namespace restitch
