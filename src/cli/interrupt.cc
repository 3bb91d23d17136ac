#include "cli/interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "cli/exit_status.h"

namespace restitch::cli {
namespace {

std::atomic<bool> interrupt_flag = false;
std::atomic<int> first_signal = 0;
std::atomic<bool> came_before[2] = {false, false};  // for SIGINT, SIGTERM: one came
std::atomic<bool> hang_ups_are_outlived = false;
std::atomic<bool> had_terminal = false;
std::atomic<bool> hang_up_came = false;
std::atomic<bool> counts_are_wanted = false;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free,
              "a signal handler sets them");

bool has_terminal() {
  const int terminal = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (terminal < 0) return errno != ENXIO;
  ::close(terminal);
  return true;
}

// A terminal that goes away and a system that shuts down send several signals at once; whoever presses ^C
// again, or asks to terminate again, means it.
extern "C" void on_interrupt(int signal) {
  const int error = errno;
  if (signal != SIGHUP || !hang_ups_are_outlived || (had_terminal && !has_terminal())) {
    int none = 0;
    first_signal.compare_exchange_strong(none, signal);
    interrupt_flag = true;
  } else {
    hang_up_came = true;
  }
  if (signal != SIGHUP && came_before[signal == SIGINT ? 0 : 1].exchange(true)) ::_exit(status_of(signal));
  errno = error;
}

extern "C" void on_counts_request(int /*signal*/) { counts_are_wanted = true; }

void take_over(int signal) {
  struct sigaction before {};
  // nohup(1) wants it ignored.
  if (signal == SIGHUP && ::sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) return;
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void catch_interrupts() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) take_over(signal);
  struct sigaction counts {};
  counts.sa_handler = on_counts_request;
  counts.sa_flags = SA_RESTART;
  ::sigemptyset(&counts.sa_mask);
  ::sigaction(SIGUSR1, &counts, nullptr);
  ::signal(SIGUSR2, SIG_IGN);
}

void outlive_hang_ups() {
  had_terminal = has_terminal();
  hang_ups_are_outlived = true;
}

bool take_hang_up() { return hang_up_came.exchange(false); }

bool take_counts_request() { return counts_are_wanted.exchange(false); }

const std::atomic<bool>& interrupted() { return interrupt_flag; }

int interrupting_signal() { return first_signal; }

}  // namespace restitch::cli
