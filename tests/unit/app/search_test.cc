// Patterns in bytes that come in pieces: what is a match, and what is told of it.
#include "restitch/app/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/app/search_direction.h"
#include "support/talk.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A search in one text after another, with what it told.
class Search : public ExcerptSink {
 public:
  explicit Search(std::vector<std::string> patterns, const SearchOptions& options = {},
                  const SearchRules& rules = {})
      : patterns_(*SearchPatterns::compile(std::move(patterns), options)),
        rules_(rules),
        searcher_(*patterns_, rules_) {}

  // In packets of `size` bytes.
  Search& say(std::string_view text, std::size_t size = whole) {
    while (!text.empty()) {
      const std::string_view part = text.substr(0, std::min(size, text.size()));
      const std::vector<std::uint8_t> bytes(part.begin(), part.end());
      search_.data(searcher_, bytes, {offset_, 0, Timestamp{1}, ++packet_}, *this);
      offset_ += part.size();
      text.remove_prefix(part.size());
    }
    return *this;
  }
  Search& gap(std::uint64_t size) {
    search_.gap(searcher_, size, *this);
    offset_ += size;
    return *this;
  }
  Search& end() {
    search_.finish(searcher_, *this);
    return *this;
  }

  // Another text.
  Search& restart() {
    search_ = DirectionSearch();
    excerpts.clear();
    offset_ = packet_ = 0;
    return *this;
  }

  void take(SearchExcerpt&& excerpt) override { excerpts.push_back(std::move(excerpt)); }

  // "5:foo", …: where a match begins, and what it is.
  [[nodiscard]] std::vector<std::string> found() const {
    std::vector<std::string> all;
    for (const SearchExcerpt& excerpt : excerpts) {
      for (const SearchMatch& match : excerpt.matches) {
        all.push_back(std::to_string(match.offset) + ":" + std::string(excerpt.text_of(match)));
        EXPECT_EQ(match.size, excerpt.text_of(match).size());
      }
    }
    return all;
  }
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const SearchExcerpt& excerpt : excerpts) all.push_back(excerpt.text);
    return all;
  }
  [[nodiscard]] std::uint64_t count() const { return search_.matches(); }
  [[nodiscard]] const SearchPatterns& patterns() const { return *patterns_; }

  std::vector<SearchExcerpt> excerpts;

 private:
  std::unique_ptr<SearchPatterns> patterns_;
  SearchRules rules_;
  Searcher searcher_;
  DirectionSearch search_;
  std::uint64_t offset_ = 0;
  std::uint64_t packet_ = 0;
};

std::string complaint_about(const std::string& pattern, const SearchOptions& options = {}) {
  const auto compiled = SearchPatterns::compile({pattern}, options);
  return compiled ? "" : compiled.error().message;
}

std::vector<std::string> found_in(std::string_view text, const std::string& pattern, std::size_t size,
                                  const SearchOptions& options = {}) {
  return Search({pattern}, options).say(text, size).end().found();
}

TEST(SearchPatterns, SayInOneLineWhatTheyCannot) {
  EXPECT_EQ(complaint_about("(a)\\1"), "\"(a)\\1\": back-references are unsupported");
  EXPECT_EQ(complaint_about("foo(?=bar)"), "\"foo(?=bar)\": zero-width assertions are not supported");
  EXPECT_EQ(complaint_about("x*"), "\"x*\": it matches the empty text, which is everywhere");
  EXPECT_EQ(complaint_about(""), "\"\": it matches the empty text, which is everywhere");
  EXPECT_EQ(complaint_about("", {.literal = true}), "\"\": it matches the empty text, which is everywhere");
  EXPECT_EQ(complaint_about("(*UTF8)a"), "\"(*UTF8)a\": verbs such as (*UTF8) are not supported");
  EXPECT_THAT(complaint_about("a("), HasSubstr("missing close parenthesis"));
  EXPECT_THAT(complaint_about("a)|(b", {.words = true}), HasSubstr("parenthes"));
  EXPECT_THAT(complaint_about("a\033[31m("), ::testing::Not(HasSubstr("\033")));
}

TEST(SearchPatterns, KeepSomeTensOfBytesOfADirection) {
  for (const char* const pattern :
       {"password", "GET /[^ ]*\\.php", "[0-9]{13,16}", "user-agent: [^\\r\\n]+"}) {
    EXPECT_LE(Search({pattern}).patterns().state_size(), 64U) << pattern;
  }
  std::vector<std::string> many;
  for (int i = 0; i < 5000; ++i) many.push_back("indicator-" + std::to_string(i * 7919));
  EXPECT_LE(Search(many, {.literal = true}).patterns().state_size(), 64U);
}

TEST(Search, FindsAMatchAcrossAnyPacketBorder) {
  const std::string text = "GET /secret.php HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/7.88\r\n\r\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EXPECT_THAT(found_in(text, "secret", size), ElementsAre("5:secret")) << size;
    EXPECT_THAT(found_in(text, "(?i)user-agent: [^\\r\\n]+", size), ElementsAre("35:User-Agent: curl/7.88"))
        << size;
    EXPECT_THAT(found_in(text, "^Host: .*$", size), ElementsAre("26:Host: a\r")) << size;
  }
}

TEST(Search, TellsTheLongestMatchFromTheFirstStart) {
  for (const std::size_t size : {whole, std::size_t{1}, std::size_t{3}}) {
    EXPECT_THAT(found_in("xab abbbb abc", "ab+", size), ElementsAre("1:ab", "4:abbbb", "10:ab"));
    EXPECT_THAT(found_in("aaaaa", "aa", size), ElementsAre("0:aa", "2:aa"));
    EXPECT_THAT(found_in("zabcdz", "abcd|bc", size), ElementsAre("1:abcd"));
    EXPECT_THAT(found_in("foo 1 bar 2 bar\nbar", "foo.*bar", size), ElementsAre("0:foo 1 bar 2 bar"));
    EXPECT_THAT(found_in("<a\nb\nc>", "<[^>]+", size), ElementsAre("0:<a\nb\nc"));
    EXPECT_THAT(found_in("foo\nbar\nbar", "foo(?s:.)*bar", size), ElementsAre("0:foo\nbar"));
  }
}

TEST(Search, IsBinarySafe) {
  const std::string text("\0\xff\0MZ\0\n\xc3\xa9\0", 10);
  for (const std::size_t size : {whole, std::size_t{1}}) {
    EXPECT_THAT(found_in(text, "MZ\\x00", size), ElementsAre(std::string("3:MZ\0", 5)));
    EXPECT_THAT(found_in(text, "é", size), ElementsAre("7:é"));
    EXPECT_THAT(found_in(text, std::string("\xff\0M", 3), size, {.literal = true}),
                ElementsAre(std::string("1:\xff\0M", 5)));
  }
}

TEST(Search, TakesLettersOfBothCasesAndWords) {
  EXPECT_THAT(found_in("Pass passport PASS", "pass", 1, {.ignore_case = true}),
              ElementsAre("0:Pass", "5:pass", "14:PASS"));
  EXPECT_THAT(found_in("Pass passport PASS", "pass", 1, {.ignore_case = true, .words = true}),
              ElementsAre("0:Pass", "14:PASS"));
  EXPECT_THAT(found_in("a.b axb", "a.b", 1, {.literal = true}), ElementsAre("0:a.b"));
}

TEST(Search, DoesNotLookAcrossAGap) {
  EXPECT_THAT(Search({"foobar"}).say("foo").gap(3).say("bar foobar").end().found(), ElementsAre("10:foobar"));
  // What lies between two gaps is a text of its own.
  EXPECT_THAT(Search({"^b|o$"}).say("foo").gap(2).say("bo").end().found(), ElementsAre("2:o", "5:b", "6:o"));
  const auto told = Search({"o"}).say("line one").gap(1).say(" more\n").end().texts();
  EXPECT_THAT(told, ElementsAre("line one", " more\n"));
}

TEST(Search, TellsEachPatternOfSeveral) {
  for (const std::size_t size : {whole, std::size_t{1}}) {
    Search search({"pass", "password", "word"});
    search.say("a password", size).end();
    EXPECT_THAT(search.found(), ElementsAre("2:pass", "2:password", "6:word"));
    ASSERT_EQ(search.excerpts.size(), 1U);
    EXPECT_EQ(search.excerpts[0].matches[1].pattern, 1U);
    EXPECT_EQ(search.count(), 3U);
  }
}

TEST(Search, ShowsTheLineAndThoseAround) {
  const std::string text = "one\ntwo\nthree\nfour\nfive\nsix\n";
  for (const std::size_t size : {whole, std::size_t{1}, std::size_t{5}}) {
    EXPECT_THAT(Search({"hre"}).say(text, size).end().texts(), ElementsAre("three\n"));
    SearchRules rules;
    rules.shape = {.lines_before = 1, .lines_after = 2};
    EXPECT_THAT(Search({"hre"}, {}, rules).say(text, size).end().texts(),
                ElementsAre("two\nthree\nfour\nfive\n"));
    // What lies close together is one excerpt, and no byte is shown twice.
    EXPECT_THAT(Search({"one|three|six"}, {}, rules).say(text, size).end().texts(),
                ElementsAre("one\ntwo\nthree\nfour\nfive\n", "six\n"));
    rules.shape = {.whole_lines = false, .bytes_before = 3, .bytes_after = 2};
    EXPECT_THAT(Search({"hre"}, {}, rules).say(text, size).end().texts(), ElementsAre("o\nthree\n"));
  }
}

TEST(Search, ShowsABoundedPartOfALineThatDoesNotEnd) {
  const std::string text = std::string(5000, 'x') + "needle" + std::string(5000, 'y');
  for (const std::size_t size : {whole, std::size_t{1}, std::size_t{1460}}) {
    const auto told = Search({"needle"}).say(text, size).end().texts();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0], std::string(SearchRules::before_max, 'x') + "needle" +
                           std::string(SearchRules::after_max, 'y'));
  }
}

TEST(Search, KeepsAMatchWholeWhereManyLieCloseToIt) {
  const std::string text = std::string(2 * SearchRules::matches_in_excerpt_max, 'e') + "<" +
                           std::string(3 * SearchRules::matches_in_excerpt_max, 'e') + ">";
  for (const std::size_t size : {whole, std::size_t{1}, std::size_t{100}}) {
    Search search({"e", "<[^>]+"});
    search.say(text, size).end();
    EXPECT_EQ(search.count(), text.size() - 1);
    std::uint64_t longest = 0;
    for (const SearchExcerpt& excerpt : search.excerpts) {
      for (const SearchMatch& match : excerpt.matches) longest = std::max(longest, match.size);
    }
    EXPECT_EQ(longest, 1 + 3 * SearchRules::matches_in_excerpt_max);
  }
}

TEST(Search, StopsAtSoManyMatches) {
  SearchRules rules;
  rules.matches_max = 2;
  for (const std::size_t size : {whole, std::size_t{1}}) {
    Search search({"a"}, {}, rules);
    search.say("a1a2a3\n", size).end();
    EXPECT_EQ(search.count(), 2U);
    EXPECT_THAT(search.found(), ElementsAre("0:a", "2:a"));
  }
}

TEST(Search, StopsAtTheFirstMatchWhereNoMoreIsAsked) {
  SearchRules rules;
  rules.excerpts = false;
  Search search({"a", "b+"}, {.first_only = true}, rules);
  search.say("bbbba").say("aaaa").end();
  EXPECT_EQ(search.count(), 1U);
  EXPECT_THAT(search.excerpts, IsEmpty());
}

TEST(Search, CountsAlikeWithAndWithoutExcerpts) {
  std::mt19937 random(7);
  const std::vector<std::string> patterns = {"ab", "a+b?", "b.*a", "(ab|ba)+", "a[^b]*\\n", "b$"};
  SearchRules counting;
  counting.excerpts = false;
  Search shown(patterns);
  Search pieces(patterns);
  Search counted(patterns, {}, counting);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (int i = 0; i < 60; ++i) text += "aab\nc"[random() % 5];
    shown.restart().say(text).end();
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}}) {
      counted.restart().say(text, size).end();
      EXPECT_EQ(counted.count(), shown.count()) << text;
      pieces.restart().say(text, size).end();
      EXPECT_EQ(pieces.found(), shown.found()) << text;
      EXPECT_EQ(pieces.texts(), shown.texts()) << text;
    }
  }
}

// Of expressions whose matches have one size, and of those that end where a line does, a match is what it is
// to any other program.
TEST(Search, FindsWhatAPlainSearchFinds) {
  std::mt19937 random(11);
  for (const std::string pattern : {"ab", "a[ab]b", "aba", "b+", "a[^\n]*", "\nb"}) {
    const std::regex regex(pattern);
    Search search({pattern});
    for (int round = 0; round < 200; ++round) {
      std::string text;
      for (int i = 0; i < 80; ++i) text += "aabb\n"[random() % 5];
      std::vector<std::string> expected;
      for (auto at = std::sregex_iterator(text.begin(), text.end(), regex); at != std::sregex_iterator();
           ++at) {
        expected.push_back(std::to_string(at->position()) + ":" + at->str());
      }
      EXPECT_EQ(search.restart().say(text, 1 + random() % 80).end().found(), expected)
          << pattern << " in " << text;
    }
  }
}

TEST(Search, ManagesWithoutTheStartOfAMatch) {
  Search search({"MZ.{50,200}PE\\x00\\x00"});
  EXPECT_FALSE(search.patterns().patterns()[0].start_known);
  search.say("MZ" + std::string(100, '.') + std::string("PE\0\0", 4), 1).end();
  EXPECT_EQ(search.count(), 1U);
}

TEST(Search, FindsWhereItsStateIsLarge) {
  const std::string pattern = "q[^\\n]{900}z";  // and so on: its state is some hundred bytes
  Search search({pattern, "a[^\\n]{1500}b", "x[^\\n]{2000}y"});
  EXPECT_GT(search.patterns().state_size(), 256U);
  search.say("q" + std::string(900, 'q') + "z" + std::string(2000, 'q'), 10).end();
  EXPECT_EQ(search.count(), 1U);
}

TEST(Search, SaysWhichPacketBroughtTheEndOfAMatch) {
  Search search({"foobar", "baz\\b"});
  search.say("xxfo").say("ob").say("ar baz").say(" ").end();
  ASSERT_EQ(search.excerpts.size(), 1U);
  ASSERT_EQ(search.excerpts[0].matches.size(), 2U);
  EXPECT_EQ(search.excerpts[0].matches[0].origin.packet, 3U);
  EXPECT_EQ(search.excerpts[0].matches[0].origin.offset, 7U);
  EXPECT_EQ(search.excerpts[0].matches[1].origin.packet, 3U);
  EXPECT_EQ(search.excerpts[0].matches[1].origin.offset, 11U);
}

}  // namespace
}  // namespace restitch::testing
