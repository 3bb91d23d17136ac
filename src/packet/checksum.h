// The Internet checksum (RFC 1071). The sum is kept in the byte order of the machine: one's complement
// addition does not care, and comparing with "all ones" does not either.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "restitch/export.h"

namespace RESTITCH_API restitch {

// Folds the carries back into 16 bits: adding the two halves the other way round leaves their sum, and
// its carry, in the upper half. 0xffff means: the checksummed bytes are right.
constexpr std::uint16_t fold_sum(std::uint64_t sum) {
  const auto half = static_cast<std::uint32_t>((sum + std::rotr(sum, 32)) >> 32);
  return static_cast<std::uint16_t>((half + std::rotr(half, 16)) >> 16);
}

// One's complement addition: a carry out of the top comes back in at the bottom.
constexpr std::uint64_t add_with_carry(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t sum = a + b;
  return sum + (sum < a ? 1 : 0);
}

// The unfolded sum of `size` bytes, an odd last byte padded with zero. Requires: size < 2^34.
inline std::uint64_t sum_words(const std::uint8_t* data, std::size_t size) {
  std::uint64_t sum = 0;
  for (; size >= 4; data += 4, size -= 4) {
    std::uint32_t word;
    std::memcpy(&word, data, sizeof word);
    sum += word;
  }
  std::uint32_t last = 0;
  if (size > 0) std::memcpy(&last, data, size);
  return sum + last;
}

}  // namespace restitch
