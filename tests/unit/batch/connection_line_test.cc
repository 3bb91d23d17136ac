// Lines of a map file: the place of a connection, and what is said of it.
#include "batch/connection_line.h"

#include <gtest/gtest.h>

namespace restitch::batch {
namespace {

TEST(ConnectionLine, PutsTheNumberBackInItsPlace) {
  const std::string lines = "{\"connection\":0,\"a\":1}\n{\"connection\":0,\"b\":2}\n";
  const std::string placed = numbered_lines(lines, {7, 3, 5});
  EXPECT_EQ(placed,
            "{\"rank\":7,\"tuple\":3,\"connection\":5,\"a\":1}\n{\"rank\":7,\"tuple\":3,\"connection\":5,"
            "\"b\":2}\n");
  const auto parsed = parse_line(std::string_view(placed).substr(0, placed.find('\n')));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->place, (LinePlace{7, 3, 5}));
  std::string out;
  append_line(out, 12, parsed->rest);
  EXPECT_EQ(out, "{\"connection\":12,\"a\":1}\n");
}

TEST(ConnectionLine, CountsAConnectionThatSaysNothing) {
  EXPECT_EQ(numbered_lines("", {1, 2, 3}), "{\"rank\":1,\"tuple\":2,\"connection\":3}\n");
  const auto parsed = parse_line(R"({"rank":1,"tuple":2,"connection":3})");
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->rest.empty());
}

TEST(ConnectionLine, IsNothingElse) {
  for (const char* line :
       {"", "{}", R"({"rank":1})", R"({"rank":1,"tuple":2,"connection":3)",
        R"({"rank":-1,"tuple":2,"connection":3})", R"({"rank":1,"tuple":4294967296,"connection":3})",
        R"({"rank":1,"tuple":2,"connection":3x})", R"({"rank":1,"tuple":2,"connection":3,"a":1)"}) {
    EXPECT_FALSE(parse_line(line)) << line;
  }
}

}  // namespace
}  // namespace restitch::batch
