// Memory that runs out when a test wants it to: operator new and the blocks of restitch, in this whole
// program, count, and fail when they are told to. Any thread.
#pragma once

#include <cstdint>

namespace restitch::testing {

constexpr std::uint64_t never = ~std::uint64_t{0};

// So many allocations succeed; then one fails, or all from there on. `never`: none does.
void fail_after(std::uint64_t allocations, bool only_once);
inline void fail_never() { fail_after(never, false); }

// How many there were, from the beginning of the program.
std::uint64_t allocations();

}  // namespace restitch::testing
