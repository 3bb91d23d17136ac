// Looks for the next start line behind a gap. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace restitch::http1 {

struct Search {
  bool found = false;
  std::size_t at = 0;    // where the start line begins, or, if it is not found, may begin
  std::size_t seen = 0;  // behind `at`: up to there, nothing is to be looked at again
};

// `seen`: of the call before, counted from the beginning of `text`.
Search find_request(std::string_view text, std::size_t seen);
Search find_response(std::string_view text);

// Whether text of that many bytes, or more behind it, can begin a response: "HTTP/" or "ICY " in any case.
bool may_begin_response(std::string_view text);

}  // namespace restitch::http1
