// ^C: the first one asks to stop reading and to deliver what is there, the second one leaves at once.
// State of the process; call from the main thread.
#pragma once

#include <atomic>

namespace restitch::cli {

// Takes over SIGINT and SIGTERM.
void catch_interrupts();

// Whether one came.
const std::atomic<bool>& interrupted();

}  // namespace restitch::cli
