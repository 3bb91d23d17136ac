#include <algorithm>
#include <utility>

#include "app/ascii.h"
#include "app/search_engine.h"
#include "base/clean_text.h"
#include "restitch/app/search.h"

namespace restitch {
namespace {

// A text as an expression that matches it alone.
std::string literal_expression(const std::string& text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    if (ascii::is_digit(c) || ascii::is_letter(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
  }
  return out;
}

tl::unexpected<Error> about_pattern(const std::string& pattern, const Error& error) {
  constexpr std::size_t shown_max = 80;
  std::string shown = clean_text(pattern.substr(0, shown_max));
  if (pattern.size() > shown_max) shown += "...";
  return failure(error.code, "\"" + shown + "\": " + error.message);
}

// Of a text that is its own width is known; an expression is looked through, which also finds out what is
// wrong.
Result<SearchPatterns::Pattern> pattern_of(const std::string& text, const SearchOptions& options,
                                           SearchExpression& expression) {
  SearchWidth width{text.size(), text.size()};
  if (options.literal) {
    if (text.empty()) {
      return failure(ErrorCode::invalid_argument, "\"\": it matches the empty text, which is everywhere");
    }
    expression.text = literal_expression(text);
  } else {
    expression.text = text;
    const auto known = SearchEngine::width_of(expression);
    if (!known) return about_pattern(text, known.error());
    width = *known;
  }
  if (options.words) expression.text = "\\b(?:" + expression.text + ")\\b";
  return SearchPatterns::Pattern{.text = text, .size_min = width.min, .size_max = width.max};
}

}  // namespace

SearchPatterns::SearchPatterns() = default;
SearchPatterns::~SearchPatterns() = default;

std::string SearchPatterns::engine_version() { return SearchEngine::version(); }
std::size_t SearchPatterns::state_size() const { return engine_->state_size(); }

Result<std::unique_ptr<SearchPatterns>> SearchPatterns::compile(std::vector<std::string> patterns,
                                                                const SearchOptions& options) {
  std::unique_ptr<SearchPatterns> made(new SearchPatterns);
  made->first_only_ = options.first_only;
  std::vector<SearchExpression> expressions;
  for (const std::string& text : patterns) {
    SearchExpression expression;
    expression.ignore_case = options.ignore_case;
    auto pattern = pattern_of(text, options, expression);
    if (!pattern) return tl::unexpected(pattern.error());
    expression.once = options.first_only;
    expression.start_wanted = !options.first_only && !pattern->fixed();
    made->patterns_.push_back(std::move(*pattern));
    expressions.push_back(std::move(expression));
  }
  if (expressions.empty()) return failure(ErrorCode::invalid_argument, "there is no pattern to search for");
  auto engine = SearchEngine::compile(expressions);
  if (!engine) {
    // Where a match begins takes more of the automaton than where it ends.
    for (std::size_t i = 0; i < expressions.size(); ++i) {
      SearchExpression& expression = expressions[i];
      if (!expression.start_wanted || SearchEngine::has_starts(expression)) continue;
      expression.start_wanted = false;
      made->patterns_[i].start_known = false;
      SearchExpression alone = expression;
      if (const auto possible = SearchEngine::compile({alone}); !possible) {
        return about_pattern(patterns[i], possible.error());
      }
    }
    engine = SearchEngine::compile(expressions);
  }
  if (!engine) {
    return expressions.size() == 1 ? about_pattern(patterns.front(), engine.error())
                                   : Result<std::unique_ptr<SearchPatterns>>(tl::unexpected(engine.error()));
  }
  made->engine_ = std::move(*engine);
  return made;
}

// ---- SearchRules -----------------------------------------------------------------------------------

std::size_t SearchRules::remembered() const {
  if (!excerpts) return 0;
  constexpr std::size_t match_max = 512;  // of what came in earlier packets
  const std::size_t lines = shape.whole_lines ? before_max * (1 + std::size_t{shape.lines_before}) : 0;
  return std::min(std::max(lines + shape.bytes_before, match_max), excerpt_max / 2);
}

// ---- Searcher --------------------------------------------------------------------------------------

Searcher::Searcher(const SearchPatterns& patterns, const SearchRules& rules)
    : patterns_(patterns), rules_(rules), scratch_(std::make_unique<SearchScratch>(patterns.engine())) {}
Searcher::~Searcher() = default;

}  // namespace restitch
