// SpoolReport: what a sensor says of what waits for the log, for who looks at the cluster. A value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "restitch/cluster/batch.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {
namespace cluster {

struct SpoolReport {
  std::uint64_t waiting_size = 0;  // bytes that no checkpoint has taken in, as far as is known
  std::uint64_t lost = 0;          // batches that found no room
  std::uint64_t repeated = 0;      // so often the log had lost what it had acknowledged

  // Its form in the ledger, under this key.
  static std::string key(SensorId sensor);
  [[nodiscard]] std::string text() const;
  // Error: damaged.
  static Result<SpoolReport> read(std::string_view text);

  friend bool operator==(const SpoolReport&, const SpoolReport&) = default;
};

}  // namespace cluster
}  // namespace restitch
