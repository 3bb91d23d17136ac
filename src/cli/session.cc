#include "cli/session.h"

#include <fmt/format.h>

#include "cli/input_text.h"
#include "cli/privileges.h"

namespace restitch::cli {

void Session::fail(const std::string& message) {
  progress_.clear();
  fmt::print(stderr, "restitch: {}\n", message);
  damages_.push_back(message);
  status_ = exit_input;
}

bool Session::open() {
  auto input = Input::open(options_.input, interrupted());
  if (!input) {
    fail(input.error().message);
    return false;
  }
  input_ = std::move(*input);
  return true;
}

bool Session::relinquish_privileges(const std::string& new_folder) {
  if (!options_.input.live()) return true;
  const Result<void> done = cli::relinquish_privileges(options_.input.user, new_folder);
  if (!done) fail(done.error().message);
  return done.has_value();
}

// An interface or a growing file ends by itself when it is asked to: what was captured before is read.
bool Session::wants_more() const { return options_.input.endless() || !interrupted(); }

void Session::note_ends() {
  progress_.clear();
  if (options_.verbose) fmt::print(stderr, "{}", input_text(*input_));
  for (const InputEnd& input : input_->ends()) note_end(input);
}

void Session::note_end(const InputEnd& input) {
  if (input.end.message.empty()) return;
  if (input.end.damaged && !interrupted()) {
    fail(input.end.message);
  } else {
    fmt::print(stderr, "restitch: {}\n", input.end.message);
  }
}

}  // namespace restitch::cli
