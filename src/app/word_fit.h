// Whether a text begins with one of some words, in any case of letters, or may do so once there is more of
// it. Pure functions; any thread.
#pragma once

#include <span>
#include <string_view>

#include "app/ascii.h"
#include "app/protocols.h"

namespace restitch {

inline Fit word_fit(std::string_view text, std::span<const std::string_view> words) {
  Fit fit = Fit::no;
  for (const std::string_view word : words) {
    if (ascii::begins(text, word)) return Fit::yes;
    if (text.size() < word.size() && ascii::equal(text, word.substr(0, text.size()))) fit = Fit::perhaps;
  }
  return fit;
}

}  // namespace restitch
