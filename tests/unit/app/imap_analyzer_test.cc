#include "app/imap_analyzer.h"

#include <gtest/gtest.h>

#include <string>

#include "support/talk.h"

namespace restitch::testing {
namespace {

void log_in(Talk& talk, std::size_t size = std::string_view::npos) {
  talk.server("* OK ready\r\n", size);
  talk.client("a1 LOGIN me {1}\r\n", size);
  talk.server("+ go\r\n", size);
  talk.client("x\r\n", size);
  talk.server("a1 OK in\r\n", size);
}

TEST(ImapAnalyzerTest, AMailThatIsFetchedIsItsParts) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    log_in(talk, size);
    talk.client("a2 UID FETCH 1:2 (UID RFC822.SIZE BODY.PEEK[])\r\n", size);
    talk.server("* 1 FETCH (UID 1 BODY[HEADER] {6}\r\nA: 1\r\n BODY[] {11}\r\nA: 1\r\n\r\none FLAGS ())\r\n",
                size);
    talk.server("* 2 FETCH (RFC822 {5}\r\n\r\ntwo)\r\na2 OK\r\n", size);
    talk.close();
    ASSERT_EQ(talk.objects.size(), 2U);
    EXPECT_EQ(talk.objects[0].data, "one");
    EXPECT_EQ(talk.objects[0].head.protocol, "imap");
    EXPECT_TRUE(talk.objects[0].end.complete);
    EXPECT_EQ(talk.objects[1].data, "two");
    EXPECT_EQ(talk.conversation->service(), "imap");
  }
}

TEST(ImapAnalyzerTest, PiecesThatFollowEachOtherAreOneMail) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    log_in(talk, size);
    talk.client("a2 FETCH 1 BODY[]<0.4>\r\n", size);
    talk.server("* 1 FETCH (BODY[]<0> {4}\r\n\r\non)\r\n", size);
    talk.server("* 1 FETCH (BODY[]<4> {4}\r\ne tw)\r\n* 1 FETCH (BODY[]<8> {1}\r\no)\r\n", size);
    talk.close();
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "one two");
    EXPECT_TRUE(talk.objects[0].end.complete);
  }
}

TEST(ImapAnalyzerTest, AMailOfWhichOnlyABeginningIsFetchedIsNotComplete) {
  Talk talk;
  log_in(talk);
  talk.client("a2 FETCH 1 BODY[]<0.4>\r\n");
  talk.server("* 1 FETCH (BODY[]<0> {4}\r\n\r\non)\r\n");
  talk.client("a3 LOGOUT\r\n");
  talk.close();
  ASSERT_EQ(talk.objects.size(), 1U);
  EXPECT_FALSE(talk.objects[0].end.complete);
}

TEST(ImapAnalyzerTest, TheAnswerToAnEarlierCommandRefusesNoLiteral) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    log_in(talk, size);
    talk.client("a2 NOOP\r\na3 APPEND Inbox {5}\r\n", size);
    talk.server("a2 OK\r\n+ go\r\n", size);
    talk.client("\r\none\r\n", size);
    talk.close();
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "one");
  }
}

TEST(ImapAnalyzerTest, ALiteralMayBeBinary) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    log_in(talk, size);
    talk.client("a2 FETCH 1 BINARY[]\r\n", size);
    talk.server("* 1 FETCH (BINARY[] ~{5}\r\n\r\none)\r\n", size);
    talk.close();
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "one");
  }
}

TEST(ImapAnalyzerTest, APartOnItsOwnIsAnObjectAsItComes) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    log_in(talk, size);
    talk.client("a2 FETCH 1 BODY[2]\r\n", size);
    talk.server("* 1 FETCH (BODY[2] {4}\r\nSGVs BODY[2.MIME] {2}\r\n\r\n)\r\n", size);
    talk.close();
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "SGVs");
    EXPECT_EQ(talk.objects[0].head.name, "BODY[2]");
  }
}

TEST(ImapAnalyzerTest, AMailThatIsAppendedIsItsParts) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    log_in(talk, size);
    talk.client("a2 APPEND {5}\r\n", size);
    talk.server("+ go\r\n", size);
    talk.client("Inbox (\\Seen) {5}\r\n", size);
    talk.server("+ go\r\n", size);
    talk.client("\r\none\r\na3 APPEND Inbox {5+}\r\n\r\ntwo\r\na4 APPEND Inbox {9}\r\n", size);
    talk.server("a2 OK\r\na3 OK\r\na4 NO quota\r\n", size);
    talk.client("a5 LOGOUT\r\n", size);
    talk.close();
    ASSERT_EQ(talk.objects.size(), 2U);
    EXPECT_EQ(talk.objects[0].data, "one");
    EXPECT_EQ(talk.objects[0].head.direction, TcpFlowDirection::client_to_server);
    EXPECT_EQ(talk.objects[1].data, "two");
  }
}

TEST(ImapAnalyzerTest, BehindStarttlsIsAnotherProtocol) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.server("* OK ready\r\n", size);
    talk.client("a1 STARTTLS\r\n", size);
    talk.server("a1 OK go\r\n", size);
    talk.client("a2 APPEND Inbox {5+}\r\n\r\ntwo\r\n", size);
    talk.close();
    EXPECT_TRUE(talk.objects.empty());
  }
}

TEST(ImapAnalyzerTest, AGapInALiteralIsListedAndOneBeyondItIsNot) {
  Talk talk;
  log_in(talk);
  talk.client("a2 FETCH 1 BODY[]\r\n");
  talk.server("* 1 FETCH (BODY[] {9}\r\n\r\none");
  talk.gap(TcpFlowDirection::server_to_client, 20);
  talk.server("x\r\n* 2 FETCH (BODY[] {5}\r\n\r\ntwo)\r\n");
  talk.close();
  ASSERT_EQ(talk.objects.size(), 2U);
  EXPECT_EQ(talk.objects[0].gaps[0].second, 4U);
  EXPECT_FALSE(talk.objects[0].end.complete);
  EXPECT_EQ(talk.objects[1].data, "two");
}

}  // namespace
}  // namespace restitch::testing
