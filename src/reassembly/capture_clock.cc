#include "restitch/detail/capture_clock.h"

namespace restitch {

// A small step back is a packet out of order.
void CaptureClock::observe_step(Timestamp time) {
  const std::int64_t step = detail::nanoseconds_between(reference_, time);
  if (step < -step_ns_max || step > step_ns_max) return observe_stray(time, step > 0);
  strays_ = 0;
  if (step < 0) return;
  elapsed_.ticks += ticks(step);
  reference_.ns += Elapsed::of_ns(step).ns();
}

// Anything far away has to be confirmed by its followers; of the time between, which nobody has watched, no
// more than one step counts.
void CaptureClock::observe_stray(Timestamp time, bool ahead) {
  if (++strays_ < strays_max) return;
  if (ahead && reference_ != Timestamp{}) elapsed_.ticks += ticks(step_ns_max);
  reference_.ns = time.ns >> Elapsed::tick_bits << Elapsed::tick_bits;
  strays_ = 0;
}

namespace detail {

std::uint32_t ClockHand::begin(const CaptureClock& clock, std::uint32_t slots, std::int64_t round_ns) {
  slots = std::max(slots, 1U);
  const std::int64_t now = clock.elapsed_ns();
  worked_ns_ = std::max(worked_ns_, now - round_ns);
  per_slot_ns_ = static_cast<double>(round_ns) / slots;
  const double owed = std::max(0.0, static_cast<double>(now - worked_ns_) / per_slot_ns_);
  const auto visits = static_cast<std::uint32_t>(std::min<double>(owed, slots_max));
  worked_ns_ += static_cast<std::int64_t>(visits * per_slot_ns_);
  due_ns_ = worked_ns_ + static_cast<std::int64_t>(per_slot_ns_ * std::min(slots, slots_max / 4));
  return visits;
}

}  // namespace detail

}  // namespace restitch
