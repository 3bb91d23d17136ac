#include "restitch/detail/require.h"

#include <cstdio>
#include <cstdlib>

namespace restitch::detail {

void break_off(const char* rule) noexcept {
  std::fprintf(stderr, "restitch: %s\n", rule);
  std::abort();
}

}  // namespace restitch::detail
