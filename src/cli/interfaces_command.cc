#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/clean_text.h"
#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/messages.h"
#include "cli/standard_output.h"
#include "restitch/capture_live.h"

namespace restitch::cli {

// As tcpdump -D: the most useful first, numbered.
int run_list_interfaces() {
  const auto interfaces = live_interfaces();
  if (!interfaces) {
    say(interfaces.error().message);
    return exit_input;
  }
  StandardOutput output;
  int number = 0;
  for (const LiveInterface& interface : *interfaces) {
    std::string line = fmt::format("{}.{}", ++number, interface.name);
    if (!interface.description.empty()) line += fmt::format(" ({})", interface.description);
    line += fmt::format(" [{}{}]", interface.up ? "Up" : "Down", interface.loopback ? ", Loopback" : "");
    if (!interface.addresses.empty()) line += fmt::format(" {}", fmt::join(interface.addresses, " "));
    output.write(clean_text(line) + "\n");
  }
  return output.flush() ? exit_ok : exit_input;
}

}  // namespace restitch::cli
