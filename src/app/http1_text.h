// Small questions about the text of HTTP/1. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "restitch/packet.h"

namespace restitch::http1 {

inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
// What stands between words, by a generous reading.
inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }
// Of a method or of the name of a field (RFC 9110, 5.6.2).
bool is_token(char c);
bool is_token(std::string_view text);

std::string_view trimmed(std::string_view text);
// `lower_case` is in lower case.
bool same(std::string_view text, std::string_view lower_case);
bool begins(std::string_view text, std::string_view lower_case);
// Of the hex digit `c`; -1: it is none.
int hex_value(char c);
// "%41" becomes "A".
std::string percent_decoded(std::string_view text);
// What base64 holds, up to the first letter that is none; no value: not even two letters are.
std::optional<std::string> base64_decoded(std::string_view text);
// For the detail of an anomaly: at most `size` bytes of it, in quotes.
std::string quoted(std::string_view text, std::size_t size = 80);

// The parameter of that name (in lower case) behind the first ';' of a field: charset=utf-8, filename="a b".
std::string parameter(std::string_view value, std::string_view name);
// The name that Content-Disposition gives; empty: none.
std::string file_name(std::string_view disposition);

}  // namespace restitch::http1
