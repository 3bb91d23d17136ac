#include "capture/time_scale.h"

#include <limits>

namespace restitch {

namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

std::uint64_t power_of_10(unsigned exponent) {
  std::uint64_t value = 1;
  while (exponent-- > 0) value *= 10;
  return value;
}

// A moment as whole seconds and nanoseconds below one second.
struct Moment {
  std::uint64_t s = 0;
  std::uint64_t ns = 0;
};

Moment from_decimal(std::uint64_t ticks, unsigned exponent) {
  if (exponent > 19) {  // a second is more ticks than 64 bits hold; each is at most 10^-20 s
    const unsigned excess = exponent - 9;
    return {0, excess > 19 ? 0 : ticks / power_of_10(excess)};
  }
  const std::uint64_t per_s = power_of_10(exponent);
  const std::uint64_t rest = ticks % per_s;
  return {ticks / per_s, exponent <= 9 ? rest * power_of_10(9 - exponent) : rest / power_of_10(exponent - 9)};
}

Moment from_binary(std::uint64_t ticks, unsigned exponent) {
  const std::uint64_t s = exponent > 63 ? 0 : ticks >> exponent;
  std::uint64_t rest = exponent > 63 ? ticks : ticks & ((std::uint64_t{1} << exponent) - 1);
  // 34 bits of fraction times 10^9 (30 bits) just fit; finer ones are below a nanosecond anyway.
  if (exponent > 34) {
    const unsigned excess = exponent - 34;
    rest = excess > 63 ? 0 : rest >> excess;
    exponent = 34;
  }
  return {s, (rest * static_cast<std::uint64_t>(ns_per_s)) >> exponent};
}

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();

// s + offset_s, saturated; s may use all 64 bits.
std::int64_t add_offset(std::uint64_t s, std::int64_t offset_s) {
  std::int64_t sum;
  return __builtin_add_overflow(s, offset_s, &sum) ? highest : sum;
}

std::int64_t to_saturated_ns(std::int64_t s, std::uint64_t ns) {
  std::int64_t total;
  if (__builtin_mul_overflow(s, ns_per_s, &total)) return s < 0 ? lowest : highest;
  return __builtin_add_overflow(total, ns, &total) ? highest : total;
}

}  // namespace

TimeScale::TimeScale(std::uint8_t resolution, std::int64_t offset_s)
    : resolution_(resolution), offset_s_(offset_s) {
  const bool decimal = resolution < 0x80;
  if (!decimal || resolution > 9 || offset_s != 0) return;
  factor_ = power_of_10(9U - resolution);
  plain_ticks_end_ = static_cast<std::uint64_t>(highest) / factor_ + 1;
}

std::int64_t TimeScale::to_ns_slow(std::uint64_t ticks) const {
  const unsigned exponent = resolution_ & 0x7fU;
  const Moment moment = resolution_ < 0x80 ? from_decimal(ticks, exponent) : from_binary(ticks, exponent);
  return to_saturated_ns(add_offset(moment.s, offset_s_), moment.ns);
}

}  // namespace restitch
