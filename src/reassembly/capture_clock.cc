#include "restitch/detail/capture_clock.h"

namespace restitch::detail {

// A small step back is a packet out of order. Anything far away has to be confirmed by its followers; of the
// time between, which nobody has watched, no more than one step counts.
void CaptureClock::observe_odd(Timestamp time) {
  const std::int64_t step = nanoseconds_between(reference_, time);
  if (step <= 0 && step >= -step_ns_max) {
    strays_ = 0;
    return;
  }
  if (++strays_ < strays_max) return;
  if (step > 0 && reference_ != Timestamp{}) elapsed_ns_ += step_ns_max;
  reference_ = time;
  strays_ = 0;
}

std::uint32_t ClockHand::begin(const CaptureClock& clock, std::uint32_t slots, std::int64_t round_ns) {
  slots = std::max(slots, 1U);
  const std::int64_t now = clock.elapsed_ns();
  worked_ns_ = std::max(worked_ns_, now - round_ns);
  per_slot_ns_ = static_cast<double>(round_ns) / slots;
  const double owed = static_cast<double>(now - worked_ns_) / per_slot_ns_;
  const auto visits = static_cast<std::uint32_t>(std::min<double>(owed, slots_max));
  worked_ns_ += static_cast<std::int64_t>(visits * per_slot_ns_);
  due_ns_ = worked_ns_ + static_cast<std::int64_t>(per_slot_ns_ * std::min(slots, slots_max / 4));
  return visits;
}

}  // namespace restitch::detail
