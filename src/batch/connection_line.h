// The lines of a map file: what `streams --json` says of a connection, behind what sorts it. Pure functions;
// any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "restitch/export.h"

namespace RESTITCH_API restitch {
namespace batch {

struct LinePlace {
  std::uint64_t rank = 0;   // of its first packet in the file
  std::uint32_t tuple = 0;  // as the carry numbers them
  std::uint64_t connection = 0;

  friend bool operator==(const LinePlace&, const LinePlace&) = default;
};

// {"rank":12,"tuple":3,"connection":0, and what stood behind "connection" in each line; a connection without
// lines gets one that says no more.
std::string numbered_lines(std::string_view lines, const LinePlace& place);

struct ConnectionLine {
  LinePlace place;
  std::string_view rest;  // behind the number of the connection: ,"uid":…}; empty: nothing is to be told
};

// Borrows the line, which has no end of line. Nothing: it is no line of a map file.
std::optional<ConnectionLine> parse_line(std::string_view line);

// A line of the result, with its end.
void append_line(std::string& out, std::uint64_t connection, std::string_view rest);

// Calls tell(rest) for each line of `streams --json`.
template <class Tell>
void for_each_line(std::string_view lines, Tell&& tell) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    tell(line.substr(std::min(line.find(','), line.size())));
  }
}

}  // namespace batch
}  // namespace restitch
