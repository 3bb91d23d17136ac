// Text of strangers, made harmless: whatever it was, it is valid UTF-8 then, and steers no terminal, breaks
// no line and hides nothing. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "restitch/export.h"

namespace RESTITCH_API restitch {

// The first character of a text.
struct Utf8Character {
  char32_t code = 0;
  std::size_t size = 1;  // bytes
  bool valid = false;    // false: not UTF-8; then one byte
};

// Requires: not empty.
Utf8Character first_character(std::string_view text);

// Whether a character does more to its surroundings than stand there: controls (C0, DEL, C1), and those that
// turn the direction of writing, break lines or cannot be seen.
bool is_steering(char32_t code);

// In one line: steering characters and bytes that are not UTF-8 become U+FFFD, tabs and line breaks spaces.
std::string clean_text(std::string_view text);

// The same, with its line breaks ('\n').
std::string clean_lines(std::string_view text);

}  // namespace restitch
