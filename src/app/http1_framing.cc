#include "app/http1_framing.h"
#include "app/ascii.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "app/http1_text.h"

namespace restitch::http1 {
namespace {

constexpr std::string_view known_codings[] = {"chunked",  "gzip",       "x-gzip",   "deflate", "x-deflate",
                                              "compress", "x-compress", "identity", "br",      "zstd"};

// What Content-Length says.
struct DeclaredLength {
  bool seen = false;
  std::optional<std::uint64_t> length;  // the first one that can be read
};

// What Transfer-Encoding says.
struct DeclaredTransfer {
  bool seen = false;
  bool chunked = false;
  bool unsure = false;  // it may be read in another way
};

void framing_tell(Head& head, std::string_view what, std::string_view where, std::string detail) {
  head.oddities.push_back(
      {what, static_cast<std::size_t>(where.data() - head.text.data()), std::move(detail)});
}

// The digits at its beginning; no value: there are none, or too many.
std::optional<std::uint64_t> leading_number(std::string_view text) {
  constexpr std::uint64_t number_max = std::numeric_limits<std::uint64_t>::max() / 16;
  std::uint64_t number = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && is_digit(text[digits]); ++digits) {
    if (number > number_max) return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(text[digits] - '0');
  }
  if (digits == 0) return std::nullopt;
  return number;
}

// One of the values between commas.
void read_length(Head& head, const Field& field, std::string_view value, DeclaredLength& declared) {
  const auto number = leading_number(value);
  if (!number || !std::all_of(value.begin(), value.end(), is_digit)) {
    framing_tell(head, "http_bad_length", field.name,
                 quoted(field.value) + " is no length, or it is " +
                     (number ? std::to_string(*number) : "as long as the connection"));
  }
  if (declared.length && number && *declared.length != *number) {
    framing_tell(
        head, "http_two_lengths", field.name,
        "the body has " + std::to_string(*declared.length) + " bytes, or " + std::to_string(*number));
  } else if (declared.seen) {
    framing_tell(head, "http_repeated_length", field.name, quoted(value) + " once more");
  }
  declared.seen = true;
  if (!declared.length) declared.length = number;
}

DeclaredLength declared_length(Head& head) {
  DeclaredLength declared;
  // Oddities are added meanwhile, fields are not.
  for (const Field& field : head.fields) {
    if (!equal(field.name, "content-length")) continue;
    const std::string all = unfolded(field.value);
    for (std::string_view rest = all;;) {
      const std::size_t comma = rest.find(',');
      read_length(head, field, trimmed(rest.substr(0, comma)), declared);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return declared;
}

// Whether all is as the RFC wants it: known codings, "chunked" once and last.
bool is_proper_transfer(std::string_view codings) {
  for (std::string_view rest = codings;;) {
    const std::size_t comma = rest.find(',');
    std::string_view coding = rest.substr(0, comma);
    while (!coding.empty() && (coding.front() == ' ' || coding.front() == '\t')) coding.remove_prefix(1);
    while (!coding.empty() && (coding.back() == ' ' || coding.back() == '\t')) coding.remove_suffix(1);
    const bool known = std::any_of(std::begin(known_codings), std::end(known_codings),
                                   [&](std::string_view name) { return equal(coding, name); });
    if (!known || equal(coding, "chunked") != (comma == std::string_view::npos)) return false;
    if (comma == std::string_view::npos) return true;
    rest.remove_prefix(comma + 1);
  }
}

bool ends_with_chunked(std::string_view codings) {
  const std::size_t comma = codings.rfind(',');
  return equal(trimmed(comma == std::string_view::npos ? codings : codings.substr(comma + 1)), "chunked");
}

DeclaredTransfer declared_transfer(Head& head) {
  DeclaredTransfer declared;
  const Field* field = head.field("transfer-encoding");
  if (field == nullptr) return declared;
  declared.seen = true;
  const std::string codings = head.joined("transfer-encoding");
  declared.chunked = ends_with_chunked(codings);
  // What is odd elsewhere in the head may be meant to hide this field, or to make it.
  declared.unsure = !head.oddities.empty();
  if (is_proper_transfer(codings)) return declared;
  declared.unsure = true;
  framing_tell(head, "http_odd_transfer_encoding", field->name,
               quoted(codings) + " is chunked, or not: here " + (declared.chunked ? "it is" : "it is not"));
  return declared;
}

// Of a message that has a body if its head declares one. Without: `otherwise`.
Framing declared_framing(Head& head, Framing::Kind otherwise) {
  const DeclaredLength length = declared_length(head);
  DeclaredTransfer transfer = declared_transfer(head);
  if (transfer.seen && length.seen) {
    const Field* field = head.field("content-length");
    framing_tell(head, "http_length_and_chunked", field->name,
                 "the body has " + quoted(field->value) + " bytes, or its transfer coding " +
                     quoted(head.joined("transfer-encoding")) + " says where it ends");
    transfer.unsure = true;
  }
  if (transfer.seen && begins(head.version, "1.0")) {
    framing_tell(head, "http_transfer_encoding_in_1_0", head.field("transfer-encoding")->name,
                 "HTTP/1.0 has no transfer codings: it counts, or not");
    transfer.unsure = true;
  }
  Framing framing;
  framing.kind = length.length ? Framing::Kind::length : otherwise;
  framing.length = length.length.value_or(0);
  framing.otherwise = framing.kind;
  framing.chunked_if_it_looks_so = transfer.seen && transfer.unsure;
  if (transfer.chunked && !transfer.unsure) framing.kind = Framing::Kind::chunked;
  return framing;
}

}  // namespace

Framing frame_request(Head& head) { return declared_framing(head, Framing::Kind::none); }

Framing frame_response(Head& head, std::string_view method) {
  if (head.version == "0.9" && head.status == 0) return {Framing::Kind::until_close};
  Framing framing = declared_framing(head, Framing::Kind::until_close);
  const bool tunnel = head.status == 101 || (method == "CONNECT" && head.status / 100 == 2);
  if (tunnel) return {};
  const bool bodiless =
      method == "HEAD" || head.status / 100 == 1 || head.status == 204 || head.status == 304;
  if (!bodiless) return framing;
  const bool declares = framing.kind == Framing::Kind::chunked || framing.chunked_if_it_looks_so ||
                        (framing.kind == Framing::Kind::length && framing.length != 0);
  if (!declares) return {};
  framing.none_if_a_message_follows = true;
  return framing;
}

LooksChunked looks_chunked(std::string_view text) {
  constexpr std::size_t line_max = 128;
  constexpr std::size_t digits_max = 16;
  const auto fits = [](char c) { return is_token(c) || is_space(c) || c == ';' || c == ',' || c == '"'; };
  std::size_t begin = 0;
  while (begin < text.size() && is_space(text[begin])) ++begin;
  const std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
  const bool complete = begin + line.size() < text.size();
  std::size_t digits = 0;
  while (digits < line.size() && ascii::hex_value(line[digits]) >= 0) ++digits;
  if (digits > digits_max || !std::all_of(line.begin(), line.end(), fits) || begin + line.size() > line_max) {
    return LooksChunked::no;
  }
  if (digits == 0 && !line.empty() && line.front() != '+') return LooksChunked::no;
  return complete ? LooksChunked::yes : LooksChunked::perhaps;
}

}  // namespace restitch::http1
