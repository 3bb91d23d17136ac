// HeldBytes: bytes of a direction that lie together, and where each of them came from. A value; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "restitch/app/analyzer.h"

namespace RESTITCH_API restitch {

class HeldBytes {
 public:
  void add(Bytes bytes, const Origin& origin);
  // Takes the first ones off. Requires: size <= size().
  void drop(std::size_t size);
  // Gives the memory back too.
  void clear() { *this = HeldBytes(); }

  [[nodiscard]] Bytes bytes() const { return bytes_; }
  [[nodiscard]] std::span<const AnalyzerInput::Piece> pieces() const { return pieces_; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::size_t capacity() const { return bytes_.capacity(); }

 private:
  [[nodiscard]] bool continues(const Origin& origin) const;

  std::vector<std::uint8_t> bytes_;
  std::vector<AnalyzerInput::Piece> pieces_;
};

}  // namespace restitch
