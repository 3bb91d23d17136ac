#include "cli/open_files.h"

#include <sys/resource.h>

#include <algorithm>

namespace restitch::cli {

// Shells give 1,024 at first, for the sake of programs that use select(). A file that has to make way for
// another one is closed and opened again.
void allow_many_open_files() {
  constexpr rlim_t wanted = 4096 + 64;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace restitch::cli
