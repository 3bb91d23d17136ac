// prefetch(): starts loading a cache line that is going to be read.
#pragma once

namespace restitch::detail {

// A function that does nothing but __builtin_prefetch counts as one without effect for gcc 12, which drops
// the calls of it: measured, the prefetching of connections was not in any program. So this has one.
inline void prefetch(const void* at) {
  __builtin_prefetch(at);
  asm volatile("" : : "r"(at));
}

}  // namespace restitch::detail
