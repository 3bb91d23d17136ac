// The options at the end of a pcapng block: code, size, value, padded to four bytes. Pure functions;
// values point into the block.
#pragma once

#include <cstdint>

#include "capture/byte_order.h"
#include "restitch/packet.h"

namespace restitch {

inline constexpr std::uint16_t option_end = 0;
inline constexpr std::uint16_t option_comment = 1;
inline constexpr std::uint16_t option_shb_hardware = 2;
inline constexpr std::uint16_t option_shb_os = 3;
inline constexpr std::uint16_t option_shb_application = 4;
inline constexpr std::uint16_t option_if_name = 2;
inline constexpr std::uint16_t option_if_description = 3;
inline constexpr std::uint16_t option_if_tsresol = 9;
inline constexpr std::uint16_t option_if_filter = 11;
inline constexpr std::uint16_t option_if_tsoffset = 14;
inline constexpr std::uint16_t option_isb_ifrecv = 4;
inline constexpr std::uint16_t option_isb_ifdrop = 5;
inline constexpr std::uint16_t option_isb_osdrop = 7;

// Calls `take(code, value)` for each option. A list that runs over its end stops at the last whole one.
template <bool swapped, class Take>
void for_each_option(Bytes options, Take take) {
  while (options.size() >= 4) {
    const std::uint16_t code = load16<swapped>(options.data());
    const std::size_t size = load16<swapped>(options.data() + 2);
    if (code == option_end || options.size() - 4 < size) return;
    take(code, options.subspan(4, size));
    const std::size_t padded = 4 + (size + 3) / 4 * 4;
    if (padded >= options.size()) return;
    options = options.subspan(padded);
  }
}

}  // namespace restitch
