// Tally: what a measured program says it saw, so that no work can be optimised away and every answer can
// be checked. A value.
#pragma once

#include <cstdint>
#include <cstdio>
#include <span>

namespace restitch::bench {

struct Tally {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  // of what the program looks at: frames, payload, or delivered bytes
  std::uint64_t sum = 0;    // of those bytes, where it was asked for
  std::uint64_t next = 0;   // packets that were the next of their flow, where that is compared

  // Adds up the bytes, if `sums`.
  void count(std::span<const std::uint8_t> data, bool sums) {
    bytes += data.size();
    if (!sums) return;
    std::uint64_t added = 0;
    for (const std::uint8_t byte : data) added += byte;
    sum += added;
  }

  void print() const {
    std::printf("packets %llu bytes %llu sum %llu next %llu\n", static_cast<unsigned long long>(packets),
                static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(sum),
                static_cast<unsigned long long>(next));
  }
};

}  // namespace restitch::bench
