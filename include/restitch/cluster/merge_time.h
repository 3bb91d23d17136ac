// MergeTime: what the packets of a sensor are merged with those of others by: the latest time seen so far, so
// that it never goes back. That is the order in which captures are merged (capture_inputs.h): what comes out
// of order follows what came before it. A value; one thread.
#pragma once

#include <cstdint>

#include "restitch/capture_info.h"

namespace RESTITCH_API restitch {
namespace cluster {

class MergeTime {
 public:
  // A time so far ahead is believed when so many packets in a row say so: the others of the cluster would
  // wait for it to come.
  static constexpr std::int64_t step_ns_max = std::int64_t{86'400} * 1'000'000'000;
  static constexpr int strays_max = 8;

  // A packet of this time came. Answers its merged time.
  std::int64_t observe(Timestamp time) {
    if (time.ns <= latest_) {
      strays_ = 0;
    } else if (latest_ == 0 || time.ns - latest_ <= step_ns_max || ++strays_ >= strays_max) {
      advance(time.ns);
    }
    return latest_;
  }

  // So late it is, without a packet.
  void advance(std::int64_t time_ns) {
    if (time_ns <= latest_) return;
    latest_ = time_ns;
    strays_ = 0;
  }

  [[nodiscard]] std::int64_t latest() const { return latest_; }

 private:
  std::int64_t latest_ = 0;  // times before 1970 count as 1970
  int strays_ = 0;
};

}  // namespace cluster
}  // namespace restitch
