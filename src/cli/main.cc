#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/options.h"

int main(int argc, char** argv) {
  using namespace restitch::cli;
  const ParsedOptions parsed = parse_options(argc, argv);
  if (!parsed.options) return parsed.status;
  if (parsed.options->input.list_interfaces) return run_list_interfaces();
  catch_interrupts();
  switch (parsed.options->command) {
    case Command::extract:
      return run_extract(*parsed.options);
    case Command::follow:
      return run_follow(*parsed.options);
    case Command::streams:
      break;
  }
  return run_streams(*parsed.options);
}
