#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "restitch/capture_live.h"

namespace restitch::cli {

// As tcpdump -D: the most useful first, numbered.
int run_list_interfaces() {
  const auto interfaces = live_interfaces();
  if (!interfaces) {
    fmt::print(stderr, "restitch: {}\n", interfaces.error().message);
    return exit_input;
  }
  int number = 0;
  for (const LiveInterface& interface : *interfaces) {
    fmt::print("{}.{}", ++number, interface.name);
    if (!interface.description.empty()) fmt::print(" ({})", interface.description);
    fmt::print(" [{}{}]", interface.up ? "Up" : "Down", interface.loopback ? ", Loopback" : "");
    if (!interface.addresses.empty()) fmt::print(" {}", fmt::join(interface.addresses, " "));
    fmt::print("\n");
  }
  return exit_ok;
}

}  // namespace restitch::cli
