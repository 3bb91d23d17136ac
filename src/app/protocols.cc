#include "app/protocols.h"

#include <vector>

#include "app/http1_analyzer.h"

namespace restitch {

std::span<const Protocol> protocols() {
  static const std::vector<Protocol> table = {
#ifdef RESTITCH_LLHTTP
      {"http", fit_http1, make_http1_analyzer},
#endif
  };
  return table;
}

}  // namespace restitch
