#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/session.h"
#include "cli/standard_output.h"

namespace restitch::cli {
namespace {

// What one of several receivers may hold.
PoolOptions share_of(PoolOptions options, std::size_t receivers) {
  options.limits.total_bytes_max /= receivers;
  options.limits.total_history_bytes_max /= receivers;
  options.limits.connection_bytes_max =
      std::min(options.limits.connection_bytes_max, options.limits.total_bytes_max);
  options.limits.connections_max = std::max<std::size_t>(options.limits.connections_max / receivers, 1);
  options.tombstones_max /= receivers;
  return options;
}

}  // namespace

int run_diff(const Options& options) {
  Session session(options);
  if (!session.open() || !session.give_up_rights() || !session.serve_metrics()) return session.status();
  std::vector<std::string_view> names;
  for (const ReceiverPolicy* const receiver : options.diff_receivers) names.push_back(receiver->name);
  StandardOutput output;
  std::string text;
  const auto print = [&](const ConnectionDiff& found) {
    text.clear();
    options.json ? append_diff_json(text, found, names) : append_diff_text(text, found, names);
    output.write(text);
  };
  DiffOptions diff_options;
  diff_options.pool = share_of(session.pool_options(), names.size());
  diff_options.assembler = options.limits.assembler;
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
