// ^C, and what else asks for an end: the first one asks to stop reading and to deliver what is there, the
// second of its kind leaves at once, but for a terminal that goes away. State of the process; call from the
// main thread.
#pragma once

#include <atomic>

namespace restitch::cli {

// Takes over SIGINT, SIGTERM and, unless it is ignored, SIGHUP.
void catch_interrupts();

// Whether one came.
const std::atomic<bool>& interrupted();

}  // namespace restitch::cli
