// DirectionSearch: looks for patterns in bytes that follow each other: of one direction of a connection, or
// of an object. What lies between two gaps is searched as a text of its own. It owns the state of the
// automaton, which is made with the first byte. One thread: that of its Searcher, which outlives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "restitch/app/search.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {

class SearchFound;

class DirectionSearch {
 public:
  DirectionSearch();
  DirectionSearch(DirectionSearch&& other) noexcept;
  DirectionSearch& operator=(DirectionSearch&& other) noexcept;
  ~DirectionSearch();

  // The next bytes. `origin` is that of the first of them (or of all, if origin.size is not 0).
  void data(Searcher& searcher, Bytes bytes, const Origin& origin, ExcerptSink& sink);
  void gap(Searcher& searcher, std::uint64_t size, ExcerptSink& sink);
  // Nothing more comes. May be called again.
  void finish(Searcher& searcher, ExcerptSink& sink);
  // For SearchRules::at_once: what is known is told.
  void tell(Searcher& searcher, ExcerptSink& sink);
  [[nodiscard]] std::uint64_t matches() const { return matches_; }

 private:
  struct Scan;
  static bool on_match(void* scan, unsigned pattern, std::uint64_t from, std::uint64_t to);

  void add_hits(Scan& scan);
  void add(Scan& scan, unsigned pattern, std::uint64_t from, std::uint64_t to);
  void remember(const SearchRules& rules, Bytes bytes);
  void end_text(Searcher& searcher, ExcerptSink& sink);

  void* state_ = nullptr;       // of the automaton: SearchScratch's
  std::uint64_t begin_ = 0;     // of the text that is searched
  std::uint64_t position_ = 0;  // behind the last byte
  std::uint64_t matches_ = 0;
  Origin last_;                         // of the bytes that came last
  std::vector<std::uint8_t> tail_;      // the last bytes, if rules().remembered()
  std::unique_ptr<SearchFound> found_;  // since the first match
  bool stopped_ = false;
};

}  // namespace restitch
