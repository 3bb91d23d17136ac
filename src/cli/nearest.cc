#include "cli/nearest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <system_error>
#include <vector>

namespace restitch::cli {
namespace {

// A mistake in three letters.
std::size_t distance_max(std::string_view word) { return std::max<std::size_t>(word.size() / 3, 1); }

std::string_view without_dashes(std::string_view name) {
  name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  return name;
}

std::string_view nearest_flag(std::string_view word, const CommandTable& command) {
  std::vector<std::string_view> names;
  for (const Flag& flag : command.flags) {
    for (const std::string& name : flag.names) {
      if (name.starts_with("--")) names.push_back(without_dashes(name));
    }
  }
  return nearest(without_dashes(word), names);
}

}  // namespace

std::size_t edit_distance(std::string_view one, std::string_view other) {
  // Rows of the usual table: of the prefix of `one` before the last, of the last, and of the one that is
  // made.
  std::vector<std::size_t> before(other.size() + 1);
  std::vector<std::size_t> last(other.size() + 1);
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= one.size(); ++i) {
    std::swap(before, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= other.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[other.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t telling_prefix = 3;
  std::string_view best;
  std::size_t least = distance_max(word) + 1;
  for (const std::string_view candidate : candidates) {
    const bool begins = word.size() >= telling_prefix && candidate.starts_with(word);
    const std::size_t distance = begins ? 1 : edit_distance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

std::string about_unknown_command(const std::string& word, std::span<const std::string_view> commands) {
  if (word.empty() || word.front() == '-') return {};
  const std::string_view meant = nearest(word, commands);
  std::error_code error;
  if (meant.empty() || meant == word || std::filesystem::exists(word, error)) return {};
  return fmt::format("{}: there is no such command, and no such file; did you mean {}?", word, meant);
}

std::string about_unknown_flag(std::string_view word, const CommandTable& command,
                               std::span<const CommandTable> all) {
  const bool is_long = word.starts_with("--");
  const std::string_view name = is_long ? word.substr(0, word.find('=')) : word.substr(0, 2);
  std::vector<std::string_view> others;
  for (const CommandTable& other : all) {
    if (other.find(name) != nullptr) others.push_back(other.name);
  }
  const std::string start = fmt::format("{}: {} has no such flag", name, command.name);
  if (!others.empty()) {
    std::string names(others.front());
    for (std::size_t i = 1; i < others.size(); ++i) {
      names.append(i + 1 == others.size() ? " and " : ", ").append(others[i]);
    }
    return fmt::format("{}; {} {} it", start, names, others.size() == 1 ? "has" : "have");
  }
  const std::string_view meant = nearest_flag(is_long ? name : word, command);
  return meant.empty() ? start : fmt::format("{}; did you mean --{}?", start, meant);
}

}  // namespace restitch::cli
