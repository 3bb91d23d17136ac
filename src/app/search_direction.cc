#include "restitch/app/search_direction.h"

#include <algorithm>
#include <utility>

#include "app/search_engine.h"
#include "app/search_found.h"

namespace restitch {
namespace {

// Of the byte at `at` of bytes with this origin.
Origin search_origin(const Origin& first, std::uint64_t at) {
  Origin origin = first;
  if (origin.size == 0) origin.offset += at;
  return origin;
}

}  // namespace

std::string_view SearchExcerpt::text_of(const SearchMatch& match) const {
  const std::uint64_t last = offset + text.size();
  const std::uint64_t from = std::clamp(match.offset, offset, last);
  const std::uint64_t to = std::clamp(match.offset + match.size, from, last);
  return std::string_view(text).substr(static_cast<std::size_t>(from - offset),
                                       static_cast<std::size_t>(to - from));
}

// What a call of the engine is about.
struct DirectionSearch::Scan {
  DirectionSearch& search;
  Searcher& searcher;
  SearchView view;
  Origin origin;
  ExcerptSink& sink;

  [[nodiscard]] std::vector<SearchHit>& hits() { return searcher.scratch().hits(); }
};

DirectionSearch::DirectionSearch() = default;

DirectionSearch::DirectionSearch(DirectionSearch&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)),
      begin_(other.begin_),
      position_(other.position_),
      matches_(other.matches_),
      last_(other.last_),
      tail_(std::move(other.tail_)),
      found_(std::move(other.found_)),
      stopped_(other.stopped_) {}

DirectionSearch& DirectionSearch::operator=(DirectionSearch&& other) noexcept {
  std::swap(state_, other.state_);
  begin_ = other.begin_;
  position_ = other.position_;
  matches_ = other.matches_;
  last_ = other.last_;
  std::swap(tail_, other.tail_);
  std::swap(found_, other.found_);
  stopped_ = other.stopped_;
  return *this;
}

DirectionSearch::~DirectionSearch() { SearchScratch::forget(state_); }

void DirectionSearch::data(Searcher& searcher, Bytes bytes, const Origin& origin, ExcerptSink& sink) {
  if (bytes.empty()) return;
  Scan scan{*this, searcher, SearchView(tail_, bytes, position_), origin, sink};
  if (!stopped_) searcher.scratch().scan(state_, bytes, on_match, &scan);
  add_hits(scan);
  if (stopped_) SearchScratch::forget(state_);
  if (found_ != nullptr) found_->look_on(searcher, scan.view, sink);
  last_ = search_origin(origin, bytes.size() - 1);
  position_ += bytes.size();
  if (!stopped_ || (found_ != nullptr && found_->open())) remember(searcher.rules(), bytes);
}

void DirectionSearch::gap(Searcher& searcher, std::uint64_t size, ExcerptSink& sink) {
  end_text(searcher, sink);
  position_ += size;
  begin_ = position_;
}

void DirectionSearch::finish(Searcher& searcher, ExcerptSink& sink) {
  end_text(searcher, sink);
  begin_ = position_;
}

void DirectionSearch::tell(Searcher& searcher, ExcerptSink& sink) {
  if (found_ != nullptr) found_->tell(searcher, sink);
}

// Matches that stand at the end are told, then what is open.
void DirectionSearch::end_text(Searcher& searcher, ExcerptSink& sink) {
  Scan scan{*this, searcher, SearchView(tail_, {}, position_), last_, sink};
  if (!stopped_) searcher.scratch().finish(state_, on_match, &scan);
  add_hits(scan);
  SearchScratch::forget(state_);
  tell(searcher, sink);
  found_.reset();
  tail_.clear();
}

bool DirectionSearch::on_match(void* scan, unsigned pattern, std::uint64_t from, std::uint64_t to) {
  constexpr std::size_t hits_max = 65'536;
  Scan& call = *static_cast<Scan*>(scan);
  if (call.searcher.patterns().first_only()) {
    call.search.matches_ = 1;
    call.search.stopped_ = true;
    return false;
  }
  call.hits().push_back({to, from, pattern});
  if (call.hits().size() == hits_max) call.search.add_hits(call);
  return !call.search.stopped_;
}

// The engine says in any order what it finds in the bytes of one call. What comes of it must not depend on
// how the bytes were cut.
void DirectionSearch::add_hits(Scan& scan) {
  std::vector<SearchHit>& hits = scan.hits();
  std::sort(hits.begin(), hits.end());
  for (const SearchHit& hit : hits) add(scan, hit.pattern, hit.from, hit.to);
  hits.clear();
}

void DirectionSearch::add(Scan& scan, unsigned pattern, std::uint64_t from, std::uint64_t to) {
  if (stopped_) return;
  const SearchPatterns& patterns = scan.searcher.patterns();
  const SearchPatterns::Pattern& known = patterns.patterns()[pattern];
  if (known.fixed() || !known.start_known) from = to - std::min(to, known.size_min);
  const std::uint64_t last = begin_ + to;
  const bool now = last > scan.view.offset();
  const SearchMatch match{.pattern = pattern,
                          .offset = begin_ + from,
                          .size = to - from,
                          .origin = now ? search_origin(scan.origin, last - 1 - scan.view.offset()) : last_};
  if (found_ == nullptr) found_ = std::make_unique<SearchFound>();
  found_->look_on(scan.searcher, scan.view, std::min(last, scan.view.end()), scan.sink);
  if (found_->place(scan.view, match) == SearchFound::Place::known) return;
  const std::uint64_t most = scan.searcher.rules().matches_max;
  if (most != 0 && matches_ >= most) {
    stopped_ = true;
    return;
  }
  ++matches_;
  found_->add(scan.searcher, scan.view, match, scan.sink);
}

void DirectionSearch::remember(const SearchRules& rules, Bytes bytes) {
  const std::size_t most = rules.remembered();
  if (most == 0) return;
  if (bytes.size() >= most) {
    tail_.assign(bytes.end() - static_cast<std::ptrdiff_t>(most), bytes.end());
    return;
  }
  const std::size_t kept = std::min(tail_.size(), most - bytes.size());
  tail_.erase(tail_.begin(), tail_.end() - static_cast<std::ptrdiff_t>(kept));
  tail_.insert(tail_.end(), bytes.begin(), bytes.end());
}

}  // namespace restitch
