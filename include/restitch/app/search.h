// SearchPatterns: regular expressions, or plain texts, compiled into one automaton that reads a stream byte
// by byte and keeps some tens of bytes between two packets. Compiled once; then constant, and any thread may
// read it. Searcher is what a pool needs to search with it: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "restitch/app/search_excerpt.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {

class SearchEngine;
class SearchScratch;

struct SearchOptions {
  bool ignore_case = false;  // of ASCII letters
  bool literal = false;      // the patterns are texts, not expressions
  bool words = false;        // what matches begins and ends like a word
  // Only whether there is a match counts: where it begins, and what else matches, is not asked.
  bool first_only = false;
};

class SearchPatterns {
 public:
  // One expression, in the syntax of PCRE, for each pattern: `.` is any byte but '\n', `^` and `$` stand at
  // lines too. What the automaton cannot do (back-references, looking around, what matches nothing at all) is
  // an Error that names the pattern.
  static Result<std::unique_ptr<SearchPatterns>> compile(std::vector<std::string> patterns,
                                                         const SearchOptions& options);

  // Whether this build can search, and what with: "hyperscan version 5.4.0"; empty: it cannot.
  static std::string engine_version();

  SearchPatterns(const SearchPatterns&) = delete;
  SearchPatterns& operator=(const SearchPatterns&) = delete;
  ~SearchPatterns();

  // What is known of a pattern.
  struct Pattern {
    std::string text;
    std::uint64_t size_min = 0;
    std::uint64_t size_max = 0;  // unbounded: no match is so long
    // Where a match begins is known. Else (the automaton would be too large) it is taken for size_min before
    // its end.
    bool start_known = true;

    [[nodiscard]] bool fixed() const { return size_min == size_max; }
  };
  static constexpr std::uint64_t unbounded = ~std::uint64_t{0};

  [[nodiscard]] std::span<const Pattern> patterns() const { return patterns_; }
  [[nodiscard]] bool first_only() const { return first_only_; }
  // What the automaton keeps of a direction between two packets, in bytes; and its own size.
  [[nodiscard]] std::size_t state_size() const;

  [[nodiscard]] const SearchEngine& engine() const { return *engine_; }

 private:
  SearchPatterns();

  std::vector<Pattern> patterns_;
  bool first_only_ = false;
  std::unique_ptr<SearchEngine> engine_;
};

// How much around a match is wanted.
struct ExcerptShape {
  bool whole_lines = true;    // the lines in which it lies, else its bytes alone
  unsigned lines_before = 0;  // and so many more lines
  unsigned lines_after = 0;
  std::size_t bytes_before = 0;  // and so many more bytes
  std::size_t bytes_after = 0;
};

// What is asked of a search besides the patterns. A value.
struct SearchRules {
  bool excerpts = true;  // else matches are counted, and not told
  ExcerptShape shape;
  std::uint64_t matches_max = 0;  // of a direction; 0: all
  // What is known is told at the end of each packet: for a capture that has no end.
  bool at_once = false;

  // So many bytes of a line are looked back for, and waited for.
  static constexpr std::size_t before_max = 256;
  static constexpr std::size_t after_max = 512;
  static constexpr std::size_t excerpt_max = std::size_t{64} << 10;
  static constexpr std::size_t matches_in_excerpt_max = 1024;
  // A match of so many bytes is whole, whatever else lies close to it; in excerpt_max nothing else may.
  static constexpr std::size_t carried_max = excerpt_max / 4;

  // So many bytes before the current ones are remembered.
  [[nodiscard]] std::size_t remembered() const;
};

class Searcher {
 public:
  // Both outlive it.
  Searcher(const SearchPatterns& patterns, const SearchRules& rules);
  Searcher(const Searcher&) = delete;
  Searcher& operator=(const Searcher&) = delete;
  ~Searcher();

  [[nodiscard]] const SearchPatterns& patterns() const { return patterns_; }
  [[nodiscard]] const SearchRules& rules() const { return rules_; }
  [[nodiscard]] SearchScratch& scratch() { return *scratch_; }

 private:
  const SearchPatterns& patterns_;
  const SearchRules& rules_;
  std::unique_ptr<SearchScratch> scratch_;
};

}  // namespace restitch
