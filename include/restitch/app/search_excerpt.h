// SearchExcerpt: matches that lie close to each other, with the bytes around them. Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/app/origin.h"

namespace RESTITCH_API restitch {

struct SearchMatch {
  std::uint32_t pattern = 0;  // which of SearchPatterns
  std::uint64_t offset = 0;   // in what was searched, gaps counted
  std::uint64_t size = 0;
  Origin origin;  // of its last byte
};

struct SearchExcerpt {
  std::uint64_t offset = 0;          // of the first byte of the text, as that of a match
  std::string text;                  // bytes as they came; a match may begin before it, or end behind it
  std::vector<SearchMatch> matches;  // by offset

  // The part of a match that is there.
  [[nodiscard]] std::string_view text_of(const SearchMatch& match) const;
};

// Where excerpts go.
class ExcerptSink {
 public:
  virtual ~ExcerptSink() = default;
  virtual void take(SearchExcerpt&& excerpt) = 0;
};

}  // namespace restitch
