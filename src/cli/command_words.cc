#include "cli/command_words.h"

#include <algorithm>
#include <utility>

namespace restitch::cli {
namespace {

template <class Names>
bool is_one_of(const Names& names, std::string_view word) {
  return std::find(names.begin(), names.end(), word) != names.end();
}

bool is_negative_number(std::string_view word) {
  return word.size() > 1 && word[0] == '-' &&
         word.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

}  // namespace

std::vector<std::string> with_command(std::vector<std::string> words) {
  constexpr std::array<std::string_view, 5> general = {"--help", "-h", "--help-all", "--version", "-V"};
  if (!words.empty() && words.front() == "help") {
    words.front() = "--help";
    if (words.size() > 1) std::swap(words[0], words[1]);
  }
  const std::string first = words.empty() ? "" : words.front();
  if (!is_one_of(command_names, first) && !is_one_of(general, first)) words.insert(words.begin(), "streams");
  // What begins like an option is none if it is a number: it is meant as N, or as what stands there for N.
  if (first == "follow" && words.size() > 1 && is_negative_number(words[1])) {
    words.insert(words.begin() + 1, "--");
  }
  return words;
}

}  // namespace restitch::cli
