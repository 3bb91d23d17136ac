// Sequence: a TCP sequence number (RFC 9293, section 3.4), a position in a space of 2^32 that wraps.
// Positions are Sequences, lengths are integers; two positions have no order, only a difference.
// A value; any thread.
#pragma once

#include <cstdint>

#include "restitch/export.h"

namespace RESTITCH_API restitch {

class Sequence {
 public:
  constexpr Sequence() = default;
  constexpr explicit Sequence(std::uint32_t value) : value_(value) {}

  // The number as it stands in the TCP header.
  [[nodiscard]] constexpr std::uint32_t value() const { return value_; }

  // The signed distance `to - *this`, exact modulo 2^32: positive when `to` lies ahead. At exactly
  // half the space the answer is negative, as in serial number arithmetic (RFC 1982).
  [[nodiscard]] constexpr std::int32_t difference(Sequence to) const {
    return static_cast<std::int32_t>(to.value_ - value_);
  }

  // The position `distance` bytes ahead (behind, when negative).
  [[nodiscard]] constexpr Sequence add(std::int64_t distance) const {
    return Sequence(value_ + static_cast<std::uint32_t>(distance));
  }

  friend constexpr bool operator==(Sequence, Sequence) = default;

 private:
  std::uint32_t value_ = 0;
};

static_assert(sizeof(Sequence) == 4);

// Whether `a` lies before `b`. Requires: they lie within half the space of each other, or it means nothing.
constexpr bool is_before(Sequence a, Sequence b) { return b.difference(a) < 0; }

}  // namespace restitch
