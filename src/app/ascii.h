// Text of protocols that are made of ASCII lines: bytes as text, and comparisons for which "A" and "a" are
// the same. Pure functions; any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "output/text.h"
#include "restitch/packet.h"

namespace restitch::ascii {

inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
inline char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Of a hex digit; -1: it is none.
inline int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char low = lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// "%41" becomes "A".
inline std::string percent_decoded(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool coded = text[at] == '%' && at + 2 < text.size() && hex_value(text[at + 1]) >= 0 &&
                       hex_value(text[at + 2]) >= 0;
    plain += coded ? static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2])) : text[at];
    if (coded) at += 2;
  }
  return plain;
}

inline std::string lower(std::string_view text) {
  std::string low(text);
  for (char& c : low) c = lower(c);
  return low;
}

inline std::string upper(std::string_view text) {
  std::string high(text);
  for (char& c : high) c = upper(c);
  return high;
}

inline bool equal(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

inline bool begins(std::string_view text, std::string_view with) {
  return text.size() >= with.size() && equal(text.substr(0, with.size()), with);
}

// Without blanks, CR and LF around it.
inline std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return is_blank(c) || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the first word off, and the blanks behind it.
inline std::string_view take_word(std::string_view& text) {
  const std::size_t size = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, size);
  text.remove_prefix(std::min(text.find_first_not_of(" \t", size), text.size()));
  return word;
}

// A decimal number of at most ten digits at the beginning, which is taken off. False: there is none.
inline bool take_number(std::string_view& text, std::uint64_t& number) {
  std::size_t digits = 0;
  number = 0;
  while (digits < text.size() && digits < 10 && is_digit(text[digits])) {
    number = number * 10 + static_cast<std::uint64_t>(text[digits++] - '0');
  }
  text.remove_prefix(digits);
  return digits != 0;
}

}  // namespace restitch::ascii
