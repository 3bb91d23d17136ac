// Which connection `follow` is to print: what stands for N on its command line. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "restitch/output_where.h"

namespace restitch::cli {

struct FollowTarget {
  std::uint64_t number = 0;
  std::optional<ConnectionFilter> ends;  // says instead which one it is: the first that passes
};

// "7", or "10.0.0.1:4711,10.0.0.2:80" in any order. Nothing: it is neither.
std::optional<FollowTarget> parse_follow_target(const std::string& text);

}  // namespace restitch::cli
