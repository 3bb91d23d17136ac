// The HTTP that MetricsServer speaks: GET /metrics, and no more of a request than that takes. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace restitch::cli {

// Scrapers send a few hundred bytes.
inline constexpr std::size_t request_size_max = 4096;

enum class RequestVerdict {
  incomplete,  // it may become a good one
  good,
  bad,        // no HTTP/1, or with a body
  not_found,  // another path
  not_get,
  too_large,
};

// What the request is that begins so. Requires: at most request_size_max bytes.
RequestVerdict judge_request(std::string_view begin);

// Status line and headers of the answer with so many bytes behind it. Requires: not `incomplete`.
std::string response_head(RequestVerdict verdict, std::size_t body_size);

}  // namespace restitch::cli
