// Any bytes as what a client of --metrics sends: what is decided stays decided, however much follows.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cli/metrics_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace restitch::cli;
  const std::string_view all(reinterpret_cast<const char*>(data), std::min(size, request_size_max));
  RequestVerdict before = RequestVerdict::incomplete;
  for (std::size_t i = 0; i <= all.size(); ++i) {
    const RequestVerdict verdict = judge_request(all.substr(0, i));
    if (before != RequestVerdict::incomplete && verdict != before) std::abort();
    if (i == request_size_max && verdict == RequestVerdict::incomplete) std::abort();
    before = verdict;
  }
  return 0;
}
