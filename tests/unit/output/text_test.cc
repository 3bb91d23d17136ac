#include <gtest/gtest.h>

#include <limits>

#include "output/text.h"

namespace restitch {
namespace {

std::string time(std::int64_t ns) {
  std::string out;
  append_json_time(out, {ns});
  return out;
}

TEST(JsonTime, HasNineDecimalsAndIsNullWhenNotKnown) {
  EXPECT_EQ(time(0), "null");
  EXPECT_EQ(time(1), "0.000000001");
  EXPECT_EQ(time(1'600'000'000'123'456'789), "1600000000.123456789");
}

TEST(Seconds, HaveAsManyDecimalsAsTheyHaveParts) {
  const auto text = [](std::int64_t parts, std::uint64_t parts_a_second) {
    std::string out;
    append_seconds(out, parts, parts_a_second);
    return out;
  };
  EXPECT_EQ(text(0, 1'000'000), "0.000000");
  EXPECT_EQ(text(79'443, 1'000'000), "0.079443");
  EXPECT_EQ(text(-12'000'001, 1'000'000), "-12.000001");
  EXPECT_EQ(text(1'500, 1'000), "1.500");
}

TEST(JsonTime, IsRightBefore1970AndAtTheLimits) {
  EXPECT_EQ(time(-1), "-0.000000001");
  EXPECT_EQ(time(-1'500'000'000), "-1.500000000");
  EXPECT_EQ(time(std::numeric_limits<std::int64_t>::min()), "-9223372036.854775808");
  EXPECT_EQ(time(std::numeric_limits<std::int64_t>::max()), "9223372036.854775807");
}

TEST(JsonString, EscapesWhatJsonDoesNotAllow) {
  std::string out;
  append_json_string(out, std::string_view("a\"b\\c\n\0d", 8));
  EXPECT_EQ(out, R"("a\"b\\c\u000a\u0000d")");
}

TEST(JsonString, IsUtf8AndSteersNoTerminal) {
  std::string out;
  append_json_string(out, "\u00e4 \x7f \u009b \u202e \U000e0001 \x9b \xc3");
  EXPECT_EQ(out, "\"\u00e4 \\u007f \\u009b \\u202e \\udb40\\udc01 \\ufffd \\ufffd\"");
}

}  // namespace
}  // namespace restitch
