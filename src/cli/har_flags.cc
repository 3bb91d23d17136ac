#include "cli/har_flags.h"

#include <CLI/CLI.hpp>

#include "cli/numbers.h"

namespace restitch::cli {

void HarFlags::add_to(CLI::App& command) {
  command.add_option("--body-max", body_max_, "Of each body, at most so much is written; 0: none")
      ->option_text("BYTES=1M")
      ->transform(size_with_unit(0));
}

}  // namespace restitch::cli
