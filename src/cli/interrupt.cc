#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "cli/exit_status.h"

namespace restitch::cli {
namespace {

std::atomic<bool> interrupt_flag = false;
std::atomic<bool> came_before[2] = {false, false};  // for SIGINT, SIGTERM: one came
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets them");

// A terminal that goes away and a system that shuts down send several signals at once; whoever presses ^C
// again, or asks to terminate again, means it.
extern "C" void on_interrupt(int signal) {
  interrupt_flag = true;
  if (signal != SIGHUP && came_before[signal == SIGINT ? 0 : 1].exchange(true)) ::_exit(exit_killed);
}

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
}

const std::atomic<bool>& interrupted() { return interrupt_flag; }

}  // namespace restitch::cli
