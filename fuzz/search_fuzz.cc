// Any bytes as a pattern, and as a text that it is looked for in, with gaps. What compile() lets through
// finds the same however the text is cut into packets, and tells nothing that is not in it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/app/search_direction.h"

namespace {

using namespace restitch;

void require(bool condition) {
  if (!condition) std::abort();
}

// A short expression is compiled in a short time.
constexpr std::size_t pattern_max = 24;
constexpr std::size_t text_max = 4096;
constexpr std::uint64_t gap_size = 10;

class Excerpts final : public ExcerptSink {
 public:
  void take(SearchExcerpt&& excerpt) override {
    require(excerpt.text.size() <= 2 * SearchRules::excerpt_max);
    require(!excerpt.matches.empty());
    all.push_back(std::move(excerpt));
  }
  std::vector<SearchExcerpt> all;
};

struct Found {
  std::vector<SearchExcerpt> excerpts;
  std::uint64_t matches = 0;
};

// A byte of 0xff is a gap.
Found search(const SearchPatterns& patterns, const SearchRules& rules, Bytes text, std::size_t size) {
  Searcher searcher(patterns, rules);
  DirectionSearch search;
  Excerpts sink;
  std::uint64_t offset = 0;
  while (!text.empty()) {
    if (text[0] == 0xff) {
      search.gap(searcher, gap_size, sink);
      offset += gap_size;
      text = text.subspan(1);
      continue;
    }
    const auto gap = static_cast<std::size_t>(std::find(text.begin(), text.end(), 0xff) - text.begin());
    const Bytes part = text.first(std::min(gap, size));
    const std::vector<std::uint8_t> bytes(part.begin(), part.end());
    search.data(searcher, bytes, {offset, 0, {}, 1}, sink);
    offset += part.size();
    text = text.subspan(part.size());
  }
  search.finish(searcher, sink);
  return {std::move(sink.all), search.matches()};
}

// By bytes that come after a gap, and to which place of the text an offset belongs.
std::string text_at(Bytes text, std::uint64_t offset, std::size_t size) {
  std::uint64_t at = 0;
  std::string out;
  for (const std::uint8_t byte : text) {
    if (byte == 0xff) {
      at += gap_size;
    } else if (at++ >= offset && out.size() < size) {
      out += static_cast<char>(byte);
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::size_t pattern_size = std::min({std::size_t{data[1]}, pattern_max, size - 3});
  std::vector<std::string> patterns = {std::string(reinterpret_cast<const char*>(data) + 3, pattern_size)};
  const std::string& whole = patterns.front();
  if ((data[0] & 1) != 0 && whole.find('|') != std::string::npos)
    patterns.push_back(whole.substr(whole.find('|')));
  const SearchOptions options{.ignore_case = (data[0] & 2) != 0,
                              .literal = (data[0] & 4) != 0,
                              .words = (data[0] & 8) != 0,
                              .first_only = false};
  const auto compiled = SearchPatterns::compile(patterns, options);
  if (!compiled) {
    require(!compiled.error().message.empty() && compiled.error().message.find('\n') == std::string::npos);
    return 0;
  }
  SearchRules rules;
  if ((data[0] & 16) != 0) rules.shape = {.whole_lines = false, .bytes_before = 2, .bytes_after = 3};
  if ((data[0] & 32) != 0) rules.shape = {.lines_before = 1, .lines_after = 1};
  if ((data[0] & 64) != 0) rules.matches_max = 2;
  const Bytes text(data + 3 + pattern_size, std::min(size - 3 - pattern_size, text_max));
  const Found all = search(**compiled, rules, text, text_max);
  const Found pieces = search(**compiled, rules, text, 1 + data[2] % 32);
  require(all.matches == pieces.matches && all.excerpts.size() == pieces.excerpts.size());
  for (std::size_t i = 0; i < all.excerpts.size(); ++i) {
    const SearchExcerpt& one = all.excerpts[i];
    const SearchExcerpt& other = pieces.excerpts[i];
    require(one.offset == other.offset && one.text == other.text &&
            one.matches.size() == other.matches.size());
    require(one.text == text_at(text, one.offset, one.text.size()));
    for (std::size_t k = 0; k < one.matches.size(); ++k) {
      require(one.matches[k].offset == other.matches[k].offset &&
              one.matches[k].size == other.matches[k].size);
      require(one.matches[k].pattern < patterns.size());
    }
  }
  return 0;
}
