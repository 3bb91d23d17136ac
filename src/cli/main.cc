#include <exception>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/interrupt.h"
#include "cli/messages.h"
#include "cli/process.h"

int main(int argc, char** argv) {
  using namespace restitch::cli;
  occupy_standard_streams();
  ignore_write_signals();
  catch_interrupts();
  try {
    return run_command(argc, argv);
  } catch (const std::exception& error) {
    // What was complete has been written on the way here.
    say(description_of(error));
  } catch (...) {
    say("an error without a name");
  }
  return exit_input;
}
