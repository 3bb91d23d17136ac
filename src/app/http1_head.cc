#include "app/http1_head.h"

#include <algorithm>

#include "app/http1_text.h"

namespace restitch::http1 {
namespace {

// Whether a line that comes next may be a field: 1 it may, 0 it may not, -1 more bytes are needed to tell.
int may_be_field(std::string_view text) {
  constexpr std::size_t name_max = 64;
  for (std::size_t at = 0; at < std::min(text.size(), name_max); ++at) {
    if (text[at] == ':') return at != 0 ? 1 : 0;
    if (!is_token(text[at])) return 0;
  }
  return text.size() < name_max ? -1 : 0;
}

}  // namespace

std::size_t HeadEnd::find(std::string_view text, bool forced) {
  for (;;) {
    const std::size_t end = text.find('\n', seen_);
    if (end == std::string_view::npos) {
      seen_ = static_cast<std::uint32_t>(text.size());
      return 0;
    }
    const Line line = judge(text, end, forced);
    if (line == Line::undecided) {
      seen_ = static_cast<std::uint32_t>(end);
      return 0;
    }
    line_ = seen_ = static_cast<std::uint32_t>(end + 1);
    if (line == Line::blank) return line_;
  }
}

// An empty line ends the head. A line of spaces continues the one before, says the RFC; to some programs it
// is empty, too: then what follows it is not a field, nor an empty line.
HeadEnd::Line HeadEnd::judge(std::string_view text, std::size_t end, bool forced) {
  std::string_view line = text.substr(line_, end - line_);
  if (line == "\r") return Line::blank;
  odd_ = odd_ || line.empty() || line.back() != '\r' || line.front() == ' ' || line.front() == '\t';
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.empty()) return line_ + 2 >= end ? Line::blank : Line::text;
  if (!std::all_of(line.begin(), line.end(), [](char c) { return c == ' ' || c == '\t'; })) return Line::text;
  const std::string_view rest = text.substr(end + 1);
  if (rest.empty()) return forced ? Line::blank : Line::undecided;
  if (rest.front() == '\r' || rest.front() == '\n' || rest.front() == ' ' || rest.front() == '\t') {
    return Line::text;
  }
  const int field = may_be_field(rest);
  if (field < 0 && !forced) return Line::undecided;
  return field > 0 ? Line::text : Line::blank;
}

const Field* Head::field(std::string_view name) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return equal(field.name, name); });
  return found == fields.end() ? nullptr : &*found;
}

std::string Head::joined(std::string_view name) const {
  std::string values;
  for (const Field& field : fields) {
    if (!equal(field.name, name)) continue;
    if (!values.empty()) values += ", ";
    values += unfolded(field.value);
  }
  return values;
}

std::string unfolded(std::string_view value) {
  if (value.find_first_of("\r\n") == std::string_view::npos) return std::string(value);
  std::string one_line;
  while (!value.empty()) {
    const std::size_t end = std::min(value.find_first_of("\r\n"), value.size());
    const std::string_view part = trimmed(value.substr(0, end));
    if (!part.empty() && !one_line.empty()) one_line += ' ';
    one_line += part;
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return one_line;
}

Head Head::read(std::string_view text, Kind kind, bool odd) {
  Head strict = read_strictly(text, kind);
  if (strict.valid && !odd) return strict;
  Head generous = read_generously(text, kind);
  generous.refusal = strict.refusal;
  return generous;
}

}  // namespace restitch::http1
