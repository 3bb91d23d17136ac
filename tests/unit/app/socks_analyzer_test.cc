#include "app/socks_analyzer.h"

#include <gtest/gtest.h>

#include <string>

#include "support/talk.h"

namespace restitch::testing {
namespace {

using namespace std::string_literals;

// What is inside is recognised.
void talk_smtp(Talk& talk, std::size_t size) {
  talk.server("220 mail ESMTP\r\n", size);
  talk.client("EHLO me\r\nMAIL FROM:<a>\r\n", size);
  talk.close();
  EXPECT_EQ(talk.all<SmtpRecord>().size(), 1U);
  EXPECT_EQ(talk.conversation->service(), "socks,smtp");
}

TEST(SocksAnalyzerTest, BehindVersion4IsAnotherProtocol) {
  for (const std::size_t size : piece_sizes) {
    for (const std::string& request : {"\4\1\0\x19\xc0\0\2\1me\0"s, "\4\1\0\x19\0\0\0\1me\0host\0"s}) {
      Talk talk;
      talk.client(request, size);
      talk.server("\0\x5a\0\0\0\0\0\0"s, size);
      talk_smtp(talk, size);
    }
  }
}

TEST(SocksAnalyzerTest, BehindVersion5IsAnotherProtocol) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.client("\5\2\0\2"s, size);
    talk.server("\5\2"s, size);
    talk.client("\1\2me\1x"s, size);
    talk.server("\1\0"s, size);
    talk.client("\5\1\0\3\4host\0\x19"s, size);
    talk.server("\5\0\0\1\xc0\0\2\1\0\x19"s, size);
    talk_smtp(talk, size);
  }
}

TEST(SocksAnalyzerTest, ToBindHasASecondReply) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.client("\5\1\0"s, size);
    talk.server("\5\0"s, size);
    talk.client("\5\2\0\1\xc0\0\2\1\0\x19"s, size);
    talk.server("\5\0\0\1\xc0\0\2\1\0\x19\5\0\0\1\xc0\0\2\2\0\x19"s, size);
    talk_smtp(talk, size);
  }
}

TEST(SocksAnalyzerTest, AnAddressOfAnUnknownKindIsNone) {
  Talk talk;
  talk.client("\5\1\0"s);
  talk.server("\5\0"s);
  talk.client("\5\1\0\1\xc0\0\2\1\0\x19"s);
  talk.server("\5\0\0\7\xc0\0\2\1\0\x19"s);
  EXPECT_TRUE(talk.conversation->raw());
}

TEST(SocksAnalyzerTest, WhatIsRefusedIsRaw) {
  Talk talk;
  talk.client("\5\1\0"s);
  talk.server("\5\0"s);
  talk.client("\5\1\0\1\xc0\0\2\1\0\x19"s);
  talk.server("\5\5\0\1\xc0\0\2\1\0\x19"s);
  talk.client("more");
  EXPECT_TRUE(talk.conversation->raw());
}

TEST(SocksAnalyzerTest, AFewBytesOfOneSideAreNotEnough) {
  Talk talk;
  talk.client("\5\1\0"s);
  talk.server("HTTP");
  talk.close();
  EXPECT_EQ(talk.conversation->service(), "");
}

}  // namespace
}  // namespace restitch::testing
