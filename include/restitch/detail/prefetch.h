// prefetch(): starts loading a cache line, or an object, that is going to be read.
#pragma once

#include "restitch/export.h"

namespace RESTITCH_API restitch {
namespace detail {

// A function that does nothing but __builtin_prefetch counts as one without effect for gcc 12, which drops
// the calls of it: measured, the prefetching of connections was not in any program. So this has one.
inline void prefetch(const void* at) {
  __builtin_prefetch(at);
  asm volatile("" : : "r"(at));
}

// The first and the last byte of an object: all of it, if that is two lines.
template <class T>
void prefetch_object(const T& object) {
  const char* const begin = reinterpret_cast<const char*>(&object);
  prefetch(begin);
  prefetch(begin + sizeof object - 1);
}

}  // namespace detail
}  // namespace restitch
