#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/messages.h"

namespace restitch::cli {

Progress::Progress(bool quiet) : shown_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

void Progress::update(const CaptureReader& reader, std::uint64_t packets) {
  constexpr std::uint32_t calls_per_look = 16;
  if (!shown_ || ++calls_ % calls_per_look != 0) return;
  const Clock::time_point now = Clock::now();
  if (now - last_ < std::chrono::milliseconds(200)) return;
  last_ = now;
  on_screen_ = true;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  std::string line =
      fmt::format("{} packets, {:.0f} packets/s", packets, static_cast<double>(packets) / seconds);
  if (const auto size = reader.size(); size && *size != 0) {
    line += fmt::format(", {:.0f} %",
                        100.0 * static_cast<double>(reader.bytes_read()) / static_cast<double>(*size));
  } else {
    line += fmt::format(", {:.1f} MB", static_cast<double>(reader.bytes_read()) / 1e6);
  }
  draw(fmt::format("\r{}\x1b[K", line));
}

void Progress::clear() {
  if (on_screen_) draw("\r\x1b[K");
  on_screen_ = false;
}

}  // namespace restitch::cli
