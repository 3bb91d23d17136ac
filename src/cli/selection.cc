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

bool Selection::possible(const Options& options) {
  const std::vector<std::string>& files = options.input.files;
  return !options.input.endless() && std::all_of(files.begin(), files.end(), can_be_read_again);
}

bool Selection::can_read_twice(const Options& options) {
  if (possible(options)) return true;
  say("to choose connections here, the inputs are read twice: that takes files, which are complete");
  return false;
}

std::optional<Selection> Selection::read_ahead(const Options& options, const ConnectionFilter& filter,
                                               int& status) {
  Selection selection;
  if (filter.passes_all()) return selection;
  if (!can_read_twice(options)) {
    status = exit_usage;
    return std::nullopt;
  }
  selection = none();
  Options ahead = options;
  ahead.muted = ahead.quiet = true;
  ahead.verbose = false;
  ahead.keylog.clear();
  Session session(ahead);
  if (!session.open()) return Selection();  // reading again fails, too
  ConnectionLogs logs(
      EngineOptions::usual_shards,
      [&](const ConnectionSummary& summary) {
        if (filter.matches(summary)) selection.add(summary.number);
      },
      ConnectionOrder::as_they_begin, options.memory.log);
  using Factory = SummaryFactory<TraceStream>;
  session.run<TraceStream, Factory>(
      logs, [&](unsigned shard) { return std::make_unique<Factory>(logs.log(shard)); }, [] { return true; });
  return selection;
}

}  // namespace restitch::cli
