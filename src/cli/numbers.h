// Numbers on the command line, read strictly: the whole text is one decimal number, and it lies in its range.
// The conversions of CLI11 take "nan", turn -1 around, cut off at 2^64 and read 010 as eight. Pure functions.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace CLI {
class Validator;
}

namespace restitch::cli {

// Nothing when `text` is not such a number from `min` to `max`.
std::optional<double> decimal_of(std::string_view text, double min, double max);

// For Option::transform(): refuse what is no such number, in one line that says what would be right, and
// leave the others as CLI11 reads them.
CLI::Validator whole_number(std::uint64_t min, std::uint64_t max = std::numeric_limits<std::uint64_t>::max());
CLI::Validator decimal_number(double min, double max);
// Bytes, with a unit as in 512M or 4GiB; each is 1,024 of the one before.
CLI::Validator size_with_unit(std::uint64_t min = 1);

}  // namespace restitch::cli
