// TimeScale: how the time stamps of one pcapng interface become nanoseconds since 1970. A value.
#pragma once

#include <cstdint>

namespace restitch {

class TimeScale {
 public:
  // Microseconds, as an interface without options counts.
  TimeScale() : TimeScale(6, 0) {}

  // `resolution` as in the option if_tsresol: 10^-n seconds a tick or, with the top bit set, 2^-n.
  // `offset_s` as in if_tsoffset: seconds to add.
  TimeScale(std::uint8_t resolution, std::int64_t offset_s);

  // Nanoseconds since 1970; what does not fit into 64 bits becomes the nearest value that does.
  [[nodiscard]] std::int64_t to_ns(std::uint64_t ticks) const {
    if (ticks < plain_ticks_end_) [[likely]] {
      return static_cast<std::int64_t>(ticks * factor_);
    }
    return to_ns_slow(ticks);
  }

 private:
  [[nodiscard]] std::int64_t to_ns_slow(std::uint64_t ticks) const;

  std::uint8_t resolution_;
  std::int64_t offset_s_;
  // Below plain_ticks_end_ a multiplication by factor_ is exact and is all there is to do.
  std::uint64_t factor_ = 0;
  std::uint64_t plain_ticks_end_ = 0;
};

}  // namespace restitch
