// LineReader: finds lines in the bytes of one direction, which an analyzer is given again, with more behind
// them, until it consumes them. A line ends with LF, or CR and LF. It is never longer than the bound: what is
// beyond it is skipped. What was searched once is not searched again. A value; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "app/ascii.h"

namespace restitch {

class LineReader {
 public:
  struct Line {
    std::string_view text;  // without its end; lent as the bytes are
    std::size_t begin = 0;  // where it lies in the bytes
    bool cut = false;       // it is longer
  };

  explicit LineReader(std::uint32_t line_max) : line_max_(line_max) {}

  // The line that begins at `at`, which then lies behind it; nothing: there is no whole line yet. `forced`:
  // what has no end is a line too. Requires: bytes before `at` are consumed, and the others are offered
  // again.
  std::optional<Line> next(Bytes bytes, std::size_t& at, bool forced) {
    if (skipping_ && !skip(bytes, at)) return std::nullopt;
    const std::size_t left = bytes.size() - at;
    const std::size_t seen = std::min<std::size_t>(scanned_, left);
    const void* found = left == seen ? nullptr : std::memchr(bytes.data() + at + seen, '\n', left - seen);
    const std::size_t size =
        found == nullptr
            ? left
            : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes.data()) - at;
    const bool ends = found != nullptr;
    if (!ends && size <= std::size_t{line_max_} + 1 && !(forced && size != 0)) {
      scanned_ = static_cast<std::uint32_t>(size);
      return std::nullopt;
    }
    return take(bytes, at, size, ends);
  }

  // Bytes are missing: what comes is not what was offered before, and begins within a line.
  void lose() {
    scanned_ = 0;
    skipping_ = true;
  }
  // What comes is not what was offered before, and begins with a line.
  void begin() {
    scanned_ = 0;
    skipping_ = false;
  }

 private:
  // Up to the end of a line that was too long. False: it has not come yet.
  bool skip(Bytes bytes, std::size_t& at) {
    const void* found =
        at == bytes.size() ? nullptr : std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (found == nullptr) {
      at = bytes.size();
      return false;
    }
    at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes.data()) + 1;
    skipping_ = false;
    return true;
  }

  Line take(Bytes bytes, std::size_t& at, std::size_t size, bool ends) {
    Line line{ascii::text_of(bytes.subspan(at, size)), at, false};
    at += size + (ends ? 1 : 0);
    scanned_ = 0;
    if (line.text.ends_with('\r') && ends) line.text.remove_suffix(1);
    if (line.text.size() > line_max_) {
      line.text = line.text.substr(0, line_max_);
      line.cut = true;
      skipping_ = !ends;
    }
    return line;
  }

  std::uint32_t line_max_;
  std::uint32_t scanned_ = 0;  // bytes that were offered before and have no LF
  bool skipping_ = false;
};

}  // namespace restitch
