#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/selection.h"
#include "cli/session.h"
#include "cli/standard_output.h"

namespace restitch::cli {

int run_follow(const Options& options) {
  std::uint64_t number = options.follow.number;
  if (options.follow.ends) {
    int status = exit_ok;
    const auto selection = Selection::read_ahead(options, *options.follow.ends, status);
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
  FollowWriter writer(
      options.format, [&](std::string_view text) { output.write(text); }, options.notes);
  ConnectionLog log([](const ConnectionSummary&) {}, ConnectionOrder::as_they_end, options.memory.log);
  FollowFactory factory(log, writer, number, options.memory.follow_waiting_max);
  session.run<FollowStream>(factory, [&] {
    if (writer.ended() && !options.read_on) return false;
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
  return session.status();
}

}  // namespace restitch::cli
