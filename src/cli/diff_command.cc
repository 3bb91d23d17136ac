#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/selection.h"
#include "cli/session.h"
#include "cli/standard_output.h"

namespace restitch::cli {

int run_diff(const Options& options) {
  int status = exit_ok;
  const auto selection = Selection::read_ahead(options, options.where, status);
  if (!selection) return status;
  Session session(options);
  if (!session.open() || !session.give_up_rights() || !session.serve_metrics()) return session.status();
  std::vector<std::string_view> names;
  for (const ReceiverPolicy* const receiver : options.diff_receivers) names.push_back(receiver->name);
  StandardOutput output;
  std::string text;
  const auto print = [&](const ConnectionDiff& found) {
    if (!selection->has(found.number)) return;
    text.clear();
    options.json ? append_diff_json(text, found, names, options.community_seed)
                 : append_diff_text(text, found, names);
    output.write(text);
  };
  DiffOptions diff_options;
  diff_options.pool = session.pool_options();
  diff_options.assembler = options.limits.assembler;
  diff_options.undecided_total_max = options.memory.undecided_max;
  diff_options.undecided_max = std::min(diff_options.undecided_max, options.memory.undecided_max);
  diff_options.shown_total_max = options.memory.shown_max;
  DiffAssembler diff(options.diff_receivers, print, diff_options);
  session.drive(diff, diff, [&] { return session.show(output); });
  const bool written = output.flush();
  if (!options.quiet && !session.read_nothing()) {
    show(fmt::format("{} packets, {} connections, {} of them read differently by {}\n",
                     session.counts().fed.packets, diff.counts().connections, diff.counts().differing,
                     fmt::join(names, ", ")));
  }
  return written ? session.status() : exit_input;
}

}  // namespace restitch::cli
