// Words on the command line of which one is to be chosen. Pure functions.
#pragma once

#include <CLI/CLI.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace restitch::cli {

// "\"foo\" is none of summary, text, json".
std::string none_of(std::string_view word, const std::vector<std::string>& words);

// "{a,b}": how a validator that is given here describes itself, for offered_by().
std::string offer_of(const std::vector<std::string>& words);

// For Option::transform(): the value that belongs to the word, or one line that says which words there are.
template <class Choice>
CLI::Validator one_of(std::initializer_list<std::pair<const char*, Choice>> choices) {
  std::vector<std::string> words;
  std::vector<std::string> values;
  for (const auto& [word, choice] : choices) {
    words.emplace_back(word);
    values.push_back(std::to_string(static_cast<std::underlying_type_t<Choice>>(choice)));
  }
  return {[=](std::string& text) {
            for (std::size_t i = 0; i < words.size(); ++i) {
              if (words[i] != text) continue;
              text = values[i];
              return std::string();
            }
            return none_of(text, words);
          },
          offer_of(words)};
}

// The same for words that stand for themselves.
CLI::Validator one_of(std::vector<std::string> words);

// Refuses nothing: words that somebody who types is to be offered. Behind one that ends in = more is to come.
CLI::Validator offers(const std::vector<std::string>& words);

// What CLI11 calls the type of an option, taken apart: its own name, and the words that the above offer.
struct OfferedWords {
  std::string type_name;
  std::vector<std::string> words;
};
OfferedWords offered_by(std::string_view type_name);

}  // namespace restitch::cli
