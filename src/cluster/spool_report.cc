#include "restitch/cluster/spool_report.h"

#include <fmt/format.h>

#include <charconv>

namespace restitch::cluster {

std::string SpoolReport::key(SensorId sensor) { return fmt::format("sensor-spool.{}", sensor); }

std::string SpoolReport::text() const { return fmt::format("{} {} {}", waiting_size, lost, repeated); }

Result<SpoolReport> SpoolReport::read(std::string_view text) {
  SpoolReport report;
  std::uint64_t* const numbers[] = {&report.waiting_size, &report.lost, &report.repeated};
  for (std::uint64_t* const number : numbers) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
    if (error != std::errc()) return failure(ErrorCode::damaged, "a sensor's report that makes no sense");
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.empty()) text.remove_prefix(1);
  }
  return report;
}

}  // namespace restitch::cluster
