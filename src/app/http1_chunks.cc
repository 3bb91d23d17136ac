#include "app/http1_chunks.h"
#include "app/ascii.h"

#include <algorithm>
#include <string>

#include "app/http1_text.h"

namespace restitch::http1 {
namespace {

// What stands behind the digits of a size, and is odd.
Oddity odd_rest(std::string_view rest, std::string_view line, bool bare_lf) {
  const std::string_view extension = trimmed(rest);
  const bool extended = !extension.empty() && extension.front() == ';';
  if (!extension.empty() && !extended) {
    return {"http_odd_chunk_size", 0, quoted(line) + " is a size, or none, behind its first digits"};
  }
  if (extended && (bare_lf || extension.find('\r') != std::string_view::npos ||
                   extension.find('\0') != std::string_view::npos)) {
    return {"http_odd_chunk_extension", 0,
            "the extension " + quoted(extension) + " ends with its line feed, or CR, or goes on"};
  }
  if (extension.size() > 256) {
    return {"http_odd_chunk_extension", 0, std::to_string(extension.size()) + " bytes of extension"};
  }
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  if (!extended && !rest.empty()) return {"http_odd_chunk_size", 0, quoted(line) + " is a size, or none"};
  if (bare_lf) return {"http_bare_lf", 0, "the size of a chunk ends without CR, or goes on"};
  return {};
}

}  // namespace

Chunks::Step Chunks::next(std::string_view text, bool forced) {
  switch (state_) {
    case State::first_size:
    case State::size:
      return size_line(text, forced);
    case State::data: {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, text.size()));
      left_ -= size;
      if (left_ == 0) state_ = State::data_end;
      return {size == 0 ? Step::Kind::more : Step::Kind::data, size, {}};
    }
    case State::data_end:
      return data_end(text, forced);
    case State::trailers:
      break;
  }
  if (text.substr(0, 2) == "\r\n") return {Step::Kind::trailers, 2, {}};
  const std::size_t size = trailers_.find(text, forced);
  if (size != 0) return {Step::Kind::trailers, size, {}};
  return {};
}

std::uint64_t Chunks::gap(std::uint64_t size) {
  if (state_ != State::data) return 0;
  const std::uint64_t within = std::min(size, left_);
  left_ -= within;
  if (left_ == 0) state_ = State::data_end;
  return within;
}

// CR LF, or LF. Anything else is left to the next size, which is odd then.
Chunks::Step Chunks::data_end(std::string_view text, bool forced) {
  if (text.empty() || (text == "\r" && !forced)) return {};
  state_ = State::size;
  seen_ = 0;
  if (text.substr(0, 2) == "\r\n") return {Step::Kind::framing, 2, {}};
  if (text.front() == '\n') {
    return {Step::Kind::framing, 1, {"http_bare_lf", 0, "a chunk ends without CR, or is longer"}};
  }
  Step step = size_line(text, forced);
  if (step.kind == Step::Kind::more) state_ = State::data_end;  // it is still not known what this is
  if (step.oddity.what.empty() && step.kind == Step::Kind::framing) {
    step.oddity = {"http_bad_chunk_end", 0,
                   "a chunk is not followed by a line end: its size is wrong, or not"};
  }
  return step;
}

// The digits, behind white space, up to the line feed.
Chunks::Step Chunks::size_line(std::string_view text, bool forced) {
  std::size_t begin = 0;
  while (begin < text.size() && is_space(text[begin])) ++begin;
  if (begin > line_max) return {Step::Kind::damaged, 0, {"http_bad_chunk", 0, "nothing but spaces"}};
  const std::size_t end = text.find('\n', std::max<std::size_t>(begin, seen_));
  if (end == std::string_view::npos) {
    seen_ = static_cast<std::uint32_t>(text.size());
    if (text.size() > line_max) {
      return {Step::Kind::damaged, 0, {"http_bad_chunk", 0, quoted(text) + " is no size of a chunk"}};
    }
    if (!forced || begin == text.size()) return {};
    return read_size(text.substr(begin), begin, text.size());
  }
  return read_size(text.substr(begin, end - begin), begin, end + 1);
}

Chunks::Step Chunks::read_size(std::string_view line, std::size_t skipped, std::size_t whole) {
  constexpr std::uint64_t size_max = std::uint64_t{1} << 59;
  const bool bare_lf = line.empty() || line.back() != '\r';
  if (!bare_lf) line.remove_suffix(1);
  const bool hex_prefix = begins(line, "0x") && line.size() > 2 && ascii::hex_value(line[2]) >= 0;
  std::size_t at = hex_prefix ? 2 : !line.empty() && line.front() == '+' ? 1 : 0;
  const bool prefixed = at != 0;
  std::uint64_t size = 0;
  const std::size_t first = at;
  for (; at < line.size() && ascii::hex_value(line[at]) >= 0 && size <= size_max; ++at) {
    size = size * 16 + static_cast<std::uint64_t>(ascii::hex_value(line[at]));
  }
  if (at == first || size > size_max) {
    const std::string_view what = at == first ? "http_bad_chunk" : "http_chunk_size_overflow";
    return {
        Step::Kind::damaged, 0, {what, skipped, quoted(line) + " is no size of a chunk, or is cut to one"}};
  }
  Step step{Step::Kind::framing, whole, odd_rest(line.substr(at), line, bare_lf)};
  if (prefixed || skipped != 0) {
    step.oddity = {"http_odd_chunk_size", 0,
                   quoted(line) + (prefixed ? " is the size " : " behind white space is the size ") +
                       std::to_string(size) + (hex_prefix ? ", or 0" : ", or none")};
  }
  step.oddity.at = skipped;
  left_ = size;
  seen_ = 0;
  state_ = size == 0 ? State::trailers : State::data;
  trailers_.reset();
  return step;
}

}  // namespace restitch::http1
