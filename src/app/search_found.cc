#include "app/search_found.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "app/ascii.h"

namespace restitch {

// ---- SearchView ------------------------------------------------------------------------------------

std::uint64_t SearchView::find_newline(std::uint64_t from, std::uint64_t to) const {
  for (const auto& [bytes, start] : {std::pair(tail_, begin()), std::pair(bytes_, offset_)}) {
    const std::uint64_t first = std::max(from, start);
    const std::uint64_t last = std::min(to, start + bytes.size());
    if (first >= last) continue;
    const std::string_view text = ascii::text_of(bytes).substr(0, static_cast<std::size_t>(last - start));
    const std::size_t found = text.find('\n', static_cast<std::size_t>(first - start));
    if (found != std::string_view::npos) return start + found;
  }
  return to;
}

std::uint64_t SearchView::line_start(std::uint64_t at, unsigned more, std::uint64_t least) const {
  least = std::max(least, begin());
  while (at > least) {
    if (this->at(at - 1) == '\n' && more-- == 0) break;
    --at;
  }
  return at;
}

void SearchView::append(std::string& out, std::uint64_t from, std::uint64_t to) const {
  from = std::max(from, begin());
  to = std::min(to, end());
  const auto add = [&](Bytes bytes, std::uint64_t start) {
    const std::uint64_t first = std::max(from, start);
    const std::uint64_t last = std::min(to, start + bytes.size());
    if (first < last) {
      out.append(reinterpret_cast<const char*>(bytes.data()) + (first - start),
                 static_cast<std::size_t>(last - first));
    }
  };
  add(tail_, begin());
  add(bytes_, offset_);
}

// ---- SearchFound: which places are matches ---------------------------------------------------------

SearchFound::Recent* SearchFound::find(std::uint32_t pattern) {
  const auto found =
      std::find_if(recent_.begin(), recent_.end(), [&](const Recent& one) { return one.pattern == pattern; });
  return found == recent_.end() ? nullptr : &*found;
}

SearchFound::Place SearchFound::place(const SearchView& view, const SearchMatch& match) {
  Recent* const recent = find(match.pattern);
  if (recent == nullptr || match.offset >= recent->to) return Place::fresh;
  const std::uint64_t to = match.offset + match.size;
  const bool earlier = match.offset < recent->from && to >= recent->to;
  const bool longer = match.offset == recent->from && to > recent->to && may_grow(*recent, view, to);
  if (earlier || longer) grow(*recent, view, match);
  return Place::known;
}

// A match goes on byte by byte, or to the end of its line.
bool SearchFound::may_grow(const Recent& recent, const SearchView& view, std::uint64_t to) {
  if (to == recent.to + 1) return true;
  return !recent.line_over && to - recent.to <= SearchRules::after_max &&
         view.find_newline(recent.to, to) == to;
}

void SearchFound::grow(Recent& recent, const SearchView& view, const SearchMatch& match) {
  recent.from = match.offset;
  recent.to = match.offset + match.size;
  recent.line_over = false;
  if (recent.span == no_span) return;
  excerpt_.matches[recent.span] = match;
  const std::uint64_t first = std::max({match.offset, view.begin(), told_});
  if (first < excerpt_.offset) {
    std::string before;
    view.append(before, first, excerpt_.offset);
    excerpt_.text.insert(0, before);
    excerpt_.offset -= before.size();
  }
  restart(recent.to);
}

void SearchFound::add(const Searcher& searcher, const SearchView& view, const SearchMatch& match,
                      ExcerptSink& sink) {
  const bool full = excerpt_.matches.size() >= SearchRules::matches_in_excerpt_max ||
                    excerpt_.text.size() >= SearchRules::excerpt_max / 2;
  if (open_ && full) split(searcher, sink);
  // It waited for a match in it to go on.
  if (open_ && match.offset >= shown_end(searcher.rules())) tell(searcher, sink);
  Recent* recent = find(match.pattern);
  if (recent == nullptr) {
    if (recent_.size() < recent_max) {
      recent = &recent_.emplace_back();
    } else {
      recent = &*std::min_element(recent_.begin(), recent_.end(),
                                  [](const Recent& one, const Recent& other) { return one.to < other.to; });
    }
  }
  *recent = {match.pattern, match.offset, match.offset + match.size, no_span, false};
  const SearchRules& rules = searcher.rules();
  if (!rules.excerpts) return;
  if (!open_) begin(rules, view, match);
  recent->span = excerpt_.matches.size();
  excerpt_.matches.push_back(match);
  grows_ = grows_ || !searcher.patterns().patterns()[match.pattern].fixed();
  restart(recent->to);
}

// Notes which lines ended, while their bytes are at hand, and forgets what no match can overlap any more.
void SearchFound::note_lines(const Searcher& searcher, const SearchView& view) {
  const auto patterns = searcher.patterns().patterns();
  std::erase_if(recent_, [&](Recent& one) {
    if (!one.line_over && one.to + SearchRules::after_max >= view.offset()) {
      one.line_over = view.find_newline(one.to, view.end()) != view.end();
    }
    const std::uint64_t size_max = patterns[one.pattern].size_max;
    return one.span == no_span && size_max < view.end() && one.to < view.end() - size_max;
  });
}

// ---- SearchFound: the excerpt ----------------------------------------------------------------------

void SearchFound::begin(const SearchRules& rules, const SearchView& view, const SearchMatch& match) {
  const ExcerptShape& shape = rules.shape;
  std::uint64_t first = match.offset;
  if (shape.whole_lines) {
    const std::uint64_t back = SearchRules::before_max * (1 + std::uint64_t{shape.lines_before});
    first = view.line_start(first, shape.lines_before, first - std::min(first, back));
  }
  first -= std::min<std::uint64_t>(first, shape.bytes_before);
  first = std::max({first, view.begin(), std::min(told_, match.offset)});
  excerpt_ = {};
  excerpt_.offset = std::min(first, match.offset + match.size);
  view.append(excerpt_.text, excerpt_.offset, match.offset + match.size);
  open_ = true;
  grows_ = false;
  last_ = 0;
}

// The excerpt is told, but for matches that may still grow: with them another one begins.
void SearchFound::split(const Searcher& searcher, ExcerptSink& sink) {
  SearchExcerpt next;
  next.offset = text_end();
  for (Recent& one : recent_) {
    const bool grows = one.span != no_span && !one.line_over &&
                       text_end() - one.from < SearchRules::carried_max &&
                       !searcher.patterns().patterns()[one.pattern].fixed();
    if (!grows) {
      one.span = no_span;
      continue;
    }
    next.offset = std::max(std::min(next.offset, one.from), excerpt_.offset);
    next.matches.push_back(excerpt_.matches[one.span]);
    excerpt_.matches[one.span].size = 0;
    one.span = next.matches.size() - 1;
  }
  next.text = excerpt_.text.substr(static_cast<std::size_t>(next.offset - excerpt_.offset));
  std::erase_if(excerpt_.matches, [](const SearchMatch& match) { return match.size == 0; });
  std::vector<Recent> recent = recent_;
  tell(searcher, sink);
  if (next.matches.empty()) return;
  recent_ = std::move(recent);
  excerpt_ = std::move(next);
  open_ = grows_ = true;
}

// What is behind the last match is looked at anew.
void SearchFound::restart(std::uint64_t to) {
  if (to <= last_) return;
  last_ = to;
  looked_ = to - 1;  // a match may end with that of its line
  lines_ = 0;
  line_end_ = lines_end_ = 0;
}

void SearchFound::search_lines(const SearchRules& rules, const SearchView& view, std::uint64_t to) {
  const unsigned wanted = 1 + (rules.shape.whole_lines ? rules.shape.lines_after : 0);
  while (lines_ < wanted && looked_ < to) {
    const std::uint64_t found = view.find_newline(looked_, to);
    looked_ = std::min(found + 1, to);
    if (found == to) break;
    ++lines_;
    if (lines_ == 1) line_end_ = found + 1;
    if (lines_ == wanted) lines_end_ = found + 1;
  }
}

std::uint64_t SearchFound::shown_end(const SearchRules& rules) const {
  const ExcerptShape& shape = rules.shape;
  if (!shape.whole_lines) return last_ + shape.bytes_after;
  const std::uint64_t most = last_ + SearchRules::after_max * (1 + std::uint64_t{shape.lines_after});
  return (lines_end_ != 0 ? std::min(lines_end_, most) : most) + shape.bytes_after;
}

// Where nothing that belongs to the excerpt can come any more.
std::uint64_t SearchFound::end(const SearchRules& rules) const {
  if (!grows_) return shown_end(rules);
  const std::uint64_t most = last_ + SearchRules::after_max;
  return std::max({shown_end(rules), last_ + 1, line_end_ != 0 ? std::min(line_end_, most) : most});
}

void SearchFound::look_on(const Searcher& searcher, const SearchView& view, ExcerptSink& sink) {
  note_lines(searcher, view);
  if (!open_) return;
  search_lines(searcher.rules(), view, view.end());
  view.append(excerpt_.text, text_end(), view.end());
  if (end(searcher.rules()) <= view.end()) tell(searcher, sink);
}

void SearchFound::look_on(const Searcher& searcher, const SearchView& view, std::uint64_t to,
                          ExcerptSink& sink) {
  if (!open_) return;
  const SearchRules& rules = searcher.rules();
  search_lines(rules, view, to);
  if (text_end() < to) view.append(excerpt_.text, text_end(), to);
  if (excerpt_.text.size() >= SearchRules::excerpt_max || end(rules) < to) tell(searcher, sink);
}

void SearchFound::tell(const Searcher& searcher, ExcerptSink& sink) {
  if (!open_) return;
  const std::uint64_t last = shown_end(searcher.rules());
  if (last < text_end()) excerpt_.text.resize(static_cast<std::size_t>(last - excerpt_.offset));
  told_ = text_end();
  open_ = false;
  for (Recent& one : recent_) one.span = no_span;
  // The engine tells matches that end at one place in any order.
  std::sort(excerpt_.matches.begin(), excerpt_.matches.end(),
            [](const SearchMatch& one, const SearchMatch& other) {
              return std::tie(one.offset, one.size, one.pattern) <
                     std::tie(other.offset, other.size, other.pattern);
            });
  sink.take(std::move(excerpt_));
}

}  // namespace restitch
