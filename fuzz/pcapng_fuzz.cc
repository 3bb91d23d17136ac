// Any bytes as a pcapng file: the reader ends, its records are consistent, and neither they nor the end
// depend on the pieces in which the bytes arrive. The last byte of the input chooses the pieces.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "unit/capture/capture_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t choice = data[size - 1];
  restitch::testing::ByteVector input(data, data + size - 1);
  // The type of the first block, so that no run is wasted on an input that is not pcapng at all.
  constexpr std::array<std::uint8_t, 4> section_header{0x0a, 0x0d, 0x0d, 0x0a};
  if (input.size() >= 4 && choice >= 64)
    std::copy(section_header.begin(), section_header.end(), input.begin());
  restitch::testing::check_capture(input, 1 + choice % 61);
  return 0;
}
