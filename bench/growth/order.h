// The orders in which held segments arrive in the growth benchmarks. A pure function.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "generate/random.h"

namespace restitch::bench {

// How often to repeat a run of `count` segments, so that the work of all sizes is the same.
inline std::size_t rounds_for(std::size_t count) { return std::max<std::size_t>(1, 1'024'000 / count); }

// The numbers 0 … count-1 in the order "forward", "reverse", "random" or "even-odd"; empty for another.
inline std::vector<std::uint32_t> arrival_order(const std::string& name, std::uint32_t count) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  if (name == "forward") return order;
  if (name == "reverse") return std::reverse(order.begin(), order.end()), order;
  if (name == "even-odd") {
    std::stable_partition(order.begin(), order.end(), [](std::uint32_t number) { return number % 2 == 0; });
    return order;
  }
  if (name != "random") return {};
  Random random(7);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.next() % i]);
  return order;
}

}  // namespace restitch::bench
