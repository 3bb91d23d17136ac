#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "cli/numbers.h"

namespace restitch::cli {
namespace {

constexpr std::size_t usual_width = 80;
constexpr double width_max = 10'000;

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

}  // namespace

bool output_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

std::size_t output_width() {
  if (const auto columns = decimal_of(variable("COLUMNS"), 1, width_max)) {
    return static_cast<std::size_t>(*columns);
  }
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
  return known ? size.ws_col : usual_width;
}

bool coloured(ColourMode mode) {
  if (mode != ColourMode::automatic) return mode == ColourMode::always;
  return output_is_terminal() && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

}  // namespace restitch::cli
