// ClockHand: goes round numbered slots in step with a CaptureClock. Values; one thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "restitch/capture_clock.h"

namespace RESTITCH_API restitch {
namespace detail {

using restitch::CaptureClock;

class ClockHand {
 public:
  // The most slots that are looked at for one packet, and the most at which something is done: so many that
  // the hand keeps up with any traffic, so few that a batch of packets takes less than a millisecond for
  // them.
  static constexpr std::uint32_t slots_max = 256;
  static constexpr std::uint32_t acts_max = 8;

  // When there is something to visit again, in time of the clock.
  [[nodiscard]] bool is_due(const CaptureClock& clock) const { return clock.elapsed_ns() >= due_ns_; }
  [[nodiscard]] std::int64_t due_ns() const { return due_ns_; }

  // How many slots to visit now so that the hand goes round `slots` in `round_ns`.
  std::uint32_t begin(const CaptureClock& clock, std::uint32_t slots, std::int64_t round_ns);

  // The next slot.
  std::uint32_t next(std::uint32_t slots) {
    if (position_ >= slots) position_ = 0;
    return position_++;
  }

  // So many of those that begin() named will be visited later.
  void put_off(std::uint32_t visits) {
    if (visits != 0) due_ns_ = worked_ns_ -= static_cast<std::int64_t>(visits * per_slot_ns_);
  }

 private:
  std::uint32_t position_ = 0;
  double per_slot_ns_ = 0;
  std::int64_t worked_ns_ = 0;  // up to when the hand has gone round as it should
  std::int64_t due_ns_ = 0;
};

// ScatteredHand: meets all slots too, but those one after the other lie far apart. Neighbours are of the same
// age and often of the same kind, so what it meets is a fair sample.
class ScatteredHand {
 public:
  // The next slot. Requires: slots > 0.
  std::uint32_t next(std::uint32_t slots) {
    const std::uint32_t mask = std::bit_ceil(slots) - 1;
    do {
      position_ = (position_ + 0x9E3779B1U) & mask;
    } while (position_ >= slots);
    return position_;
  }

 private:
  std::uint32_t position_ = 0;
};

}  // namespace detail
}  // namespace restitch
