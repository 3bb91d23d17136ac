#include "base/clean_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace restitch {
namespace {

constexpr const char* odd = "\xef\xbf\xbd";  // U+FFFD

TEST(CleanText, LeavesTextAlone) {
  for (const char* text : {"", "eth0", "Gerät, 10 µs, 漢字, \U0001f600", "a\\b\"c'd"}) {
    EXPECT_EQ(clean_text(text), text);
  }
}

TEST(CleanText, IsOneLineThatSteersNoTerminal) {
  EXPECT_EQ(clean_text("a\nb\r\nc\td"), "a b  c d");
  EXPECT_EQ(clean_lines("a\nb\tc"), "a\nb c");
  for (const std::string text : {"\x1b", "\x07", "\x7f", "\u0085", "\u009b", "\u202e", "\u2028", "\u200b",
                                 "\ufeff", "\U000e0041", "\x9b", "\xff", "\x80"}) {
    EXPECT_EQ(clean_text("a" + text + "b"), std::string("a") + odd + "b") << text;
  }
  EXPECT_EQ(clean_text(std::string("a\0b", 3)), std::string("a") + odd + "b");
}

TEST(CleanText, TakesNothingForUtf8ThatIsNot) {
  const auto bytes = [](const char* text, int count) {
    std::string all(text);
    for (int i = 0; i < count; ++i) all += odd;
    return all;
  };
  EXPECT_EQ(clean_text("\xc0\xaf"), bytes("", 2));          // a slash in two bytes
  EXPECT_EQ(clean_text("\xe0\x80\x9b"), bytes("", 3));      // CSI in three
  EXPECT_EQ(clean_text("\xed\xa0\x80"), bytes("", 3));      // half of a pair
  EXPECT_EQ(clean_text("\xf4\x90\x80\x80"), bytes("", 4));  // beyond the last
  EXPECT_EQ(clean_text("\xf8\x88\x80\x80\x80"), bytes("", 5));
  EXPECT_EQ(clean_text("a\xe6\xbc"), bytes("a", 2));  // cut
  EXPECT_EQ(clean_text("\xe6\xbc"
                       "A"),
            std::string(odd) + odd + "A");
}

// Against a parser that knows UTF-8 by itself: all texts of up to three bytes of those that matter.
TEST(CleanText, IsUtf8WhateverItWas) {
  const std::string_view alphabet("a\x1b\x7f\x80\x9b\xa0\xbf\xc2\xe0\xe2\xed\xef\xf0\xf4\xf5\xff", 16);
  for (const char a : alphabet) {
    for (const char b : alphabet) {
      for (const char c : alphabet) {
        const std::string text = {a, b, c};
        const std::string cleaned = clean_text(text);
        EXPECT_NO_THROW((void)nlohmann::json(cleaned).dump()) << cleaned;
        EXPECT_EQ(clean_text(cleaned), cleaned);
      }
    }
  }
}

}  // namespace
}  // namespace restitch
