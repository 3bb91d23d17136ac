// Random: a small generator of numbers (splitmix64) that gives the same sequence everywhere, so that a
// workload is the same capture on every machine. A value; one thread.
#pragma once

#include <cstdint>

namespace restitch::bench {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  // A number in [low, high].
  std::uint32_t between(std::uint32_t low, std::uint32_t high) {
    return low + static_cast<std::uint32_t>(next() % (std::uint64_t{high} - low + 1));
  }

  // True in `share` of all cases; draws nothing for a share of 0.
  bool chance(double share) { return share > 0 && static_cast<double>(next() >> 11) * 0x1p-53 < share; }

 private:
  std::uint64_t state_;
};

}  // namespace restitch::bench
