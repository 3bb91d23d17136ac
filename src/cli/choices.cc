#include "cli/choices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace restitch::cli {

std::string none_of(std::string_view word, const std::vector<std::string>& words) {
  return fmt::format("\"{}\" is none of {}", word, fmt::join(words, ", "));
}

CLI::Validator one_of(std::vector<std::string> words) {
  return {[words = std::move(words)](std::string& text) {
            const bool known = std::find(words.begin(), words.end(), text) != words.end();
            return known ? std::string() : none_of(text, words);
          },
          ""};
}

}  // namespace restitch::cli
