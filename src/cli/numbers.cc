#include "cli/numbers.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

namespace restitch::cli {
namespace {

template <class Number>
std::optional<Number> number_of(std::string_view text, Number min, Number max) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // The other way round, "nan" would pass.
  if (error != std::errc() || end != text.data() + text.size() || !(number >= min && number <= max)) {
    return std::nullopt;
  }
  return number;
}

// "", "B", "k", "KB", "KiB", … as the power of 1,024.
std::optional<unsigned> power_of_unit(std::string_view unit) {
  constexpr std::string_view letters = "KMGTPE";
  if (unit.empty()) return 0;
  const auto upper = [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); };
  const std::size_t letter = letters.find(upper(unit.front()));
  if (letter == std::string_view::npos) {
    return unit.size() == 1 && upper(unit.front()) == 'B' ? std::optional(0U) : std::nullopt;
  }
  std::string rest;
  for (const char c : unit.substr(1)) rest += upper(c);
  if (!rest.empty() && rest != "B" && rest != "I" && rest != "IB") return std::nullopt;
  return static_cast<unsigned>(letter) + 1;
}

std::optional<std::uint64_t> size_of(std::string_view text, std::uint64_t min) {
  constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto power = power_of_unit(text.substr(digits));
  if (!power) return std::nullopt;
  const auto number = number_of<std::uint64_t>(text.substr(0, digits), min, max >> 10 * *power);
  if (!number) return std::nullopt;
  return *number << 10 * *power;
}

}  // namespace

std::optional<double> decimal_of(std::string_view text, double min, double max) {
  return number_of(text, min, max);
}

CLI::Validator whole_number(std::uint64_t min, std::uint64_t max) {
  const bool open = max == std::numeric_limits<std::uint64_t>::max();
  const std::string range = open ? fmt::format("{} up", min) : fmt::format("{} to {}", min, max);
  return {[=](std::string& text) {
            const auto number = number_of(text, min, max);
            if (!number) return fmt::format("\"{}\" is no whole number from {}", text, range);
            text = fmt::to_string(*number);
            return std::string();
          },
          open ? "" : range};
}

CLI::Validator decimal_number(double min, double max) {
  const std::string range = fmt::format("{} to {}", min, max);
  return {[=](std::string& text) {
            const auto number = number_of(text, min, max);
            if (!number) return fmt::format("\"{}\" is no number from {}", text, range);
            text = fmt::to_string(*number);
            return std::string();
          },
          range};
}

CLI::Validator size_with_unit(std::uint64_t min) {
  return {[min](std::string& text) {
            const auto size = size_of(text, min);
            if (!size) return fmt::format("\"{}\" is no size such as 512M or 4G", text);
            text = fmt::to_string(*size);
            return std::string();
          },
          ""};
}

}  // namespace restitch::cli
