// FlushTimer: says when it is time to write out what waits: after the interval, or as soon as nothing comes.
// One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

namespace restitch::cli {

class FlushTimer {
 public:
  explicit FlushTimer(double interval_s) : interval_(interval_s) {}

  // To be called often, with what was read so far.
  bool due(std::uint64_t packets) {
    const Clock::time_point now = Clock::now();
    const bool silent = packets == std::exchange(packets_, packets);
    if (packets == flushed_ || (!silent && now - last_ < interval_)) return false;
    flushed_ = packets;
    last_ = now;
    return true;
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::chrono::duration<double> interval_;
  Clock::time_point last_ = Clock::now();
  std::uint64_t packets_ = 0;  // at the last call
  std::uint64_t flushed_ = 0;
};

}  // namespace restitch::cli
