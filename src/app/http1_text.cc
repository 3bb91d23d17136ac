#include "app/http1_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace restitch::http1 {
namespace {

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> token_table = make_token_table();

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

// Up to the closing quote, without backslashes.
std::string unquoted(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    plain += text[at];
  }
  return plain;
}

// Behind the ';' that ends the parameter at the beginning of `text`.
std::string_view next_parameter(std::string_view text) {
  bool in_quotes = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') in_quotes = !in_quotes;
    if (text[at] == '\\' && in_quotes) ++at;
    if (at < text.size() && text[at] == ';' && !in_quotes) return text.substr(at + 1);
  }
  return {};
}

}  // namespace

bool is_token(char c) { return token_table[static_cast<unsigned char>(c)]; }

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_token(c); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  std::string plain;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) break;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffffu;
    if (++count % 4 != 1) plain += static_cast<char>(bits >> (6 - 2 * ((count - 1) % 4)) & 0xffu);
  }
  if (count < 2) return std::nullopt;
  return plain;
}

std::string quoted(std::string_view text, std::size_t size) {
  std::string quotes = "\"";
  quotes += text.substr(0, size);
  quotes += text.size() > size ? "…\"" : "\"";
  return quotes;
}

std::string parameter(std::string_view value, std::string_view name) {
  for (value = next_parameter(value); !value.empty(); value = next_parameter(value)) {
    const std::size_t equals = value.find_first_of("=;");
    if (equals == std::string_view::npos || value[equals] == ';') continue;
    if (!equal(trimmed(value.substr(0, equals)), name)) continue;
    const std::string_view found = trimmed(value.substr(equals + 1));
    if (!found.empty() && found.front() == '"') return unquoted(found.substr(1));
    return std::string(trimmed(found.substr(0, found.find(';'))));
  }
  return {};
}

std::string file_name(std::string_view disposition) {
  // RFC 5987: charset'language'percent-encoded.
  const std::string extended = parameter(disposition, "filename*");
  const std::size_t second = extended.find('\'', std::min(extended.find('\''), extended.size() - 1) + 1);
  if (!extended.empty() && second != std::string::npos)
    return ascii::percent_decoded(extended.substr(second + 1));
  return parameter(disposition, "filename");
}

}  // namespace restitch::http1
