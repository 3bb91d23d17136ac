#include "app/http2_fields.h"

#include <algorithm>
#include <array>
#include <span>

#include "app/http1_text.h"

namespace restitch {
namespace {

using Odd = Http2Fields::Odd;
using Oddity = Http2Fields::Oddity;

constexpr std::array<std::string_view, 5> request_pseudo = {":method", ":scheme", ":authority", ":path",
                                                            ":protocol"};
constexpr std::array<std::string_view, 1> response_pseudo = {":status"};
constexpr std::array<std::string_view, 4> connection_fields = {"connection", "keep-alive", "proxy-connection",
                                                               "upgrade"};

bool upper_case_in(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool bad_value(std::string_view value) {
  return value.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos;
}

Odd odd_pseudo(const Http2Fields& head, Http2Fields::Kind kind) {
  std::span<const std::string_view> allowed;
  if (kind == Http2Fields::Kind::request) allowed = request_pseudo;
  if (kind == Http2Fields::Kind::response) allowed = response_pseudo;
  for (const auto& [name, value] : head.pseudo) {
    const bool known = std::find(allowed.begin(), allowed.end(), name) != allowed.end();
    const auto same_name = [&name = name](const auto& field) { return field.first == name; };
    const bool twice = std::count_if(head.pseudo.begin(), head.pseudo.end(), same_name) > 1;
    if (!known || twice || head.pseudo_behind) return {Oddity::bad_pseudo, http1::quoted(name)};
    // A path with a blank in it begins another request line where it is passed on.
    const bool line = name == ":method" || name == ":path" || name == ":scheme";
    if (bad_value(value) || (line && value.find(' ') != std::string_view::npos)) {
      return {Oddity::bad_pseudo, http1::quoted(name) + " " + http1::quoted(value)};
    }
  }
  if (kind == Http2Fields::Kind::response && head.pseudo.empty()) return {Oddity::bad_pseudo, "no :status"};
  if (kind != Http2Fields::Kind::request) return {};
  const std::string_view method = head.pseudo_field(":method");
  const bool tunnel = method == "CONNECT" && head.pseudo_field(":protocol").empty();
  if (method.empty()) return {Oddity::bad_pseudo, "no :method"};
  if (!tunnel && head.pseudo_field(":path").empty()) return {Oddity::bad_pseudo, "no :path"};
  return {};
}

Odd odd_field(std::string_view name, std::string_view value) {
  if (upper_case_in(name)) return {Oddity::upper_case, http1::quoted(name)};
  if (!http1::is_token(name) || bad_value(value)) {
    return {Oddity::bad_field, http1::quoted(name) + " " + http1::quoted(value)};
  }
  if (name == "transfer-encoding") return {Oddity::transfer_encoding, http1::quoted(value)};
  const bool of_connection =
      std::find(connection_fields.begin(), connection_fields.end(), name) != connection_fields.end();
  if (of_connection || (name == "te" && value != "trailers"))
    return {Oddity::connection_field, http1::quoted(name)};
  return {};
}

// Two fields that have to say the same.
Odd odd_pair(const Http2Fields& head) {
  const std::string* length = nullptr;
  const std::string_view authority = head.pseudo_field(":authority");
  for (const auto& [name, value] : head.fields) {
    if (name == "host" && !authority.empty() && value != authority) {
      return {Oddity::two_hosts, http1::quoted(authority) + " " + http1::quoted(value)};
    }
    if (name != "content-length") continue;
    if (length != nullptr && *length != value) {
      return {Oddity::two_lengths, http1::quoted(*length) + " " + http1::quoted(value)};
    }
    length = &value;
  }
  return {};
}

}  // namespace

void Http2Fields::add(std::string_view name, std::string_view value, std::size_t size_max) {
  const std::size_t cost = name.size() + value.size() + 32;
  if (too_long || cost > size_max || size > size_max - cost) {
    too_long = true;
    return;
  }
  size += cost;
  const bool is_pseudo = name.starts_with(':');
  if (is_pseudo && !fields.empty()) pseudo_behind = true;
  (is_pseudo ? pseudo : fields).emplace_back(std::string(name), std::string(value));
}

std::string_view Http2Fields::pseudo_field(std::string_view name) const {
  for (const auto& [pseudo_name, value] : pseudo) {
    if (pseudo_name == name) return value;
  }
  return {};
}

Http2Fields::Odd Http2Fields::oddity(Kind kind) const {
  for (const auto& [name, value] : fields) {
    Odd odd = odd_field(name, value);
    if (odd.what != Oddity::none) return odd;
  }
  Odd odd = odd_pair(*this);
  if (odd.what != Oddity::none) return odd;
  return odd_pseudo(*this, kind);
}

}  // namespace restitch
