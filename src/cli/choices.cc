#include "cli/choices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

namespace restitch::cli {

std::string none_of(std::string_view word, const std::vector<std::string>& words) {
  return fmt::format("\"{}\" is none of {}", word, fmt::join(words, ", "));
}

std::string offer_of(const std::vector<std::string>& words) {
  return fmt::format("{{{}}}", fmt::join(words, ","));
}

CLI::Validator one_of(std::vector<std::string> words) {
  const std::string offer = offer_of(words);
  return {[words = std::move(words)](std::string& text) {
            const bool known = std::find(words.begin(), words.end(), text) != words.end();
            return known ? std::string() : none_of(text, words);
          },
          offer};
}

CLI::Validator offers(const std::vector<std::string>& words) {
  return {[](std::string& /*text*/) { return std::string(); }, offer_of(words)};
}

OfferedWords offered_by(std::string_view type_name) {
  // Behind the name stands what the validators say of themselves: "N:1 to 64". A name may have "[ADDRESS:]".
  std::size_t name_end = type_name.find(':');
  if (type_name.substr(0, name_end).find('[') != std::string_view::npos) {
    name_end = type_name.find(':', type_name.find(']'));
  }
  const std::size_t start = type_name.find(":{");
  OfferedWords offered{std::string(type_name.substr(0, name_end)), {}};
  if (start == std::string_view::npos) return offered;
  std::istringstream list(std::string(type_name.substr(start + 2, type_name.find('}', start) - start - 2)));
  for (std::string word; std::getline(list, word, ',');) offered.words.push_back(word);
  return offered;
}

}  // namespace restitch::cli
