#include "restitch/cluster/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "cluster/crc32c.h"
#include "restitch/output_json.h"

namespace restitch::cluster {
namespace {

constexpr std::string_view order_start = R"({"order":[)";
constexpr std::string_view previous_start = R"(,"previous":")";

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end == std::string_view::npos ? end : end + 1);
  text.remove_prefix(line.size());
  return line;
}

// A number and what stands behind it.
template <class Number>
bool take_number(std::string_view& text, Number& number, char behind) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != behind) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

// `line` is then what follows the place of the first packet: "}\n", or a comma and members.
bool take_order(std::string_view& line, PacketOrder& order) {
  if (!line.starts_with(order_start) || !line.ends_with('\n')) return false;
  line.remove_prefix(order_start.size());
  return take_number(line, order.merged, ',') && take_number(line, order.sensor, ',') &&
         take_number(line, order.number, ',') && take_number(line, order.part, ']');
}

}  // namespace

SegmentEntry SegmentEntry::of(const PacketOrder& order, const ConnectionSummary& summary) {
  const std::string start =
      fmt::format("{}{},{},{},{}]", order_start, order.merged, order.sensor, order.number, order.part);
  std::string text;
  append_connection_json(text, summary);
  SegmentEntry entry{order, {}};
  if (text.empty()) entry.lines = start + "}\n";
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = take_line(rest);
    entry.lines.append(start).append(line.substr(line.find(',')));
  }
  return entry;
}

Segment make_segment(unsigned partition, std::uint64_t first, std::uint64_t next, std::string previous,
                     std::vector<SegmentEntry>& entries) {
  std::sort(entries.begin(), entries.end(),
            [](const auto& one, const auto& other) { return one.order < other.order; });
  std::string lines;
  for (const SegmentEntry& entry : entries) lines += entry.lines;
  const std::uint32_t sum = crc32c({reinterpret_cast<const std::uint8_t*>(lines.data()), lines.size()});
  Segment made;
  made.name = fmt::format("p{}-{}-{}-{:08x}.jsonl", partition, first, next - 1, sum);
  made.text = fmt::format("{{\"segment\":\"{}\"{}{}\"}}\n", made.name, previous_start, previous);
  made.text += lines;
  made.previous = std::move(previous);
  return made;
}

Result<ReadSegment> read_segment(std::string_view text) {
  ReadSegment read;
  std::string_view line = take_line(text);
  const std::size_t at = line.find(previous_start);
  const std::size_t end = line.rfind("\"}\n");
  if (at == std::string_view::npos || end == std::string_view::npos || end < at + previous_start.size()) {
    return failure(ErrorCode::damaged, "a segment without its first line");
  }
  read.previous = line.substr(at + previous_start.size(), end - at - previous_start.size());
  while (!text.empty()) {
    line = take_line(text);
    std::string_view rest = line;
    PacketOrder order;
    if (!take_order(rest, order)) return failure(ErrorCode::damaged, "a line of a segment makes no sense");
    if (read.entries.empty() || read.entries.back().order != order) read.entries.push_back({order, {}});
    read.entries.back().lines += line;
  }
  return read;
}

std::string numbered_lines(const SegmentEntry& entry, std::uint64_t number) {
  std::string text;
  for (std::string_view rest = entry.lines; !rest.empty();) {
    std::string_view line = take_line(rest);
    PacketOrder order;
    if (take_order(line, order) && line.starts_with(',')) {
      text.append(R"({"connection":)").append(std::to_string(number)).append(line);
    }
  }
  return text;
}

}  // namespace restitch::cluster
