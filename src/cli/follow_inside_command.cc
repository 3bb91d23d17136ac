#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/selection.h"
#include "cli/session.h"
#include "cli/standard_output.h"
#include "cli/terminal.h"
#include "restitch/app/follow_inside.h"

namespace restitch::cli {
namespace {

std::string_view nothing_found(FollowView view) {
  return view == FollowView::http
             ? "no HTTP was found there"
             : "nothing was decrypted there: it takes TLS, and its secrets in --keylog FILE";
}

}  // namespace

// What was found inside connections, as it comes: of one, or of all that were chosen.
int run_follow_inside(const Options& options) {
  const FollowSelection& follow = options.follow;
  int status = exit_ok;
  const bool by_number = !follow.all && !follow.target.ends;
  const ConnectionFilter chosen = follow.all           ? options.where
                                  : follow.target.ends ? *follow.target.ends
                                                       : ConnectionFilter();
  const auto selection = Selection::read_ahead(options, chosen, status);
  if (!selection) return status;
  if (follow.target.ends && !selection->first()) {
    say("there is no connection between these ends");
    return exit_usage;
  }
  const std::uint64_t number = follow.target.ends ? *selection->first() : follow.target.number;
  const auto wanted = [&](const ConnectionSummary& summary) {
    return follow.all ? selection->has(summary.number) : summary.number == number;
  };
  Session session(options);
  if (!session.open() || !session.give_up_rights() || !session.serve_metrics()) return session.status();
  StandardOutput output;
  FollowStyle style = follow.style;
  style.coloured = coloured(options.colour);
  style.community_seed = options.community_seed;
  auto inside = std::make_unique<FollowInside>(
      follow.view == FollowView::http ? FollowInside::What::http : FollowInside::What::decrypted, style,
      [&](std::string_view text) { output.write(text); }, wanted);
  const FollowInside& found = *inside;
  ConnectionLog log([](const ConnectionSummary&) {}, ConnectionOrder::as_they_end, options.memory.log);
  AnalyzedStreamFactory factory(log, {.limits = {}, .secrets = session.secrets()}, std::move(inside));
  session.run<AnalyzedStream>(factory, [&] {
    if (!follow.all && found.ended() != 0 && !follow.read_on) return false;
    return session.show(output);
  });
  if (!output.flush()) return exit_input;
  if (session.read_nothing()) return session.status();
  if (by_number && log.opened() <= number) {
    say(fmt::format("there is no connection {}", number));
    return session.status() == exit_ok ? exit_usage : session.status();
  }
  if (options.quiet) return session.status();
  if (found.shown() == 0) say(nothing_found(follow.view));
  if (found.missing_bytes() != 0 && style.format == FollowFormat::bytes) {
    say(fmt::format("{} bytes are missing, and left out", found.missing_bytes()));
  }
  return session.status();
}

}  // namespace restitch::cli
