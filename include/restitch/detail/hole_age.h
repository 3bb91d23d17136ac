// HoleAge: since when bytes of a half-connection have waited for the hole in front of them, in ticks of the
// pool's CaptureClock. Only the packets of the half decide it, not when somebody asks. A held segment has no
// room for a tick: when the hole before it was behind another one, its own time of the capture tells when it
// came, as long as that makes sense. Part of a HalfDetail; a value.
//
//       next_seq           lowest held
//     ────┤      hole      ├────────┤   another hole   ├─────────────────┤
//             waits since     came      was behind the first: waits since this came
#pragma once

#include <algorithm>
#include <cstdint>

#include "restitch/capture_clock.h"
#include "restitch/sequence.h"

namespace RESTITCH_API restitch {
namespace detail {

class HoleAge {
 public:
  // A segment came that may have to wait.
  void note_arrival(Timestamp time, std::uint32_t tick) {
    last_tick_ = tick;
    if (waits_) return;
    waits_ = true;
    first_time_ = time;
    first_tick_ = since_ = tick;
    at_known_ = false;
  }

  // Something waits for `next`, and the lowest of it was captured at lowest_time().
  template <class LowestTime>
  void note_hole(Sequence next, LowestTime&& lowest_time) {
    if (at_known_ && at_ == next) return;
    if (at_known_) since_ = came_at(lowest_time());
    at_ = next;
    at_known_ = true;
  }

  // Nothing waits any more.
  void forget() { waits_ = false; }

  // Requires: something waits.
  [[nodiscard]] std::uint32_t since() const { return since_; }

 private:
  [[nodiscard]] std::uint32_t came_at(Timestamp time) const {
    const std::int64_t last = CaptureClock::nanoseconds(last_tick_ - first_tick_);
    const std::int64_t after = std::clamp<std::int64_t>(nanoseconds_between(first_time_, time), 0, last);
    return first_tick_ + static_cast<std::uint32_t>(CaptureClock::ticks(after));
  }

  Timestamp first_time_;          // of the first that came to wait
  std::uint32_t first_tick_ = 0;  // and the clock then
  std::uint32_t last_tick_ = 0;   // the clock when a segment came last
  std::uint32_t since_ = 0;
  Sequence at_;  // the next_seq that `since_` is for
  bool at_known_ = false;
  bool waits_ = false;
};

}  // namespace detail
}  // namespace restitch
