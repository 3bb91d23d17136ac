// ^C, and what else asks for an end: the first one asks to stop reading and to deliver what is there, the
// second of its kind leaves at once, but for a terminal that goes away. SIGUSR1 asks for counts, and SIGUSR2,
// which other programs take for a request, ends nothing. State of the process; call from the main thread.
#pragma once

#include <atomic>

namespace restitch::cli {

// Takes over SIGINT, SIGTERM, SIGUSR1 and, unless it is ignored, SIGHUP.
void catch_interrupts();

// From now on a SIGHUP asks for an end only if the terminal is gone that there was: a run that has no end is
// not to be ended by someone who wants it to read its settings again.
void outlive_hang_ups();

// Whether a SIGHUP came since the last call that asks for no end: files are to be opened anew.
bool take_hang_up();

// Whether a SIGUSR1 came since the last call: somebody wants to hear how far it is.
bool take_counts_request();

// Whether one came, and which signal it was; 0: none.
const std::atomic<bool>& interrupted();
int interrupting_signal();

}  // namespace restitch::cli
