#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/selection.h"
#include "cli/session.h"
#include "cli/sorted_rows.h"
#include "cli/standard_output.h"
#include "cli/summary.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "restitch/output.h"

namespace restitch::cli {
namespace {

double sort_key(const ConnectionSummary& summary, SortKey key) {
  switch (key) {
    case SortKey::bytes:
      return static_cast<double>(summary.bytes());
    case SortKey::packets:
      return static_cast<double>(summary.packets());
    case SortKey::gaps:
      return static_cast<double>(summary.gap_bytes());
    case SortKey::duration:
      return static_cast<double>(summary.duration_ns());
    case SortKey::events:
      return static_cast<double>(summary.event_count());
    case SortKey::start:
      break;
  }
  return -static_cast<double>(summary.first_seen().ns);
}

// Rows on their way out: lines of JSON, or those of a table; at once, or sorted at the end.
class Rows {
 public:
  Rows(const Options& options, std::vector<std::string> inputs, StandardOutput& output)
      : options_(options),
        output_(output),
        table_(output, {.columns = options.columns,
                        .width = output_width(),
                        .cuts = output_is_terminal(),
                        .inputs = std::move(inputs)}),
        sorted_lines_(options.top, options.memory.shown_max),
        sorted_rows_(options.top, options.memory.shown_max) {
    for (const Column column : options.columns) {
      if (column == Column::uid || column == Column::community) named_ = true;
    }
  }

  void add(const ConnectionSummary& summary) { options_.json ? add_line(summary) : add_row(summary); }

  // What is known is to be seen now.
  void flush() {
    if (!options_.json && !options_.sort) table_.flush();
  }

  void finish() {
    sorted_lines_.take_all([&](const std::string& line) { output_.write(line); });
    sorted_rows_.take_all([&](TableRow row) { table_.add(std::move(row)); });
    if (!options_.json) table_.finish();
  }

  [[nodiscard]] std::uint64_t left_out() const { return sorted_lines_.left_out() + sorted_rows_.left_out(); }

 private:
  void add_line(const ConnectionSummary& summary) {
    line_.clear();
    append_connection_json(line_, summary, options_.with_empty, options_.community_seed);
    if (!options_.sort) return output_.write(line_);
    sorted_lines_.add(sort_key(summary, *options_.sort), line_, line_.size());
  }
  void add_row(const ConnectionSummary& summary) {
    TableRow row(summary);
    if (named_) row.name(summary, options_.community_seed);
    if (!options_.sort) return table_.add(std::move(row));
    const std::size_t size = row.memory();
    sorted_rows_.add(sort_key(summary, *options_.sort), std::move(row), size);
  }

  const Options& options_;
  StandardOutput& output_;
  Table table_;
  bool named_ = false;  // there are columns for names
  SortedRows<std::string> sorted_lines_;
  SortedRows<TableRow> sorted_rows_;
  std::string line_;  // scratch
};

template <class S>
void read_into(Session& session, ConnectionLogs& logs, const std::function<bool()>& go_on) {
  using Factory = SummaryFactory<S>;
  session.run<S, Factory>(
      logs, [&](unsigned shard) { return std::make_unique<Factory>(logs.log(shard)); }, go_on);
}

}  // namespace

int run_streams(const Options& options) {
  if (options.console) return run_console(options);
  // Streams with digests, or without anything, do not look at what is said.
  const bool by_number = options.where.asks_service();
  int status = exit_ok;
  const auto selection =
      Selection::read_ahead(options, by_number ? options.where : ConnectionFilter(), status);
  if (!selection) return status;
  Session session(options);
  if (!session.open() || !session.give_up_rights() || !session.serve_metrics()) return session.status();
  StandardOutput output;
  ConnectionTotals totals;
  Rows rows(options, session.input().names(), output);
  const bool endless = options.input.endless();
  const auto print = [&](const ConnectionSummary& summary) {
    totals.add(summary);
    if (by_number ? selection->has(summary.number) : options.where.matches(summary)) rows.add(summary);
  };
  ConnectionLogs logs(EngineOptions::usual_shards, print,
                      endless ? ConnectionOrder::as_they_end : ConnectionOrder::as_they_begin,
                      options.memory.log);
  if (options.events) logs.list_events();
  const auto go_on = [&] {
    if (session.stalled()) logs.pass_on_ended();
    if (session.stalled() || endless) rows.flush();
    return session.show(output);
  };
  if (options.json) {
    read_into<DigestStream>(session, logs, go_on);
  } else {
    read_into<SummaryStream>(session, logs, go_on);
  }
  if (session.read_nothing()) return session.status();
  rows.finish();
  if (rows.left_out() != 0) {
    say(fmt::format("{} connections are left out at the end of the table (--memory)", rows.left_out()));
  }
  const bool written = output.flush();
  if (!options.quiet) show(closing_text(session, totals));
  return written ? session.status() : exit_input;
}

}  // namespace restitch::cli
