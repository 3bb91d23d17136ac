#include "cli/standard_output.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "cli/exit_status.h"
#include "cli/messages.h"

namespace restitch::cli {
namespace {

constexpr std::size_t buffer_size = std::size_t{1} << 16;

// Whoever started us may have ignored SIGPIPE; `| head` must end us all the same, without a word.
void die_of_broken_pipe() {
  ::signal(SIGPIPE, SIG_DFL);
  ::raise(SIGPIPE);
}

}  // namespace

void StandardOutput::write(std::string_view text) {
  waiting_ += text;
  if (waiting_.size() >= buffer_size) flush();
}

bool StandardOutput::flush() {
  std::string_view rest = waiting_;
  while (!rest.empty() && !failed_) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      die_of_broken_pipe();
    } else if (errno != EINTR) {
      failed_ = true;
      say("standard output: " + std::generic_category().message(errno));
    }
  }
  waiting_.clear();
  return !failed_;
}

int print(std::string_view text) {
  StandardOutput output;
  output.write(text);
  return output.flush() ? exit_ok : exit_input;
}

}  // namespace restitch::cli
