#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "output/text.h"
#include "restitch/output_digest.h"
#include "restitch/output_json.h"

namespace restitch {
namespace {

void append_gaps(std::string& out, const std::vector<Gap>& gaps) {
  out += '[';
  for (const Gap& gap : gaps) {
    fmt::format_to(std::back_inserter(out), "{}[{},{}]", &gap == gaps.data() ? "" : ",", gap.offset,
                   gap.size);
  }
  out += ']';
}

void append_events(std::string& out, const EventCounts& events) {
  out += '{';
  const char* separator = "";
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i] == 0) continue;
    const std::string_view name = to_string(static_cast<EventKind>(i));
    fmt::format_to(std::back_inserter(out), "{}\"{}\":{}", separator, name, events[i]);
    separator = ",";
  }
  out += '}';
}

void append_event_list(std::string& out, const DirectionSummary& side) {
  if (!side.event_list.empty()) out += R"(,"event_list":[)";
  for (const EventNote& event : side.event_list) {
    append_event_json(out, event);
    out += &event == &side.event_list.back() ? ']' : ',';
  }
  if (side.events_unlisted != 0) {
    fmt::format_to(std::back_inserter(out), R"(,"events_unlisted":{})", side.events_unlisted);
  }
}

}  // namespace

void append_event_json(std::string& out, const EventNote& event) {
  fmt::format_to(std::back_inserter(out), R"({{"kind":"{}","offset":{},"size":{},"packet":{},"time":)",
                 to_string(event.kind), event.offset, event.size, event.packet_number);
  append_json_time(out, event.time);
  if (event.refusal != Refusal::count_) {
    fmt::format_to(std::back_inserter(out), R"(,"rule":"{}")", to_string(event.refusal));
  }
  if (event.limit != Limit::count_) {
    fmt::format_to(std::back_inserter(out), R"(,"limit":"{}")", to_string(event.limit));
  }
  for (const auto& [name, bytes] : {std::pair{"held", &event.held}, std::pair{"arrived", &event.arrived}}) {
    if (bytes->empty()) continue;
    fmt::format_to(std::back_inserter(out), R"(,"{}":")", name);
    append_hex(out, *bytes);
    out += '"';
  }
  out += '}';
}

void append_direction_json(std::string& out, const ConnectionSummary& summary, TcpFlowDirection direction,
                           std::string_view more) {
  const DirectionSummary& side = summary.direction(direction);
  fmt::format_to(std::back_inserter(out), R"({{"connection":{},"src":"{}","dst":"{}","client":)",
                 summary.number, summary.sender(direction), summary.sender(reverse(direction)));
  if (summary.client_known) {
    append_json_string(out, summary.sender(TcpFlowDirection::client_to_server));
  } else {
    out += "null";
  }
  fmt::format_to(std::back_inserter(out), R"(,"bytes":{})", side.bytes);
  if (side.digest) fmt::format_to(std::back_inserter(out), R"(,"sha256":"{}")", to_string(*side.digest));
  out += R"(,"gaps":)";
  append_gaps(out, side.gaps);
  if (side.gaps_unlisted != 0) {
    fmt::format_to(std::back_inserter(out), R"(,"gaps_unlisted":[{},{}])", side.gaps_unlisted,
                   side.unlisted_bytes);
  }
  out += R"(,"first_seen":)";
  append_json_time(out, side.first_seen);
  out += R"(,"last_seen":)";
  append_json_time(out, side.last_seen);
  fmt::format_to(std::back_inserter(out), R"(,"packets":{})", side.packets);
  if (side.copies != 0) fmt::format_to(std::back_inserter(out), R"(,"copies":{})", side.copies);
  if (side.vlan != 0) fmt::format_to(std::back_inserter(out), R"(,"vlan":{})", side.vlan);
  if (side.tunnel != LayerKind::none) {
    fmt::format_to(std::back_inserter(out), R"(,"tunnel":{{"kind":"{}","id":{}}})", to_string(side.tunnel),
                   side.tunnel_id);
  }
  fmt::format_to(std::back_inserter(out), R"(,"end":"{}","events":)", to_string(summary.end));
  append_events(out, side.events);
  append_event_list(out, side);
  if (!more.empty()) fmt::format_to(std::back_inserter(out), ",{}", more);
  out += "}\n";
}

void append_connection_json(std::string& out, const ConnectionSummary& summary, bool with_empty) {
  for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    if (with_empty || summary.direction(direction).bytes != 0) {
      append_direction_json(out, summary, direction);
    }
  }
}

}  // namespace restitch
