// SearchFound: what was found in one text so far: which places are matches of their own, and the excerpt that
// is being put together around the last ones. What comes of it depends on the bytes alone, not on how they
// were cut into packets. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "restitch/app/search.h"
#include "restitch/packet.h"

namespace restitch {

// The bytes at hand: those that came last, behind the last ones of those before.
class SearchView {
 public:
  SearchView(Bytes tail, Bytes bytes, std::uint64_t offset) : tail_(tail), bytes_(bytes), offset_(offset) {}

  [[nodiscard]] std::uint64_t begin() const { return offset_ - tail_.size(); }
  // Where the bytes that came last begin.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] std::uint64_t end() const { return offset_ + bytes_.size(); }

  // The first '\n' from `from` on and before `to`, of the bytes at hand; none: `to`.
  [[nodiscard]] std::uint64_t find_newline(std::uint64_t from, std::uint64_t to) const;
  // Where the line begins in which the byte before `at` would be, after `more` lines before it, not before
  // `least`.
  [[nodiscard]] std::uint64_t line_start(std::uint64_t at, unsigned more, std::uint64_t least) const;
  // Appends the bytes from `from` to `to`, those of them that are at hand.
  void append(std::string& out, std::uint64_t from, std::uint64_t to) const;

 private:
  [[nodiscard]] std::uint8_t at(std::uint64_t offset) const {
    return offset < offset_ ? tail_[static_cast<std::size_t>(offset - begin())]
                            : bytes_[static_cast<std::size_t>(offset - offset_)];
  }

  Bytes tail_;
  Bytes bytes_;
  std::uint64_t offset_;
};

class SearchFound {
 public:
  enum class Place : std::uint8_t {
    known,  // a part of what was found before, or overlaps it
    fresh,  // a match of its own
  };

  // Which it is, if the engine says that `pattern` matches from `from` to `to`; a match that was found grows
  // by it where it may. Bytes behind `to` are not looked at.
  Place place(const SearchView& view, const SearchMatch& match);
  // Takes a fresh match.
  void add(const Searcher& searcher, const SearchView& view, const SearchMatch& match, ExcerptSink& sink);

  // All bytes at hand are looked at: the excerpt is told as soon as it is complete.
  void look_on(const Searcher& searcher, const SearchView& view, ExcerptSink& sink);
  // The same up to `to`, before a match that ends there.
  void look_on(const Searcher& searcher, const SearchView& view, std::uint64_t to, ExcerptSink& sink);
  // Nothing more comes, or is waited for.
  void tell(const Searcher& searcher, ExcerptSink& sink);

  [[nodiscard]] bool open() const { return open_; }

 private:
  static constexpr std::size_t no_span = std::numeric_limits<std::size_t>::max();
  // So many patterns are remembered with their last match.
  static constexpr std::size_t recent_max = 64;

  struct Recent {
    std::uint32_t pattern = 0;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::size_t span = no_span;  // of the open excerpt's matches
    bool line_over = false;      // a line ended behind it, in bytes that are no more at hand
  };

  Recent* find(std::uint32_t pattern);
  [[nodiscard]] static bool may_grow(const Recent& recent, const SearchView& view, std::uint64_t to);
  void grow(Recent& recent, const SearchView& view, const SearchMatch& match);
  void note_lines(const Searcher& searcher, const SearchView& view);
  void begin(const SearchRules& rules, const SearchView& view, const SearchMatch& match);
  void split(const Searcher& searcher, ExcerptSink& sink);
  void restart(std::uint64_t to);
  void search_lines(const SearchRules& rules, const SearchView& view, std::uint64_t to);
  [[nodiscard]] std::uint64_t shown_end(const SearchRules& rules) const;
  [[nodiscard]] std::uint64_t end(const SearchRules& rules) const;
  [[nodiscard]] std::uint64_t text_end() const { return excerpt_.offset + excerpt_.text.size(); }

  std::vector<Recent> recent_;
  SearchExcerpt excerpt_;
  bool open_ = false;
  bool grows_ = false;           // a match in it has no fixed size
  std::uint64_t told_ = 0;       // where the excerpt before ended
  std::uint64_t last_ = 0;       // where its last match ends
  std::uint64_t looked_ = 0;     // so far lines behind it were looked for
  unsigned lines_ = 0;           // so many were found
  std::uint64_t line_end_ = 0;   // the end of the first of them; 0: not found
  std::uint64_t lines_end_ = 0;  // of all that are wanted
};

}  // namespace restitch
