#include <string_view>

#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/selection.h"
#include "cli/session.h"
#include "cli/standard_output.h"
#include "cli/summary.h"
#include "cli/terminal.h"

namespace restitch::cli {
namespace {

// Prints what the connections say that were chosen, as it comes. Nothing of it is kept.
int follow_all(const Options& options, FollowStyle style, bool with_summary) {
  int status = exit_ok;
  const auto selection = Selection::read_ahead(options, options.where, status);
  if (!selection) return status;
  FollowAllFactory::Wanted wanted;
  if (!selection->has_all()) {
    wanted = [&](const ConnectionSummary& summary) { return selection->has(summary.number); };
  }
  Session session(options);
  if (!session.open() || !session.give_up_rights() || !session.serve_metrics()) return session.status();
  style.coloured = coloured(options.colour);
  style.community_seed = options.community_seed;
  StandardOutput output;
  ConnectionTotals totals;
  ConnectionLog log([&](const ConnectionSummary& summary) { totals.add(summary); },
                    ConnectionOrder::as_they_end, options.memory.log);
  FollowAllFactory factory(
      log, style, [&](std::string_view text) { output.write(text); }, wanted);
  session.run<FollowStream>(factory, [&] { return session.show(output); });
  const bool written = output.flush();
  if (session.read_nothing()) return session.status();
  if (with_summary && !options.quiet) show(closing_text(session, totals));
  return written ? session.status() : exit_input;
}

}  // namespace

int run_follow_all(const Options& options) { return follow_all(options, options.follow.style, false); }

int run_console(const Options& options) {
  FollowStyle style;
  style.format = FollowFormat::console;
  return follow_all(options, style, true);
}

}  // namespace restitch::cli
