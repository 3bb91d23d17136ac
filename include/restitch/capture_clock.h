// CaptureClock: how much time has passed in a capture, by the times of its packets. It never goes back, and
// no packet alone can move it far: see Ageing in limits.h. Pools that are given parts of one capture age
// alike if one clock goes before them all: it observes every packet that is read, of any kind, and the
// context of each packet (stream.h) carries what it said then. Ticks begin at multiples
// of their length since 1970, so a clock that observes of all packets only those that begin another tick, and
// those before or after which the clock of the whole is_astray(), says the same as that clock. A value; one
// thread.
#pragma once

#include <compare>
#include <cstdint>

#include "restitch/capture_info.h"

namespace RESTITCH_API restitch {

namespace detail {

// From one time of a capture to another. Times may be absurd, so this wraps round instead of overflowing.
constexpr std::int64_t nanoseconds_between(Timestamp from, Timestamp to) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(to.ns) - static_cast<std::uint64_t>(from.ns));
}

}  // namespace detail

// How much time of a capture has passed, in ticks of about a millisecond, as a CaptureClock has it.
struct Elapsed {
  std::int64_t ticks = -1;  // negative: not known

  static constexpr int tick_bits = 20;
  static constexpr Elapsed of_ns(std::int64_t ns) { return {ns >> tick_bits}; }
  [[nodiscard]] constexpr std::int64_t ns() const { return ticks << tick_bits; }
  [[nodiscard]] constexpr bool known() const { return ticks >= 0; }
  friend constexpr auto operator<=>(Elapsed, Elapsed) = default;
};

class CaptureClock {
 public:
  // The largest step from packet to packet that counts as time, and how many packets in a row must lie
  // elsewhere for the clock to go there.
  static constexpr std::int64_t step_ns_max = 30'000'000'000;
  static constexpr int strays_max = 8;

  // All that there is to a clock, for one that goes on elsewhere.
  struct State {
    Timestamp reference;
    Elapsed elapsed{0};
    int strays = strays_max;

    friend bool operator==(const State&, const State&) = default;
  };

  CaptureClock() = default;
  explicit CaptureClock(const State& state)
      : reference_(state.reference), elapsed_(state.elapsed), strays_(state.strays) {}
  [[nodiscard]] State state() const { return {reference_, elapsed_, strays_}; }

  // A packet of this time came by.
  void observe(Timestamp time) {
    const std::int64_t step = detail::nanoseconds_between(reference_, time);
    if (static_cast<std::uint64_t>(step) >= std::uint64_t{1} << Elapsed::tick_bits) return observe_step(time);
    strays_ = 0;
  }

  // Another clock says that so much has passed.
  void follow(Elapsed other) { elapsed_ = other; }

  // Whether the last packet lay elsewhere, and is not believed yet.
  [[nodiscard]] bool is_astray() const { return strays_ != 0; }

  // Time that has passed since the first packet; and the same in ticks, or in seconds, of which only
  // differences mean something.
  [[nodiscard]] Elapsed elapsed() const { return elapsed_; }
  [[nodiscard]] std::int64_t elapsed_ns() const { return elapsed_.ns(); }
  [[nodiscard]] std::uint32_t tick() const { return static_cast<std::uint32_t>(elapsed_.ticks); }
  [[nodiscard]] std::uint16_t second() const { return static_cast<std::uint16_t>(elapsed_.ticks >> 10); }
  static constexpr std::int64_t ticks(std::int64_t ns) { return ns >> Elapsed::tick_bits; }
  static constexpr std::int64_t nanoseconds(std::uint32_t ticks) { return Elapsed{ticks}.ns(); }

  // How long ago a tick was, at least: it may have begun just before the next one.
  [[nodiscard]] std::int64_t ns_since(std::uint32_t then) const {
    const auto ticks = static_cast<std::int32_t>(tick() - then);
    return ticks <= 0 ? 0 : Elapsed{ticks - 1}.ns();
  }

 private:
  void observe_step(Timestamp time);
  void observe_stray(Timestamp time, bool ahead);

  // The time of the capture that is taken for now. Ticks begin at the same moments whatever came before, so
  // that clocks which began at different packets soon agree.
  Timestamp reference_;
  Elapsed elapsed_{0};
  int strays_ = strays_max;  // packets in a row that lie elsewhere; the first one of all is believed
};

}  // namespace restitch
