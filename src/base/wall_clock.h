// The time of day, for what says when it was written. Nothing that is read from a capture may depend on it.
#pragma once

#include <time.h>

#include <cstdint>

#include "restitch/capture_info.h"

namespace restitch {

inline Timestamp wall_clock() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return {std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

}  // namespace restitch
