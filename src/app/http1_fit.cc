// Whether what both sides say first is HTTP/1.
#include <algorithm>

#include "app/http1_analyzer.h"
#include "app/http1_search.h"
#include "app/http1_text.h"

namespace restitch {
namespace {

constexpr std::size_t fit_line_max = 2048;

constexpr std::string_view fit_methods[] = {
    "GET",   "POST",     "HEAD",     "PUT",       "DELETE",      "OPTIONS",     "CONNECT",
    "TRACE", "PATCH",    "PROPFIND", "PROPPATCH", "MKCOL",       "COPY",        "MOVE",
    "LOCK",  "UNLOCK",   "REPORT",   "SEARCH",    "NOTIFY",      "SUBSCRIBE",   "MERGE",
    "PURGE", "CCM_POST", "M-SEARCH", "CHECKOUT",  "RPC_IN_DATA", "RPC_OUT_DATA"};

// Whether it begins with such a method and anything behind it but a letter, or is the beginning of one.
Fit fit_method(std::string_view text) {
  for (const std::string_view method : fit_methods) {
    const std::string_view begin = text.substr(0, method.size());
    if (begin != method.substr(0, begin.size())) continue;
    if (text.size() <= method.size()) return Fit::perhaps;
    if (!http1::is_token(text[method.size()])) return Fit::yes;
  }
  return Fit::no;
}

// "HTTP/1.1" or "HTTP/1." at the end of a line.
bool fit_version(std::string_view line) {
  const std::size_t at = line.rfind("HTTP/");
  if (at == std::string_view::npos || at == 0 || at + 5 == line.size()) return false;
  return std::all_of(line.begin() + static_cast<std::ptrdiff_t>(at) + 5, line.end(),
                     [](char c) { return http1::is_digit(c) || c == '.'; });
}

// "HTTP/1.1 2", in any case of letters.
Fit fit_response(std::string_view text) {
  constexpr std::size_t size = std::string_view("HTTP/1.1 2").size();
  if (!http1::may_begin_response(text) || text.empty()) return Fit::no;
  if (text.size() < size) return Fit::perhaps;
  return ascii::lower(text[0]) == 'h' && http1::is_digit(text[5]) && http1::is_digit(text[size - 1])
             ? Fit::yes
             : Fit::no;
}

// A line without a version: of HTTP/0.9, or of something else, as the other side will tell.
Fit fit_unversioned(std::string_view line, bool known) {
  if (!known) return Fit::no;
  const std::size_t space = line.find(' ');
  return space != std::string_view::npos && line.substr(space + 1, 1) == "/" ? Fit::yes : Fit::perhaps;
}

Fit fit_request(std::string_view text) {
  while (!text.empty() && (text.front() == '\r' || text.front() == '\n' || text.front() == ' ')) {
    text.remove_prefix(1);
  }
  if (text.empty()) return Fit::perhaps;
  const Fit method = fit_method(text);
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    if (method == Fit::yes && text.size() > fit_line_max) return Fit::yes;
    const std::size_t space = std::min(text.find(' '), text.size());
    const bool word = space <= 32 && http1::is_token(text.substr(0, space));
    return method != Fit::no || (word && text.size() <= fit_line_max) ? Fit::perhaps : Fit::no;
  }
  const std::string_view line = http1::trimmed(text.substr(0, end));
  if (ascii::begins(line, "pri * http/2")) return Fit::no;
  return fit_version(line) ? Fit::yes : fit_unversioned(line, method == Fit::yes);
}

}  // namespace

Fit fit_http1(Bytes client, Bytes server) {
  const std::string_view said = ascii::text_of(client);
  const std::string_view answered = ascii::text_of(server);
  const Fit response = fit_response(answered);
  if (said.empty()) return response;
  const Fit request = fit_request(said);
  if (request == Fit::no || answered.empty() || request == Fit::yes) return request;
  // The answer tells what was asked.
  return response;
}

}  // namespace restitch
