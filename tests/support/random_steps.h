// random_steps(): a stream cut into segments and then maltreated: reordered, lost, repeated, cut anew with
// other contents, with stray flags and jumps ahead. The same seed gives the same steps.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "support/scenario.h"

namespace restitch::test {

struct Weather {
  int steps = 1000;
  std::uint32_t size_max = 20;  // of a segment
  int reorder = 8;              // a segment arrives at most this many others late
  double loss = 0.02;
  double repeat = 0.1;   // comes again, shifted and resized by a little
  double flags = 0.002;  // of each of SYN, FIN, RST, a forced start
  double jump = 0.0;     // the stream goes on far ahead
};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  bool chance(double probability) { return static_cast<double>(engine_() >> 11) * 0x1p-53 < probability; }

 private:
  std::mt19937_64 engine_;  // its numbers are the same everywhere
};

inline std::vector<Step> random_steps(Dice& dice, const Weather& weather) {
  std::vector<std::pair<std::uint64_t, Step>> arrivals;  // by time of arrival
  Position at = 0;
  for (int i = 0; i < weather.steps; ++i) {
    Step step{.at = at, .size = static_cast<std::uint32_t>(1 + dice.below(weather.size_max))};
    at += step.size;
    if (dice.chance(weather.jump)) at += Position{1} << (10 + dice.below(15));
    if (dice.chance(weather.loss)) continue;
    const auto late = [&] {
      return static_cast<std::uint64_t>(i) + dice.below(static_cast<std::uint64_t>(weather.reorder) + 1);
    };
    step.fin = dice.chance(weather.flags);
    step.rst = dice.chance(weather.flags);
    step.syn = dice.chance(weather.flags);
    step.start = dice.chance(weather.flags);
    arrivals.emplace_back(late(), step);
    while (dice.chance(weather.repeat)) {
      Step again{.at = step.at + static_cast<Position>(dice.below(2 * weather.size_max)) - weather.size_max,
                 .size = static_cast<std::uint32_t>(1 + dice.below(2 * weather.size_max)),
                 .differs = dice.chance(0.7)};
      arrivals.emplace_back(late() + dice.below(3), again);
    }
  }
  std::stable_sort(arrivals.begin(), arrivals.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Step> steps;
  for (const auto& [when, step] : arrivals) steps.push_back(step);
  return steps;
}

}  // namespace restitch::test
