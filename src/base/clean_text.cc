#include "base/clean_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace restitch {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

struct Range {
  char32_t first;
  char32_t last;
};

constexpr std::array<Range, 10> steering = {{{0x00, 0x1f},
                                             {0x7f, 0x9f},
                                             {0x061c, 0x061c},
                                             {0x200b, 0x200f},
                                             {0x2028, 0x202e},
                                             {0x2060, 0x206f},
                                             {0xfeff, 0xfeff},
                                             {0xfff9, 0xfffb},
                                             {0xfdd0, 0xfdef},
                                             {0xe0000, 0xe007f}}};

// How many bytes a first byte asks for; 0: it is none.
std::size_t size_after(std::uint8_t byte) {
  if (byte < 0x80) return 1;
  if (byte >= 0xc2 && byte < 0xe0) return 2;
  if (byte >= 0xe0 && byte < 0xf0) return 3;
  return byte >= 0xf0 && byte < 0xf5 ? 4 : 0;
}

// Neither longer than it need be, nor half of a pair of UTF-16, nor beyond the last character there is.
bool is_sound(char32_t code, std::size_t size) {
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  return code >= least[size] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

std::string clean(std::string_view text, bool keep_breaks) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    const std::string_view bytes = text.substr(0, character.size);
    text.remove_prefix(character.size);
    if (character.valid && !is_steering(character.code)) {
      out += bytes;
    } else if (bytes == "\n" && keep_breaks) {
      out += '\n';
    } else if (bytes == "\n" || bytes == "\r" || bytes == "\t") {
      out += ' ';
    } else {
      out += replacement;
    }
  }
  return out;
}

}  // namespace

Utf8Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::size_t size = size_after(byte(0));
  if (size == 1) return {byte(0), 1, true};
  if (size == 0 || text.size() < size) return {};
  char32_t code = byte(0) & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return {};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  if (!is_sound(code, size)) return {};
  return {code, size, true};
}

bool is_steering(char32_t code) {
  return std::any_of(steering.begin(), steering.end(),
                     [=](const Range& range) { return code >= range.first && code <= range.last; });
}

std::string clean_text(std::string_view text) { return clean(text, false); }
std::string clean_lines(std::string_view text) { return clean(text, true); }

}  // namespace restitch
