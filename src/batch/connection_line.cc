#include "batch/connection_line.h"

#include <charconv>

#include "output/text.h"

namespace restitch::batch {
namespace {

// Takes `name` and a number off the front.
template <class T>
bool take_member(std::string_view& text, std::string_view name, T& number) {
  if (!text.starts_with(name)) return false;
  text.remove_prefix(name.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

void append_place(std::string& out, const LinePlace& place) {
  out += R"({"rank":)";
  append_number(out, place.rank);
  out += R"(,"tuple":)";
  append_number(out, place.tuple);
  out += R"(,"connection":)";
  append_number(out, place.connection);
}

}  // namespace

std::string numbered_lines(std::string_view lines, const LinePlace& place) {
  std::string out;
  for_each_line(lines, [&](std::string_view rest) {
    append_place(out, place);
    out.append(rest) += '\n';
  });
  if (!out.empty()) return out;
  append_place(out, place);
  return out += "}\n";
}

std::optional<ConnectionLine> parse_line(std::string_view line) {
  ConnectionLine parsed;
  const bool placed = take_member(line, R"({"rank":)", parsed.place.rank) &&
                      take_member(line, R"(,"tuple":)", parsed.place.tuple) &&
                      take_member(line, R"(,"connection":)", parsed.place.connection);
  if (!placed) return std::nullopt;
  if (line == "}") return parsed;
  if (!line.starts_with(',') || !line.ends_with('}')) return std::nullopt;
  parsed.rest = line;
  return parsed;
}

void append_line(std::string& out, std::uint64_t connection, std::string_view rest) {
  out += R"({"connection":)";
  append_number(out, connection);
  out.append(rest) += '\n';
}

}  // namespace restitch::batch
