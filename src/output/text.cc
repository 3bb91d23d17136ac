#include "output/text.h"

#include <fmt/format.h>

#include <time.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>

#include "base/clean_text.h"

namespace restitch {

namespace {

struct HexPair {
  char upper;
  char lower;
};

constexpr std::array<HexPair, 256> make_hex_pairs() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<HexPair, 256> pairs{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    pairs[byte].upper = digits[byte >> 4];
    pairs[byte].lower = digits[byte & 15];
  }
  return pairs;
}

// The two digits of each byte.
constexpr std::array<HexPair, 256> hex_pairs = make_hex_pairs();

// "\u001b"; what lies above U+FFFF in two halves, as UTF-16 has it.
void append_escape(std::string& out, char32_t code) {
  if (code <= 0xffff) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(code));
    return;
  }
  append_escape(out, 0xd800 + ((code - 0x10000) >> 10));
  append_escape(out, 0xdc00 + (code & 0x3ff));
}

}  // namespace

void append_hex(std::string& out, Bytes bytes) {
  const std::size_t before = out.size();
  out.resize(before + 2 * bytes.size());
  char* to = out.data() + before;
  for (const std::uint8_t byte : bytes) {
    *to++ = hex_pairs[byte].upper;
    *to++ = hex_pairs[byte].lower;
  }
}

void append_base64(std::string& out, Bytes bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(3, bytes.size()))) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < bytes.size() ? bytes[i] : 0U);
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= bytes.size() ? digits[group >> (18 - 6 * i) & 63] : '=';
    }
  }
}

void append_number(std::string& out, std::uint64_t number) {
  const fmt::format_int digits(number);
  out.append(digits.data(), digits.size());
}

void append_seconds(std::string& out, std::int64_t parts, std::uint64_t parts_a_second) {
  const bool negative = parts < 0;
  const auto bits = static_cast<std::uint64_t>(parts);
  const std::uint64_t distance = negative ? 0 - bits : bits;  // right for the lowest number too
  if (negative) out += '-';
  append_number(out, distance / parts_a_second);
  // Its leading 1 keeps the zeros behind it.
  const fmt::format_int decimals(parts_a_second + distance % parts_a_second);
  out += '.';
  out.append(decimals.data() + 1, decimals.size() - 1);
}

std::int64_t duration_between(Timestamp first, Timestamp last) {
  std::int64_t duration = 0;
  return __builtin_sub_overflow(last.ns, first.ns, &duration) ? 0 : duration;
}

std::string utc_date(Timestamp time, const char* format) {
  const std::int64_t second = time.ns / 1'000'000'000 - (time.ns % 1'000'000'000 < 0 ? 1 : 0);
  const auto seconds = static_cast<time_t>(second);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), format, &parts);
  return {text.data(), size};
}

void append_json_time(std::string& out, Timestamp time) {
  if (time.ns == 0) {
    out += "null";
    return;
  }
  append_seconds(out, time.ns, 1'000'000'000);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    if (!character.valid || is_steering(character.code)) {
      append_escape(out, character.valid ? character.code : 0xfffd);
    } else {
      if (character.code == '"' || character.code == '\\') out += '\\';
      out += text.substr(0, character.size);
    }
    text.remove_prefix(character.size);
  }
  out += '"';
}

}  // namespace restitch
