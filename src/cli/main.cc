#include <cstdio>
#include <new>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/interrupt.h"
#include "cli/options.h"

namespace restitch::cli {
namespace {

int run(const Options& options) {
  switch (options.command) {
    case Command::extract:
      return run_extract(options);
    case Command::follow:
      return run_follow(options);
    case Command::diff:
      return run_diff(options);
    case Command::streams:
      break;
  }
  return run_streams(options);
}

}  // namespace
}  // namespace restitch::cli

int main(int argc, char** argv) {
  using namespace restitch::cli;
  const ParsedOptions parsed = parse_options(argc, argv);
  if (!parsed.options) return parsed.status;
  if (parsed.options->input.list_interfaces) return run_list_interfaces();
  catch_interrupts();
  try {
    return run(*parsed.options);
  } catch (const std::bad_alloc&) {
    // What was complete has been written on the way here.
    std::fputs("restitch: out of memory\n", stderr);
    return exit_input;
  }
}
