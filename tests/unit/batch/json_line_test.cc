// One flat line of JSON, whoever wrote it.
#include "batch/json_line.h"

#include <gtest/gtest.h>

namespace restitch::batch {
namespace {

TEST(JsonLine, TellsItsMembersByKind) {
  const auto line = JsonLine::parse(R"({"n":17,"t":"a\"\\\n\u00e9\ud83d\ude00","l":["x","y"],"e":[]})");
  ASSERT_TRUE(line);
  EXPECT_EQ(*line->number("n"), 17u);
  EXPECT_EQ(*line->text("t"), "a\"\\\n\u00e9\U0001F600");
  EXPECT_EQ(*line->texts("l"), (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(line->texts("e")->empty());
  EXPECT_EQ(line->text("n"), nullptr);
  EXPECT_EQ(line->number("missing"), nullptr);
  EXPECT_TRUE(JsonLine::parse("{}"));
}

TEST(JsonLine, IsNothingElse) {
  for (const char* text : {"",
                           "{",
                           "}",
                           "[]",
                           "{}x",
                           "{,}",
                           R"({"a"})",
                           R"({"a":})",
                           R"({"a":-1})",
                           R"({"a":1.5})",
                           R"({"a":1,})",
                           R"({"a":1 })",
                           R"({"a":"b)",
                           R"({"a":"b\)",
                           R"({"a":"\x"})",
                           R"({"a":"\u12"})",
                           R"({"a":"\ud800"})",
                           R"({"a":"\udc00"})",
                           R"({"a":{}})",
                           R"({"a":["b",1]})",
                           R"({"a":["b")",
                           R"({"a":1,"a":2})",
                           R"({"a":99999999999999999999})",
                           "{\"a\":\"\n\"}"}) {
    EXPECT_FALSE(JsonLine::parse(text)) << text;
  }
}

}  // namespace
}  // namespace restitch::batch
