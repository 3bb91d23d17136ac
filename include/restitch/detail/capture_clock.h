// CaptureClock: how much time has passed in a capture, by the times of its packets. It never goes back, and
// no packet alone can move it far: see Ageing in limits.h. ClockHand: goes round numbered slots in step with
// it. Values; one thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "restitch/capture_info.h"

namespace restitch::detail {

// From one time of a capture to another. Times may be absurd, so this wraps round instead of overflowing.
constexpr std::int64_t nanoseconds_between(Timestamp from, Timestamp to) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(to.ns) - static_cast<std::uint64_t>(from.ns));
}

class CaptureClock {
 public:
  // The largest step from packet to packet that counts as time, and how many packets in a row must lie
  // elsewhere for the clock to go there.
  static constexpr std::int64_t step_ns_max = 30'000'000'000;
  static constexpr int strays_max = 8;

  // A packet of this time came by.
  void observe(Timestamp time) {
    const std::int64_t step = nanoseconds_between(reference_, time);
    if (static_cast<std::uint64_t>(step) > std::uint64_t{step_ns_max}) return observe_odd(time);
    reference_ = time;
    elapsed_ns_ += step;
    strays_ = 0;
  }

  // Time that has passed since the first packet; and the same in steps of about a millisecond, of which only
  // differences mean something.
  [[nodiscard]] std::int64_t elapsed_ns() const { return elapsed_ns_; }
  [[nodiscard]] std::uint32_t tick() const { return static_cast<std::uint32_t>(elapsed_ns_ >> tick_bits); }
  [[nodiscard]] std::uint16_t second() const { return static_cast<std::uint16_t>(elapsed_ns_ >> 30); }
  static constexpr std::int64_t ticks(std::int64_t ns) { return ns >> tick_bits; }
  static constexpr std::int64_t nanoseconds(std::uint32_t ticks) { return std::int64_t{ticks} << tick_bits; }

 private:
  static constexpr int tick_bits = 20;

  void observe_odd(Timestamp time);

  Timestamp reference_;  // the time of the capture that is taken for now
  std::int64_t elapsed_ns_ = 0;
  int strays_ = strays_max;  // packets in a row that lie elsewhere; the first one of all is believed
};

class ClockHand {
 public:
  // The most slots that are looked at for one packet, and the most at which something is done: so many that
  // the hand keeps up with any traffic, so few that a batch of packets takes less than a millisecond for
  // them.
  static constexpr std::uint32_t slots_max = 256;
  static constexpr std::uint32_t acts_max = 8;

  [[nodiscard]] bool is_due(const CaptureClock& clock) const { return clock.elapsed_ns() >= due_ns_; }

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

}  // namespace restitch::detail
