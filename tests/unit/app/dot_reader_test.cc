#include "app/dot_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "app/ascii.h"

namespace restitch::testing {
namespace {

struct Read {
  std::string text;
  std::string rest;
  bool ended = false;
  bool ambiguous = false;
};

Read read(std::string_view text, std::size_t size) {
  DotReader reader;
  Read read;
  std::string held;
  while (!text.empty()) {
    held += text.substr(0, size);
    text.remove_prefix(std::min(size, text.size()));
    std::size_t at = 0;
    for (Bytes run; !(run = reader.next(as_bytes(held), at, false)).empty();) {
      read.text += ascii::text_of(run);
    }
    held.erase(0, at);
    if (reader.ended()) break;
    EXPECT_LE(held.size(), 2U);
  }
  read.rest = held + std::string(text);
  read.ended = reader.ended();
  read.ambiguous = reader.ambiguous();
  return read;
}

constexpr std::size_t sizes[] = {1, 2, 3, 5, 100};

TEST(DotReaderTest, ALineOfOneDotEndsTheText) {
  for (const std::size_t size : sizes) {
    const Read text = read("one\r\ntwo.\r\n.\r\nQUIT\r\n", size);
    EXPECT_EQ(text.text, "one\r\ntwo.\r\n");
    EXPECT_EQ(text.rest, "QUIT\r\n");
    EXPECT_TRUE(text.ended);
    EXPECT_FALSE(text.ambiguous);
  }
}

TEST(DotReaderTest, TheTextMayBeEmpty) {
  for (const std::size_t size : sizes) EXPECT_TRUE(read(".\r\n", size).ended);
}

TEST(DotReaderTest, ADoubledDotIsOne) {
  for (const std::size_t size : sizes) {
    EXPECT_EQ(read("..\r\n...x\r\n.y\r\n.\rz\r\n.\r\n", size).text, ".\r\n..x\r\ny\r\n\rz\r\n");
  }
}

TEST(DotReaderTest, BareLinesEndIfThereAreNoOthers) {
  for (const std::size_t size : sizes) {
    const Read text = read("one\n..two\n.\nrest", size);
    EXPECT_EQ(text.text, "one\n.two\n");
    EXPECT_TRUE(text.ended);
    EXPECT_TRUE(text.ambiguous);
    EXPECT_EQ(text.rest, "rest");
  }
}

TEST(DotReaderTest, AnEndThatOnlySomeSeeIsNoneAndTold) {
  for (const std::size_t size : sizes) {
    const Read one = read("one\r\ntwo\n.\r\nMAIL\r\n.\r\nrest", size);
    EXPECT_EQ(one.text, "one\r\ntwo\n.\r\nMAIL\r\n");
    EXPECT_TRUE(one.ambiguous);
    EXPECT_EQ(one.rest, "rest");
    const Read other = read("one\r\n.\nMAIL\r\n.\r\n", size);
    EXPECT_EQ(other.text, "one\r\n\nMAIL\r\n");
    EXPECT_TRUE(other.ambiguous);
  }
}

TEST(DotReaderTest, WhatIsForcedIsText) {
  DotReader reader;
  std::size_t at = 0;
  EXPECT_EQ(reader.next(as_bytes("."), at, true).size(), 1U);
  EXPECT_EQ(at, 1U);
}

}  // namespace
}  // namespace restitch::testing
