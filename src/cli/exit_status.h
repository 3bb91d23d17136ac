// Exit statuses of the command.
#pragma once

namespace restitch::cli {

enum ExitStatus : int {
  exit_ok = 0,
  exit_usage = 1,  // a flag, a name or a number that makes no sense
  exit_input = 2,  // an input that is unreadable or damaged, or an output that cannot be written
};

// Of a run that a signal interrupted: as a shell has it for a program that the signal killed.
constexpr int status_of(int signal) { return 128 + signal; }

}  // namespace restitch::cli
