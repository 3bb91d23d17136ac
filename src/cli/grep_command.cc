#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "cli/commands.h"
#include "cli/matching_capture.h"
#include "cli/messages.h"
#include "cli/selection.h"
#include "cli/session.h"
#include "cli/standard_output.h"
#include "cli/summary.h"
#include "cli/terminal.h"
#include "restitch/app/search_text.h"
#include "restitch/output.h"

namespace restitch::cli {
namespace {

using Output = GrepSelection::Output;

// As grep has them.
constexpr int grep_matched = 0;
constexpr int grep_unmatched = 1;
constexpr int grep_failed = 2;

SearchTextStyle grep_style(const Options& options) {
  const ExcerptShape& shape = options.grep.plan.rules.shape;
  const bool context = shape.lines_before + shape.lines_after + shape.bytes_before + shape.bytes_after != 0;
  return {.json = options.grep.json,
          .matches_only = options.grep.matches_only,
          .heads = options.grep.heads,
          .coloured = !options.grep.json && coloured(options.colour),
          .groups = context};
}

// What was found, on its way out; and which connections matched.
class Findings {
 public:
  Findings(const Options& options, const SearchPatterns& patterns, const Selection& selection,
           StandardOutput& output)
      : options_(options),
        grep_(options.grep),
        selection_(selection),
        output_(output),
        text_(patterns, options.grep.plan, grep_style(options)) {}

  void note(const ConnectionSummary& connection, ConnectionNote& note) {
    const auto& found = static_cast<const SearchNote&>(note);
    if (found.closing) {
      counts_[connection.number] = found.matches;
    } else if (!grep_.at_end() && selection_.has(connection.number)) {
      line_.clear();
      text_.append(line_, connection.number, found);
      output_.write(line_);
      any_ = true;
    }
    if (!found.closing && grep_.output == Output::nothing && options_.where.passes_all()) any_ = true;
  }

  // Its end, after its notes.
  void end(const ConnectionSummary& summary) {
    std::array<std::uint64_t, 2> matches{};
    if (const auto found = counts_.find(summary.number); found != counts_.end()) {
      matches = found->second;
      counts_.erase(found);
    }
    const bool wanted = grep_.at_end() ? options_.where.matches(summary) : selection_.has(summary.number);
    if (!wanted) return;
    const bool matched = matches[0] + matches[1] != 0;
    any_ = any_ || (grep_.output != Output::unmatched && matched);
    if (matched) matching_.add(summary.number);
    line_.clear();
    append(summary, matches, matched);
    output_.write(line_);
  }

  [[nodiscard]] bool any() const { return any_; }
  [[nodiscard]] const Selection& matching() const { return matching_; }

 private:
  static constexpr std::array<TcpFlowDirection, 2> both = {TcpFlowDirection::client_to_server,
                                                           TcpFlowDirection::server_to_client};

  void append(const ConnectionSummary& summary, const std::array<std::uint64_t, 2>& matches, bool matched) {
    const bool lists =
        (grep_.output == Output::connections && matched) || (grep_.output == Output::others && !matched);
    if (lists) text_.append_row(line_, summary, std::nullopt, std::nullopt);
    for (const TcpFlowDirection direction : both) {
      const std::uint64_t count = matches[static_cast<std::size_t>(direction)];
      if (grep_.output == Output::counts && count != 0) text_.append_row(line_, summary, direction, count);
      if (grep_.output == Output::unmatched && count == 0 && speaks(summary, direction)) {
        text_.append_row(line_, summary, direction, std::nullopt);
        any_ = true;
      }
    }
  }

  // Whether the direction was searched, and there was something to search.
  [[nodiscard]] bool speaks(const ConnectionSummary& summary, TcpFlowDirection direction) const {
    const auto& only = grep_.plan.only;
    return summary.direction(direction).bytes != 0 && (!only || *only == direction);
  }

  const Options& options_;
  const GrepSelection& grep_;
  const Selection& selection_;
  StandardOutput& output_;
  SearchText text_;
  // Of connections that matched and are not passed on yet.
  std::unordered_map<std::uint64_t, std::array<std::uint64_t, 2>> counts_;
  Selection matching_ = Selection::none();
  bool any_ = false;
  std::string line_;  // scratch
};

int status_of_grep(const Session& session, bool any, bool silent) {
  if (session.status() > exit_input) return session.status();  // interrupted
  if (any && (silent || session.status() == exit_ok)) return grep_matched;
  return session.status() == exit_ok ? grep_unmatched : grep_failed;
}

int search_all(const Options& options, const SearchPatterns& patterns, const Selection& selection) {
  Session session(options);
  if (!session.open() || !session.give_up_rights() || !session.serve_metrics()) return grep_failed;
  StandardOutput output;
  ConnectionTotals totals;
  Findings findings(options, patterns, selection, output);
  ConnectionLogs logs(
      EngineOptions::usual_shards,
      [&](const ConnectionSummary& summary) {
        totals.add(summary);
        findings.end(summary);
      },
      options.input.endless() ? ConnectionOrder::as_they_end : ConnectionOrder::as_they_begin,
      options.memory.log);
  logs.on_note([&](const ConnectionSummary& summary, ConnectionNote& note) { findings.note(summary, note); });
  const bool silent = options.grep.output == Output::nothing;
  SearchPlan plan = options.grep.plan;
  plan.app.secrets = session.secrets();
  session.run<SearchStream, SearchFactory>(
      logs, [&](unsigned shard) { return std::make_unique<SearchFactory>(logs.log(shard), patterns, plan); },
      [&] {
        if (session.stalled()) logs.pass_on_ended();
        if (silent && findings.any() && options.grep.capture.empty()) return false;
        return session.show(output);
      },
      plan.in == SearchIn::objects);
  const bool written = output.flush();
  if (options.statistics != Statistics::summary) show(closing_text(session, totals));
  if (!options.grep.capture.empty()) {
    const int copied = write_matching_capture(options, findings.matching());
    if (copied != exit_ok) return copied;
  }
  return written ? status_of_grep(session, findings.any(), silent) : grep_failed;
}

}  // namespace

int run_grep(const Options& options) {
  const auto patterns = SearchPatterns::compile(options.grep.patterns, options.grep.search);
  if (!patterns) {
    say(patterns.error().message);
    return grep_failed;
  }
  if (!options.grep.capture.empty() && !Selection::can_read_twice(options)) return grep_failed;
  // What is told at the end of a connection needs no look ahead.
  const bool ahead = !options.grep.at_end();
  int status = exit_ok;
  const auto selection = Selection::read_ahead(options, ahead ? options.where : ConnectionFilter(), status);
  if (!selection) return grep_failed;
  return search_all(options, **patterns, *selection);
}

}  // namespace restitch::cli
