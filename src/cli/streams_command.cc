#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/selection.h"
#include "cli/session.h"
#include "cli/standard_output.h"
#include "cli/summary.h"
#include "output/text.h"
#include "restitch/output.h"

namespace restitch::cli {
namespace {

constexpr std::string_view table_head =
    "     #  client                 server                     bytes ->     bytes <-  gap bytes   packets   "
    "seconds  "
    "end\n";

// Columns of a row: what was appended since `begin` is made `width` wide.
void align_left(std::string& out, std::size_t begin, std::size_t width) {
  if (out.size() < begin + width) out.resize(begin + width, ' ');
}
void align_right(std::string& out, std::size_t begin, std::size_t width) {
  if (out.size() < begin + width) out.insert(begin, begin + width - out.size(), ' ');
}

void append_text(std::string& out, std::string_view text, std::size_t width) {
  const std::size_t begin = out.size();
  out += text;
  align_left(out, begin, width);
}

void append_number(std::string& out, std::uint64_t number, std::size_t width) {
  const std::size_t begin = out.size();
  restitch::append_number(out, number);
  align_right(out, begin, width);
}

void append_duration(std::string& out, std::int64_t ns, std::size_t width) {
  const std::size_t begin = out.size();
  append_seconds(out, ns / 1000, 1'000'000);
  align_right(out, begin, width);
}

// "<->" where it is not known who opened the connection. Without format strings: a capture may have millions
// of connections, and one thread writes them all.
void append_row(std::string& out, const ConnectionSummary& summary) {
  const DirectionSummary& ahead = summary.directions[0];
  const DirectionSummary& back = summary.directions[1];
  append_number(out, summary.number, 6);
  out += "  ";
  append_text(out, summary.sender(TcpFlowDirection::client_to_server), 21);
  out += summary.client_known ? " ->  " : " <-> ";
  append_text(out, summary.sender(TcpFlowDirection::server_to_client), 21);
  for (const std::uint64_t bytes : {ahead.bytes, back.bytes}) {
    out += ' ';
    append_number(out, bytes, 12);
  }
  out += ' ';
  append_number(out, summary.gap_bytes(), 10);
  out += ' ';
  append_number(out, summary.packets(), 9);
  out += ' ';
  append_duration(out, summary.duration_ns(), 9);
  out += "  ";
  out += to_string(summary.end);
  out += '\n';
}

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

// Rows that are printed at the end, the first ones of them. Equal ones keep their order.
class SortedRows {
 public:
  SortedRows(std::size_t rows_max, std::size_t size_max) : rows_max_(rows_max), size_max_(size_max) {}

  void add(double key, std::string row) {
    size_ += row.size() + overhead;
    rows_.emplace(key, std::move(row));
    while (rows_.size() > 1 && ((rows_max_ != 0 && rows_.size() > rows_max_) || size_ > size_max_)) {
      if (rows_max_ == 0 || rows_.size() <= rows_max_) ++left_out_;
      size_ -= rows_.rbegin()->second.size() + overhead;
      rows_.erase(std::prev(rows_.end()));
    }
  }
  void write(StandardOutput& output) const {
    for (const auto& [key, row] : rows_) output.write(row);
  }
  // Those that memory had no room for.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

 private:
  static constexpr std::size_t overhead = 96;

  std::size_t rows_max_;  // 0: all
  std::size_t size_max_;
  std::size_t size_ = 0;
  std::uint64_t left_out_ = 0;
  std::multimap<double, std::string, std::greater<>> rows_;
};

template <class S>
void read_into(Session& session, ConnectionLogs& logs, const std::function<bool()>& go_on) {
  using Factory = SummaryFactory<S>;
  session.run<S, Factory>(
      logs, [&](unsigned shard) { return std::make_unique<Factory>(logs.log(shard)); }, go_on);
}

}  // namespace

int run_streams(const Options& options) {
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
  std::string line;
  const bool endless = options.input.endless();
  bool headed = options.json;
  const auto head = [&] {
    if (!std::exchange(headed, true)) output.write(table_head);
  };
  SortedRows rows(options.top, options.memory.shown_max);
  const auto print = [&](const ConnectionSummary& summary) {
    totals.add(summary);
    if (by_number ? !selection->has(summary.number) : !options.where.matches(summary)) return;
    line.clear();
    if (options.json) {
      append_connection_json(line, summary, options.with_empty);
    } else {
      append_row(line, summary);
    }
    if (options.sort) return rows.add(sort_key(summary, *options.sort), line);
    head();
    output.write(line);
  };
  ConnectionLogs logs(EngineOptions::usual_shards, print,
                      endless ? ConnectionOrder::as_they_end : ConnectionOrder::as_they_begin,
                      options.memory.log);
  if (options.events) logs.list_events();
  const auto go_on = [&] {
    if (session.stalled()) {
      head();
      logs.pass_on_ended();
    }
    return session.show(output);
  };
  if (options.json) {
    read_into<DigestStream>(session, logs, go_on);
  } else {
    read_into<SummaryStream>(session, logs, go_on);
  }
  if (session.read_nothing()) return session.status();
  head();
  rows.write(output);
  if (rows.left_out() != 0) {
    say(fmt::format("{} connections are left out at the end of the table (--memory)", rows.left_out()));
  }
  const bool written = output.flush();
  if (!options.quiet) show(closing_text(session, totals));
  return written ? session.status() : exit_input;
}

}  // namespace restitch::cli
