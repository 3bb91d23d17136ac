// Small questions about the text of HTTP/1. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "app/ascii.h"

namespace restitch::http1 {

using ascii::begins;
using ascii::equal;
using ascii::is_digit;
using ascii::is_letter;
using ascii::lower;
using ascii::text_of;

// What stands between words, by a generous reading.
inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }
// Of a method or of the name of a field (RFC 9110, 5.6.2).
bool is_token(char c);
bool is_token(std::string_view text);

std::string_view trimmed(std::string_view text);
// What base64 holds, up to the first letter that is none; no value: not even two letters are.
std::optional<std::string> base64_decoded(std::string_view text);
// For the detail of an anomaly: at most `size` bytes of it, in quotes.
std::string quoted(std::string_view text, std::size_t size = 80);

// The parameter of that name (in lower case) behind the first ';' of a field: charset=utf-8, filename="a b".
std::string parameter(std::string_view value, std::string_view name);
// The name that Content-Disposition gives; empty: none.
std::string file_name(std::string_view disposition);

}  // namespace restitch::http1
