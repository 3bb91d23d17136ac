#include "cli/metrics_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace restitch::cli {
namespace {

// Takes a line off the front, without its end; nothing if none is whole.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// "GET /metrics HTTP/1.1"
RequestVerdict judge_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t second = line.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return RequestVerdict::bad;
  if (!line.substr(second + 1).starts_with("HTTP/1.")) return RequestVerdict::bad;
  if (line.substr(0, first) != "GET") return RequestVerdict::not_get;
  const std::string_view target = line.substr(first + 1, second - first - 1);
  return target.substr(0, target.find('?')) == "/metrics" ? RequestVerdict::good : RequestVerdict::not_found;
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

bool announces_body(std::string_view header) {
  const std::string_view name = header.substr(0, header.find(':'));
  if (same_name(name, "transfer-encoding")) return true;
  return same_name(name, "content-length") && header.find_first_not_of(" 0", name.size() + 1) != header.npos;
}

std::string_view status_of(RequestVerdict verdict) {
  switch (verdict) {
    case RequestVerdict::good:
      return "200 OK";
    case RequestVerdict::not_found:
      return "404 Not Found";
    case RequestVerdict::not_get:
      return "405 Method Not Allowed\r\nAllow: GET";
    case RequestVerdict::too_large:
      return "431 Request Header Fields Too Large";
    case RequestVerdict::bad:
    case RequestVerdict::incomplete:
      break;
  }
  return "400 Bad Request";
}

}  // namespace

RequestVerdict judge_request(std::string_view begin) {
  const RequestVerdict unfinished =
      begin.size() < request_size_max ? RequestVerdict::incomplete : RequestVerdict::too_large;
  auto line = take_line(begin);
  if (!line) return unfinished;
  const RequestVerdict verdict = judge_line(*line);
  if (verdict != RequestVerdict::good) return verdict;
  while ((line = take_line(begin))) {
    if (line->empty()) return RequestVerdict::good;
    if (announces_body(*line)) return RequestVerdict::bad;
  }
  return unfinished;
}

std::string response_head(RequestVerdict verdict, std::size_t body_size) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n",
      status_of(verdict), body_size);
}

}  // namespace restitch::cli
