#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/selection.h"
#include "cli/session.h"
#include "cli/standard_output.h"
#include "cli/terminal.h"

namespace restitch::cli {

int run_follow(const Options& options) {
  const FollowSelection& follow = options.follow;
  const bool as_bytes = follow.style.format == FollowFormat::bytes;
  if (as_bytes && output_is_terminal()) {
    say("-T bytes: standard output is a terminal; it takes a file or a pipe");
    return exit_usage;
  }
  if (follow.view != FollowView::stream) return run_follow_inside(options);
  if (follow.all) return run_follow_all(options);
  std::uint64_t number = follow.target.number;
  if (follow.target.ends) {
    int status = exit_ok;
    const auto selection = Selection::read_ahead(options, *follow.target.ends, status);
    if (!selection) return status;
    if (!selection->first()) {
      say("there is no connection between these ends");
      return exit_usage;
    }
    number = *selection->first();
  }
  Session session(options);
  if (!session.open() || !session.give_up_rights() || !session.serve_metrics()) return session.status();
  StandardOutput output;
  FollowStyle style = follow.style;
  style.coloured = coloured(options.colour);
  style.community_seed = options.community_seed;
  FollowWriter writer(style, [&](std::string_view text) { output.write(text); });
  ConnectionLog log([](const ConnectionSummary&) {}, ConnectionOrder::as_they_end, options.memory.log);
  FollowFactory factory(log, writer, number, options.memory.follow_waiting_max);
  session.run<FollowStream>(factory, [&] {
    if (writer.ended() && !follow.read_on) return false;
    return session.show(output);
  });
  if (!output.flush()) return exit_input;
  if (session.read_nothing()) return session.status();
  if (log.opened() <= number) {
    say(fmt::format(
        "there is no connection {}: {}", number,
        log.opened() == 0 ? "none was found" : fmt::format("the last one is {}", log.opened() - 1)));
    return session.status() == exit_ok ? exit_usage : session.status();
  }
  if (as_bytes && writer.missing_bytes() != 0 && !options.quiet) {
    say(fmt::format("{} bytes of connection {} are missing, and left out", writer.missing_bytes(), number));
  }
  return session.status();
}

}  // namespace restitch::cli
