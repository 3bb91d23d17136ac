#include "app/http1_search.h"

#include <algorithm>

#include "app/http1_text.h"

namespace restitch::http1 {
namespace {

constexpr std::string_view version_text = "HTTP/1.";
constexpr std::size_t target_max = 8192;

// Whether the version at `at` ends a line: "HTTP/1.1\r\n". Requires: `at` + 9 <= text.size().
bool ends_line(std::string_view text, std::size_t at) {
  const char behind = text[at + version_text.size() + 1];
  return is_digit(text[at + version_text.size()]) && (behind == '\r' || behind == '\n');
}

// "METHOD target " ends at `end`: where it begins, or npos.
std::size_t request_begin(std::string_view text, std::size_t end) {
  constexpr std::size_t method_max = 20;
  if (end == 0 || text[end - 1] != ' ') return std::string_view::npos;
  std::size_t target = end - 1;
  while (target > 0 && end - target<target_max&& static_cast<unsigned char>(text[target - 1])> ' ') --target;
  if (target == 0 || text[target - 1] != ' ' || target == end - 1) return std::string_view::npos;
  const std::size_t space = target - 1;
  std::size_t method = space;
  while (method > 0 && space - method < method_max && text[method - 1] >= 'A' && text[method - 1] <= 'Z')
    --method;
  return method == space ? std::string_view::npos : method;
}

}  // namespace

Search find_request(std::string_view text, std::size_t seen) {
  constexpr std::size_t needed = version_text.size() + 2;
  std::size_t from = std::min(seen, text.size());
  for (;;) {
    const std::size_t at = text.find(version_text, from);
    if (at == std::string_view::npos || at + needed > text.size()) break;
    const std::size_t begin = ends_line(text, at) ? request_begin(text, at) : std::string_view::npos;
    if (begin != std::string_view::npos) return {true, begin, 0};
    from = at + version_text.size();
  }
  // A line that is not complete may hold the beginning.
  const std::size_t line = text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1;
  const std::size_t kept = std::max(line, text.size() - std::min(text.size(), target_max));
  const std::size_t done = text.size() - std::min(text.size(), needed);
  return {false, kept, std::max(done, kept) - kept};
}

Search find_response(std::string_view text) {
  constexpr std::size_t needed = std::string_view("HTTP/1.1 200").size();
  for (std::size_t at = text.find(version_text); at != std::string_view::npos;
       at = text.find(version_text, at + 1)) {
    if (at + needed > text.size()) return {false, at, 0};
    const std::string_view line = text.substr(at + version_text.size(), needed - version_text.size());
    if (is_digit(line[0]) && line[1] == ' ' && std::all_of(line.begin() + 2, line.end(), is_digit)) {
      return {true, at, 0};
    }
  }
  return {false, text.size() - std::min(text.size(), needed - 1), 0};
}

bool may_begin_response(std::string_view text) {
  constexpr std::string_view http = "http/";
  constexpr std::string_view icy = "icy ";
  return equal(text.substr(0, http.size()), http.substr(0, text.size())) ||
         equal(text.substr(0, icy.size()), icy.substr(0, text.size()));
}

}  // namespace restitch::http1
