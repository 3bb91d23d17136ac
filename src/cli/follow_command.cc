#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/session.h"
#include "cli/standard_output.h"

namespace restitch::cli {

int run_follow(const Options& options) {
  Session session(options);
  if (!session.open() || !session.give_up_rights() || !session.serve_metrics()) return session.status();
  StandardOutput output;
  FollowWriter writer(
      options.format, [&](std::string_view text) { output.write(text); }, options.notes);
  ConnectionLog log([](const ConnectionSummary&) {}, ConnectionOrder::as_they_end, options.memory.log);
  FollowFactory factory(log, writer, options.number, options.memory.follow_waiting_max);
  session.run<FollowStream>(factory, [&] {
    if (writer.ended() && !options.read_on) return false;
    return session.show(output);
  });
  if (!output.flush()) return exit_input;
  if (session.read_nothing()) return session.status();
  if (log.opened() <= options.number) {
    say(fmt::format(
        "there is no connection {}: {}", options.number,
        log.opened() == 0 ? "none was found" : fmt::format("the last one is {}", log.opened() - 1)));
    return session.status() == exit_ok ? exit_usage : session.status();
  }
  return session.status();
}

}  // namespace restitch::cli
