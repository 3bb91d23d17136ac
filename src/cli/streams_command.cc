#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/standard_output.h"
#include "cli/summary.h"
#include "restitch/output.h"

namespace restitch::cli {
namespace {

constexpr std::string_view table_head =
    "     #  client                 server                     bytes ->     bytes <-  gap bytes   packets   "
    "seconds  "
    "end\n";

void append_left(std::string& out, std::string_view text, std::size_t width) {
  out += text;
  if (text.size() < width) out.append(width - text.size(), ' ');
}

void append_right(std::string& out, std::string_view text, std::size_t width) {
  if (text.size() < width) out.append(width - text.size(), ' ');
  out += text;
}

void append_number(std::string& out, std::uint64_t number, std::size_t width) {
  const fmt::format_int digits(number);
  append_right(out, {digits.data(), digits.size()}, width);
}

void append_seconds(std::string& out, std::int64_t microseconds, std::size_t width) {
  constexpr std::uint64_t second = 1'000'000;
  const bool negative = microseconds < 0;
  const auto bits = static_cast<std::uint64_t>(microseconds);
  const std::uint64_t distance = negative ? 0 - bits : bits;
  std::string text(negative ? "-" : "");
  const fmt::format_int whole(distance / second);
  text.append(whole.data(), whole.size());
  const fmt::format_int decimals(second + distance % second);  // its leading 1 keeps the zeros behind it
  text += '.';
  text.append(decimals.data() + 1, decimals.size() - 1);
  append_right(out, text, width);
}

// "<->" where it is not known who opened the connection. Without format strings: a capture may have millions
// of connections, and one thread writes them all.
void append_row(std::string& out, const ConnectionSummary& summary) {
  const DirectionSummary& ahead = summary.directions[0];
  const DirectionSummary& back = summary.directions[1];
  append_number(out, summary.number, 6);
  out += "  ";
  append_left(out, summary.sender(TcpFlowDirection::client_to_server), 21);
  out += summary.client_known ? " ->  " : " <-> ";
  append_left(out, summary.sender(TcpFlowDirection::server_to_client), 21);
  for (const std::uint64_t bytes : {ahead.bytes, back.bytes}) {
    out += ' ';
    append_number(out, bytes, 12);
  }
  out += ' ';
  append_number(out, ahead.gap_bytes() + back.gap_bytes(), 10);
  out += ' ';
  append_number(out, ahead.packets + back.packets, 9);
  out += ' ';
  append_seconds(out, summary.duration_ns() / 1000, 9);
  out += "  ";
  out += to_string(summary.end);
  out += '\n';
}

template <class S>
void read_into(Session& session, ConnectionLogs& logs, const std::function<bool()>& go_on) {
  using Factory = SummaryFactory<S>;
  session.run<S, Factory>(
      logs, [&](unsigned shard) { return std::make_unique<Factory>(logs.log(shard)); }, go_on);
}

}  // namespace

int run_streams(const Options& options) {
  Session session(options);
  if (!session.open() || !session.settle_in()) return session.status();
  StandardOutput output;
  ConnectionTotals totals;
  std::string line;
  const bool endless = options.input.endless();
  const auto print = [&](const ConnectionSummary& summary) {
    totals.add(summary);
    line.clear();
    if (options.json) {
      append_connection_json(line, summary, options.with_empty);
    } else {
      append_row(line, summary);
    }
    output.write(line);
  };
  // A pool knows only the time of its own packets: who asks for times gets one pool, which sees them all.
  const unsigned shards = options.limits.timed ? 1 : EngineOptions::usual_shards;
  ConnectionLogs logs(shards, print, endless ? ConnectionOrder::as_they_end : ConnectionOrder::as_they_begin);
  if (options.events) logs.list_events();
  const auto go_on = [&] { return !endless || output.flush(); };
  if (options.json) {
    read_into<DigestStream>(session, logs, go_on);
  } else {
    output.write(table_head);
    read_into<SummaryStream>(session, logs, go_on);
  }
  const bool written = output.flush();
  if (!options.quiet) fmt::print(stderr, "{}", closing_text(session, totals));
  return written ? session.status() : exit_input;
}

}  // namespace restitch::cli
