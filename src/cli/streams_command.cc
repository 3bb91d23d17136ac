#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <iterator>
#include <memory>

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

// "<->" where it is not known who opened the connection.
void append_row(std::string& out, const ConnectionSummary& summary) {
  const DirectionSummary& ahead = summary.directions[0];
  const DirectionSummary& back = summary.directions[1];
  const std::int64_t microseconds = summary.duration_ns() / 1000;
  fmt::format_to(std::back_inserter(out), "{:>6}  {:<21} {} {:<21} {:>12} {:>12} {:>10} {:>9} {:>9.6f}  {}\n",
                 summary.number, summary.sender(TcpFlowDirection::client_to_server),
                 summary.client_known ? "-> " : "<->", summary.sender(TcpFlowDirection::server_to_client),
                 ahead.bytes, back.bytes, ahead.gap_bytes() + back.gap_bytes(), ahead.packets + back.packets,
                 static_cast<double>(microseconds) / 1e6, to_string(summary.end));
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
