#include "cli/selection.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/messages.h"
#include "cli/session.h"
#include "restitch/output.h"

namespace restitch::cli {
namespace {

// Whether an input can be read from its beginning a second time.
bool can_be_read_again(const std::string& path) {
  std::error_code error;
  return path != "-" && (std::filesystem::is_regular_file(path, error) ||
                         std::filesystem::is_directory(path, error) || !std::filesystem::exists(path, error));
}

}  // namespace

std::optional<Selection> Selection::read_ahead(const Options& options, int& status) {
  Selection selection;
  if (options.where.passes_all()) return selection;
  const InputSelection& input = options.input;
  if (input.endless() || !std::all_of(input.files.begin(), input.files.end(), can_be_read_again)) {
    say("--where and --connection read the inputs twice here: that takes files, which are complete");
    status = exit_usage;
    return std::nullopt;
  }
  selection.all_ = false;
  Options ahead = options;
  ahead.muted = ahead.quiet = true;  // the second reading says what is wrong
  ahead.verbose = false;
  Session session(ahead);
  if (!session.open()) return Selection();  // the same
  ConnectionLogs logs(
      EngineOptions::usual_shards,
      [&](const ConnectionSummary& summary) {
        if (options.where.matches(summary)) selection.numbers_.insert(summary.number);
      },
      ConnectionOrder::as_they_begin, options.memory.log);
  using Factory = SummaryFactory<TraceStream>;
  session.run<TraceStream, Factory>(
      logs, [&](unsigned shard) { return std::make_unique<Factory>(logs.log(shard)); }, [] { return true; });
  return selection;
}

}  // namespace restitch::cli
