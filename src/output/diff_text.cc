#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "output/text.h"
#include "restitch/output_diff.h"
#include "restitch/output_ids.h"

namespace restitch {
namespace {

using Names = std::span<const std::string_view>;

// The receivers that agree, in groups, in order of their first.
template <class Same>
std::vector<std::vector<std::size_t>> groups_of(std::size_t receivers, Same&& same) {
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < receivers; ++i) {
    const auto found =
        std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return same(group.front(), i); });
    if (found == groups.end()) {
      groups.push_back({i});
    } else {
      found->push_back(i);
    }
  }
  return groups;
}

std::string joined(Names names, const std::vector<std::size_t>& group, std::string_view separator) {
  std::string text;
  for (const std::size_t i : group) {
    if (!text.empty()) text += separator;
    text += names[i];
  }
  return text;
}

auto content_groups(const Difference& difference) {
  return groups_of(difference.contents.size(), [&](std::size_t a, std::size_t b) {
    return difference.contents[a].same_as(difference.contents[b]);
  });
}

template <class T>
auto value_groups(const std::vector<T>& values) {
  return groups_of(values.size(), [&](std::size_t a, std::size_t b) { return values[a] == values[b]; });
}

std::string_view to_string(DiffKind kind) {
  constexpr std::array<std::string_view, 4> names = {"bytes", "missing", "out_of_band", "nothing"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view end_of(const std::optional<EndReason>& end) {
  return end ? restitch::to_string(*end) : "no such connection";
}

std::string sender_of(const ConnectionDiff& diff, TcpFlowDirection direction) {
  const bool ahead = direction == TcpFlowDirection::client_to_server;
  return ahead ? endpoint_to_string(diff.net.source, diff.transport.source_port)
               : endpoint_to_string(diff.net.destination, diff.transport.destination_port);
}

// ---- text ------------------------------------------------------------------------------------------

// "616263  \"abc\"  (packet 7)"
void append_content(std::string& out, const DiffContent& content, std::uint64_t size) {
  if (content.kind != DiffKind::bytes) {
    out += to_string(content.kind) == "out_of_band" ? "out of band" : to_string(content.kind);
  } else {
    append_hex(out, content.bytes);
    if (content.bytes.size() < size) out += "...";
    out += "  \"";
    for (const std::uint8_t byte : content.bytes) {
      out += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.';
    }
    out += '"';
  }
  if (content.info.packet_number != 0) {
    fmt::format_to(std::back_inserter(out), "  (packet {})", content.info.packet_number);
  }
  out += '\n';
}

// "    first, last: 12"
template <class T, class Text>
void append_values(std::string& out, Names names, const std::vector<T>& values, Text&& text) {
  for (const auto& group : value_groups(values)) {
    fmt::format_to(std::back_inserter(out), "    {}: {}\n", joined(names, group, ", "),
                   text(values[group.front()]));
  }
}

void append_direction(std::string& out, const DirectionDiff& side, Names names) {
  for (const Difference& difference : side.differences) {
    fmt::format_to(std::back_inserter(out), "  offset {}, {} bytes\n", difference.offset, difference.size);
    for (const auto& group : content_groups(difference)) {
      fmt::format_to(std::back_inserter(out), "    {}: ", joined(names, group, ", "));
      append_content(out, difference.contents[group.front()], difference.size);
    }
  }
  if (side.unlisted != 0) {
    fmt::format_to(std::back_inserter(out), "  and {} more ranges, of {} bytes\n", side.unlisted,
                   side.unlisted_bytes);
  }
  for (const LaterCopy& copy : side.later_copies) {
    fmt::format_to(std::back_inserter(out), "  offset {}, {} bytes, of which another copy came later\n",
                   copy.offset, copy.size);
    for (const auto& [name, content] : {std::pair{std::string_view("delivered"), &copy.delivered},
                                        std::pair{names[copy.receiver], &copy.later}}) {
      fmt::format_to(std::back_inserter(out), "    {}: ", name);
      append_content(out, *content, copy.size);
    }
  }
  if (side.later_unlisted != 0) {
    fmt::format_to(std::back_inserter(out), "  and {} more later copies\n", side.later_unlisted);
  }
  if (side.digested_from) {
    fmt::format_to(std::back_inserter(out), "  from offset {} on compared by digest only: {}\n",
                   *side.digested_from, side.digests_differ ? "they differ" : "the same");
  }
  const auto number = [](std::uint64_t value) { return value; };
  if (value_groups(side.lengths).size() > 1) {
    out += "  length\n";
    append_values(out, names, side.lengths, number);
  }
  if (value_groups(side.refused).size() > 1) {
    out += "  refused bytes\n";
    append_values(out, names, side.refused, number);
  }
}

// ---- JSON ------------------------------------------------------------------------------------------

void append_names(std::string& out, Names names, const std::vector<std::size_t>& group) {
  out += "[\"" + joined(names, group, "\",\"") + "\"]";
}

// {"first":1,"last":2}
template <class T, class Append>
void append_by_receiver(std::string& out, Names names, const std::vector<T>& values, Append&& append) {
  out += '{';
  for (std::size_t i = 0; i < values.size(); ++i) {
    fmt::format_to(std::back_inserter(out), "{}\"{}\":", i == 0 ? "" : ",", names[i]);
    append(values[i]);
  }
  out += '}';
}

void append_version(std::string& out, const DiffContent& content) {
  fmt::format_to(std::back_inserter(out), R"("kind":"{}")", to_string(content.kind));
  if (content.kind == DiffKind::bytes) {
    out += R"(,"hex":")";
    append_hex(out, content.bytes);
    out += '"';
  }
  if (content.info.packet_number == 0) return;
  fmt::format_to(std::back_inserter(out), R"(,"packet":{},"time":)", content.info.packet_number);
  append_json_time(out, content.info.timestamp);
}

void append_difference(std::string& out, const Difference& difference, Names names) {
  fmt::format_to(std::back_inserter(out), R"({{"offset":{},"size":{},"versions":[)", difference.offset,
                 difference.size);
  const char* separator = "";
  for (const auto& group : content_groups(difference)) {
    out += std::exchange(separator, ",");
    out += R"({"receivers":)";
    append_names(out, names, group);
    out += ',';
    append_version(out, difference.contents[group.front()]);
    out += '}';
  }
  out += "]}";
}

void append_later_copy(std::string& out, const LaterCopy& copy, Names names) {
  fmt::format_to(std::back_inserter(out), R"({{"offset":{},"size":{},"delivered":{{)", copy.offset,
                 copy.size);
  append_version(out, copy.delivered);
  fmt::format_to(std::back_inserter(out), R"(}},"receiver":"{}","later":{{)", names[copy.receiver]);
  append_version(out, copy.later);
  out += "}}";
}

void append_side_json(std::string& out, const ConnectionDiff& diff, TcpFlowDirection direction, Names names) {
  const DirectionDiff& side = diff.directions[static_cast<std::size_t>(direction)];
  fmt::format_to(std::back_inserter(out), R"({{"src":"{}","dst":"{}","differences":[)",
                 sender_of(diff, direction), sender_of(diff, reverse(direction)));
  const char* separator = "";
  for (const Difference& difference : side.differences) {
    out += std::exchange(separator, ",");
    append_difference(out, difference, names);
  }
  out += ']';
  if (side.unlisted != 0) {
    fmt::format_to(std::back_inserter(out), R"(,"unlisted":[{},{}])", side.unlisted, side.unlisted_bytes);
  }
  separator = R"(,"later_copies":[)";
  for (const LaterCopy& copy : side.later_copies) {
    out += std::exchange(separator, ",");
    append_later_copy(out, copy, names);
  }
  if (!side.later_copies.empty()) out += ']';
  if (side.later_unlisted != 0) {
    fmt::format_to(std::back_inserter(out), R"(,"later_unlisted":{})", side.later_unlisted);
  }
  if (side.digested_from) {
    fmt::format_to(std::back_inserter(out), R"(,"digested_from":{},"digests_differ":{})", *side.digested_from,
                   side.digests_differ);
  }
  const auto number = [&](std::uint64_t value) { out += std::to_string(value); };
  out += R"(,"lengths":)";
  append_by_receiver(out, names, side.lengths, number);
  out += R"(,"refused":)";
  append_by_receiver(out, names, side.refused, number);
  out += '}';
}

}  // namespace

void append_diff_text(std::string& out, const ConnectionDiff& diff, Names names) {
  fmt::format_to(std::back_inserter(out), "connection {}: {} -> {}\n", diff.number,
                 sender_of(diff, TcpFlowDirection::client_to_server),
                 sender_of(diff, TcpFlowDirection::server_to_client));
  for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    const DirectionDiff& side = diff.directions[static_cast<std::size_t>(direction)];
    if (!side.differs()) continue;
    fmt::format_to(std::back_inserter(out), "  from {}\n", sender_of(diff, direction));
    append_direction(out, side, names);
  }
  if (!diff.ends_differ()) return;
  out += "  end\n";
  append_values(out, names, diff.ends, end_of);
}

void append_diff_json(std::string& out, const ConnectionDiff& diff, Names names,
                      std::uint16_t community_seed) {
  fmt::format_to(std::back_inserter(out), R"({{"connection":{},"uid":"{}","community_id":"{}","ends":)",
                 diff.number, diff.uid, community_id(diff.net, diff.transport, community_seed));
  append_by_receiver(out, names, diff.ends, [&](const std::optional<EndReason>& end) {
    out += end ? "\"" + std::string(to_string(*end)) + "\"" : "null";
  });
  out += R"(,"directions":[)";
  append_side_json(out, diff, TcpFlowDirection::client_to_server, names);
  out += ',';
  append_side_json(out, diff, TcpFlowDirection::server_to_client, names);
  out += "]}\n";
}

}  // namespace restitch
