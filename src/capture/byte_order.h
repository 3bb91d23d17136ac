// Loads in the byte order of a capture file: native or swapped, known at compile time where it matters.
// Pure functions; unchecked, as those of base/bytes.h.
#pragma once

#include <cstdint>
#include <cstring>

namespace restitch {

template <bool swapped>
inline std::uint16_t load16(const std::uint8_t* p) {
  std::uint16_t value;
  std::memcpy(&value, p, sizeof value);
  return swapped ? __builtin_bswap16(value) : value;
}

template <bool swapped>
inline std::uint32_t load32(const std::uint8_t* p) {
  std::uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return swapped ? __builtin_bswap32(value) : value;
}

template <bool swapped>
inline std::uint64_t load64(const std::uint8_t* p) {
  std::uint64_t value;
  std::memcpy(&value, p, sizeof value);
  return swapped ? __builtin_bswap64(value) : value;
}

}  // namespace restitch
