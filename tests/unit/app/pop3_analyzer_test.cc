#include "app/pop3_analyzer.h"

#include <gtest/gtest.h>

#include <string>

#include "support/talk.h"

namespace restitch::testing {
namespace {

void enter_pop3(Talk& talk, std::size_t size = std::string_view::npos) {
  talk.server("+OK ready\r\n", size);
  talk.client("USER me\r\nPASS x\r\n", size);
  talk.server("+OK\r\n+OK in\r\n", size);
}

TEST(Pop3AnalyzerTest, EachMailIsItsParts) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    enter_pop3(talk, size);
    talk.client("LIST\r\nLIST 1\r\nRETR 1\r\nRETR 2\r\nTOP 3 1\r\nQUIT\r\n", size);
    talk.server("+OK 3\r\n1 10\r\n.\r\n+OK 1 10\r\n+OK\r\nA: 1\r\n\r\none\r\n..\r\n.\r\n-ERR no\r\n", size);
    talk.server("+OK\r\n\r\nthree\r\n.\r\n+OK bye\r\n", size);
    talk.close();
    ASSERT_EQ(talk.objects.size(), 2U);
    EXPECT_EQ(talk.objects[0].data, "one\r\n.\r\n");
    EXPECT_EQ(talk.objects[0].head.protocol, "pop3");
    EXPECT_EQ(talk.objects[0].head.direction, TcpFlowDirection::server_to_client);
    EXPECT_TRUE(talk.objects[0].end.complete);
    EXPECT_EQ(talk.objects[1].data, "three\r\n");
    EXPECT_FALSE(talk.objects[1].end.complete);
    EXPECT_EQ(talk.conversation->service(), "pop3");
  }
}

TEST(Pop3AnalyzerTest, AListMayLackItsEnd) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    enter_pop3(talk, size);
    talk.client("LIST\r\n", size);
    talk.server("GARBAGE\r\n+OK 1\r\n1 10\r\n", size);
    talk.client("RETR 1\r\n", size);
    talk.server("+OK\r\n\r\none\r\n+OK\r\n.\r\n", size);
    talk.close();
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "one\r\n+OK\r\n");
  }
}

TEST(Pop3AnalyzerTest, AGapInAListEndsItWithTheNextAnswer) {
  Talk talk;
  enter_pop3(talk);
  talk.client("LIST\r\n");
  talk.server("+OK 1\r\n1 1");
  talk.gap(TcpFlowDirection::server_to_client, 5);
  talk.client("RETR 1\r\n");
  talk.server("+OK lost\r\n+OK\r\n\r\none\r\n.\r\n");
  talk.close();
  EXPECT_EQ(talk.objects.at(0).data, "one\r\n");
}

TEST(Pop3AnalyzerTest, CredentialsAreNoCommands) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.server("+OK ready\r\n", size);
    talk.client("AUTH PLAIN\r\n", size);
    talk.server("+ \r\n", size);
    talk.client("RETR\r\n", size);
    talk.server("+OK\r\n", size);
    talk.client("RETR 1\r\n", size);
    talk.server("+OK\r\n\r\none\r\n.\r\n", size);
    talk.close();
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "one\r\n");
  }
}

TEST(Pop3AnalyzerTest, BehindStlsIsAnotherProtocol) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.server("+OK ready\r\n", size);
    talk.client("STLS\r\n", size);
    talk.server("+OK go\r\n", size);
    talk.client("RETR 1\r\n", size);
    talk.server("+OK\r\n\r\none\r\n.\r\n", size);
    talk.close();
    EXPECT_TRUE(talk.objects.empty());
  }
}

TEST(Pop3AnalyzerTest, AGapInAMailIsListed) {
  Talk talk;
  enter_pop3(talk);
  talk.client("RETR 1\r\n");
  talk.server("+OK\r\n\r\none");
  talk.gap(TcpFlowDirection::server_to_client, 4);
  talk.server("two\r\n.\r\n");
  talk.close();
  EXPECT_EQ(talk.objects.at(0).data, "onetwo\r\n");
  EXPECT_EQ(talk.objects[0].gaps.size(), 1U);
  EXPECT_FALSE(talk.objects[0].end.complete);
}

}  // namespace
}  // namespace restitch::testing
