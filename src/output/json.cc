#include <fmt/format.h>

#include <array>
#include <iterator>
#include <utility>

#include "output/text.h"
#include "restitch/output_digest.h"
#include "restitch/output_ids.h"
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

void append_copies(std::string& out, const EventNote& event) {
  fmt::format_to(std::back_inserter(out), R"(,"held_packet":{},"held_time":)", event.held_packet_number);
  append_json_time(out, event.held_time);
  out += event.delivered == Winner::held ? R"(,"delivered":"held")" : R"(,"delivered":"arrived")";
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
  if (event.kind == EventKind::conflict) append_copies(out, event);
  for (const auto& [name, bytes] : {std::pair{"held", &event.held}, std::pair{"arrived", &event.arrived}}) {
    if (bytes->empty()) continue;
    fmt::format_to(std::back_inserter(out), R"(,"{}":")", name);
    append_hex(out, *bytes);
    out += '"';
  }
  out += '}';
}

namespace {

// What both directions say of their connection.
struct Names {
  std::array<std::string, 2> senders;  // by TcpFlowDirection
  std::string uid;
  std::string community_id;
};

Names names_of(const ConnectionSummary& summary, std::uint16_t community_seed) {
  return {{summary.sender(TcpFlowDirection::client_to_server),
           summary.sender(TcpFlowDirection::server_to_client)},
          connection_uid(summary),
          community_id(summary.net, summary.transport, community_seed)};
}

// Without format strings where every line passes: they would be most of the cost of a short connection.
void append_direction(std::string& out, const ConnectionSummary& summary, const Names& names,
                      TcpFlowDirection direction, std::string_view more) {
  const DirectionSummary& side = summary.direction(direction);
  const std::string& source = names.senders[static_cast<std::size_t>(direction)];
  const std::string& destination = names.senders[static_cast<std::size_t>(reverse(direction))];
  const auto member = [&out](std::string_view name, std::uint64_t number) {
    out += name;
    append_number(out, number);
  };
  member(R"({"connection":)", summary.number);
  out.append(R"(,"uid":")").append(names.uid);
  out.append(R"(","community_id":")").append(names.community_id);
  out.append(R"(","src":")")
      .append(source)
      .append(R"(","dst":")")
      .append(destination)
      .append(R"(","client":)");
  if (summary.client_known) {
    out.append(R"(")").append(names.senders[0]).append(R"(")");
  } else {
    out += "null";
  }
  member(R"(,"bytes":)", side.bytes);
  if (side.digest) {
    out += R"(,"sha256":")";
    append_hex(out, *side.digest);
    out += '"';
  }
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
  member(R"(,"packets":)", side.packets);
  if (side.copies != 0) member(R"(,"copies":)", side.copies);
  if (side.vlan != 0) member(R"(,"vlan":)", side.vlan);
  if (side.tunnel != LayerKind::none) {
    fmt::format_to(std::back_inserter(out), R"(,"tunnel":{{"kind":"{}","id":{}}})", to_string(side.tunnel),
                   side.tunnel_id);
  }
  out.append(R"(,"end":")").append(to_string(summary.end)).append(R"(","events":)");
  append_events(out, side.events);
  append_event_list(out, side);
  if (!more.empty()) out.append(",").append(more);
  out += "}\n";
}

}  // namespace

void append_connection_json(std::string& out, const ConnectionSummary& summary, bool with_empty,
                            std::uint16_t community_seed) {
  if (!with_empty && summary.bytes() == 0) return;
  const Names names = names_of(summary, community_seed);
  for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    if (with_empty || summary.direction(direction).bytes != 0) {
      append_direction(out, summary, names, direction, {});
    }
  }
}

void append_connection_json(std::string& out, const ConnectionSummary& summary,
                            const std::array<std::string, 2>& more, std::uint16_t community_seed) {
  if (more[0].empty() && more[1].empty()) return;
  const Names names = names_of(summary, community_seed);
  for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    const std::string& members = more[static_cast<std::size_t>(direction)];
    if (!members.empty()) append_direction(out, summary, names, direction, members);
  }
}

}  // namespace restitch
