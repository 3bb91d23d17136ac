#include "cli/follow_target.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string_view>
#include <utility>

#include "cli/numbers.h"

namespace restitch::cli {
namespace {

// "10.0.0.1:80" or "[2001:db8::1]:80" as an expression about one side; empty: it is no end.
std::string end_of(std::string_view text, std::string_view side) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  return fmt::format("{0} {1} and {0} port {2}", side, address, text.substr(colon + 1));
}

}  // namespace

std::optional<FollowTarget> parse_follow_target(const std::string& text) {
  std::string number = text;
  if (whole_number(0)(number).empty()) return FollowTarget{.number = std::stoull(number), .ends = {}};
  const std::size_t comma = text.find(',');
  if (comma == std::string::npos) return std::nullopt;
  const std::string_view one = std::string_view(text).substr(0, comma);
  const std::string_view other = std::string_view(text).substr(comma + 1);
  auto ends = ConnectionFilter::parse(fmt::format("({} and {}) or ({} and {})", end_of(one, "client"),
                                                  end_of(other, "server"), end_of(one, "server"),
                                                  end_of(other, "client")));
  if (!ends) return std::nullopt;
  FollowTarget target;
  target.ends = std::move(*ends);
  return target;
}

}  // namespace restitch::cli
