// optional_sequence(): a number, if it means something, made in a register. A value; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "restitch/sequence.h"

namespace RESTITCH_API restitch {
namespace detail {

// An optional is handed over in one register, but compilers put it together from its two parts in memory.
// Read back as one word at once, the parts have to reach the cache first: a wait of some 15 cycles for each
// packet that a stream is asked about. Its word is the number, and above it whether there is one; its test
// holds that.
inline std::optional<Sequence> optional_sequence(Sequence sequence, bool known) {
  using Optional = std::optional<Sequence>;
  if constexpr (sizeof(Optional) == sizeof(std::uint64_t) && std::is_trivially_copyable_v<Optional> &&
                std::endian::native == std::endian::little) {
    return std::bit_cast<Optional>(sequence.value() | std::uint64_t{known} << 32);
  } else {
    return known ? Optional(sequence) : std::nullopt;
  }
}

}  // namespace detail
}  // namespace restitch
