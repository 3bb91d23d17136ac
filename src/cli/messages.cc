#include "cli/messages.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <string>

#include "base/clean_text.h"

namespace restitch::cli {
namespace {

// Someone has left the terminal in non-blocking mode, and it is busy.
bool waited_for_room() {
  pollfd waiting{STDERR_FILENO, POLLOUT, 0};
  constexpr int patience_ms = 1000;
  return ::poll(&waiting, 1, patience_ms) == 1 && (waiting.revents & POLLOUT) != 0;
}

}  // namespace

void draw(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && !(errno == EAGAIN && waited_for_room())) {
      return;
    }
  }
}

void say(std::string_view message) noexcept {
  try {
    draw("restitch: " + clean_text(message) + "\n");
  } catch (const std::bad_alloc&) {
    draw("restitch: out of memory\n");
  }
}

void show(std::string_view lines) noexcept {
  try {
    draw(clean_lines(lines));
  } catch (const std::bad_alloc&) {
    draw("restitch: out of memory\n");
  }
}

}  // namespace restitch::cli
