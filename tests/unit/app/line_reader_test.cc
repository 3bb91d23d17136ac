#include "app/line_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace restitch::testing {
namespace {

// The lines of a text that comes in pieces of `size` bytes, with "…" behind a line that was cut.
std::vector<std::string> lines_of(std::string_view text, std::size_t size, std::uint32_t line_max = 8) {
  LineReader reader(line_max);
  std::vector<std::string> lines;
  std::string held;
  for (std::size_t from = 0; from <= text.size(); from += size) {
    held += text.substr(from, size);
    const bool last = from + size > text.size();
    std::size_t at = 0;
    while (const auto line = reader.next(as_bytes(held), at, last)) {
      lines.push_back(std::string(line->text) + (line->cut ? "…" : ""));
    }
    held.erase(0, at);
  }
  return lines;
}

using Texts = std::vector<std::string>;

TEST(LineReaderTest, LinesEndWithLfOrWithCrAndLf) {
  for (const std::size_t size : {1U, 2U, 3U, 100U}) {
    EXPECT_EQ(lines_of("one\r\ntwo\n\r\n\nlast", size), (Texts{"one", "two", "", "", "last"}));
  }
}

TEST(LineReaderTest, ALoneCrIsPartOfTheLine) {
  for (const std::size_t size : {1U, 100U}) EXPECT_EQ(lines_of("a\rb\r\r\n", size), (Texts{"a\rb\r"}));
}

TEST(LineReaderTest, ALineThatIsTooLongIsCutAndTheNextOneIsRight) {
  for (const std::size_t size : {1U, 2U, 5U, 100U}) {
    EXPECT_EQ(lines_of("12345678\n123456789\nshort\n", size), (Texts{"12345678", "12345678…", "short"}));
    EXPECT_EQ(lines_of(std::string(100, 'x') + "\r\nshort\n", size), (Texts{"xxxxxxxx…", "short"}));
  }
}

TEST(LineReaderTest, BehindAGapItGoesOnWithTheNextLine) {
  LineReader reader(100);
  std::size_t at = 0;
  EXPECT_FALSE(reader.next(as_bytes("hal"), at, false));
  reader.lose();
  const auto line = reader.next(as_bytes("rest\nnext\n"), at, false);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "next");
  EXPECT_EQ(line->begin, 5U);
}

}  // namespace
}  // namespace restitch::testing
