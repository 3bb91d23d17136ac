#include "app/dot_reader.h"

#include <cstdint>
#include <cstring>

namespace restitch {

// At a dot that begins a line. True: the text goes on from `at`.
bool DotReader::read_dot(Bytes bytes, std::size_t& at, bool forced, bool& waits) {
  const std::size_t left = bytes.size() - at;
  const bool cr = left > 1 && bytes[at + 1] == '\r';
  const std::size_t needed = cr ? 3 : 2;
  if (left < needed) {
    waits = !forced;
    return forced;
  }
  const bool whole = bytes[at + needed - 1] == '\n';
  const bool strict = behind_crlf_ && cr;
  if (whole && (strict || !crlf_ || !any_line_)) {
    ambiguous_ = ambiguous_ || (!strict && any_line_);
    ended_ = true;
    at += needed;
    return false;
  }
  if (whole) ambiguous_ = true;
  if (behind_crlf_ || !crlf_) ++at;
  return true;
}

Bytes DotReader::next(Bytes bytes, std::size_t& at, bool forced) {
  if (ended_ || at == bytes.size()) return {};
  if (line_start_) {
    bool waits = false;
    if (bytes[at] == '.' && !read_dot(bytes, at, forced, waits)) return {};
    line_start_ = false;
    last_cr_ = false;
    if (at == bytes.size()) return {};
  }
  const std::size_t begin = at;
  for (;;) {
    const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (found == nullptr) {
      at = bytes.size();
      break;
    }
    at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes.data()) + 1;
    behind_crlf_ = at - begin > 1 ? bytes[at - 2] == '\r' : last_cr_;
    if (!any_line_) crlf_ = behind_crlf_;
    any_line_ = true;
    line_start_ = at == bytes.size() || bytes[at] == '.';
    if (line_start_) break;
  }
  last_cr_ = bytes[at - 1] == '\r';
  return bytes.subspan(begin, at - begin);
}

}  // namespace restitch
