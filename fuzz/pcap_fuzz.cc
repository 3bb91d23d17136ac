// Any bytes as a pcap file: the reader ends, its records are consistent, and neither they nor the end
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
  // A magic number of our choice, so that no run is wasted on one that is not known.
  constexpr std::array<std::array<std::uint8_t, 4>, 6> magics{{{0xd4, 0xc3, 0xb2, 0xa1},
                                                               {0xa1, 0xb2, 0xc3, 0xd4},
                                                               {0x4d, 0x3c, 0xb2, 0xa1},
                                                               {0xa1, 0xb2, 0x3c, 0x4d},
                                                               {0x34, 0xcd, 0xb2, 0xa1},
                                                               {0xa1, 0xb2, 0xcd, 0x34}}};
  if (input.size() >= 4 && choice >= 64) {
    std::copy(magics[choice % magics.size()].begin(), magics[choice % magics.size()].end(), input.begin());
  }
  restitch::testing::check_capture(input, 1 + choice % 61);
  return 0;
}
