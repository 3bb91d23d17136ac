#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/selection.h"
#include "cli/session.h"
#include "cli/standard_output.h"
#include "cli/summary.h"
#include "restitch/app/har.h"

namespace restitch::cli {
namespace {

// What the archive itself has to say of what is not in it.
std::string comment_of(const Session& session) {
  std::string comment;
  for (const std::string& damage : session.damages()) {
    comment += (comment.empty() ? "" : "; ") + damage;
  }
  return comment;
}

}  // namespace

int run_har(const Options& options) {
  int status = exit_ok;
  const auto selection = Selection::read_ahead(options, options.where, status);
  if (!selection) return status;
  Session session(options);
  if (!session.open() || !session.give_up_rights() || !session.serve_metrics()) return session.status();
  StandardOutput output;
  output.write(har_begin(RESTITCH_VERSION));
  ConnectionTotals totals;
  ConnectionLogs logs(
      EngineOptions::usual_shards, [&](const ConnectionSummary& summary) { totals.add(summary); },
      options.input.endless() ? ConnectionOrder::as_they_end : ConnectionOrder::as_they_begin,
      options.memory.log);
  std::uint64_t entries = 0;
  logs.on_note([&](const ConnectionSummary& summary, ConnectionNote& note) {
    if (!selection->has(summary.number)) return;
    if (entries++ != 0) output.write(",\n");
    output.write(static_cast<const HarNote&>(note).entry);
  });
  session.run<AnalyzedStream, AnalyzedStreamFactory>(
      logs,
      [&](unsigned shard) {
        return std::make_unique<AnalyzedStreamFactory>(logs.log(shard),
                                                       AppOptions{.limits = {}, .secrets = session.secrets()},
                                                       std::make_unique<HarSinks>(options.har_body_max));
      },
      [&] {
        if (session.stalled()) logs.pass_on_ended();
        return session.show(output);
      });
  output.write(har_end(comment_of(session)));
  const bool written = output.flush();
  if (!options.quiet && !session.read_nothing()) {
    show(fmt::format("{} transactions\n", entries));
    show(closing_text(session, totals));
  }
  return written ? session.status() : exit_input;
}

}  // namespace restitch::cli
