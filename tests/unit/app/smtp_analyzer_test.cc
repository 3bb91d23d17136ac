#include "app/smtp_analyzer.h"

#include <gtest/gtest.h>

#include <string>

#include "support/talk.h"

namespace restitch::testing {
namespace {

using Names = std::vector<std::string>;

void greet(Talk& talk, std::size_t size = std::string_view::npos) {
  talk.server("220-mail ESMTP\r\n220 ready\r\n", size);
  talk.client("EHLO me\r\n", size);
  talk.server("250-mail\r\n250 PIPELINING\r\n", size);
}

TEST(SmtpAnalyzerTest, AMailIsARecordAndItsPartsAreObjects) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    greet(talk, size);
    talk.client("MAIL FROM:<a@b> SIZE=3\r\n", size);
    talk.server("250 ok\r\n", size);
    talk.client("rcpt to: <c@d>\r\n", size);
    talk.server("250 ok\r\n", size);
    talk.client("DATA\r\n", size);
    talk.server("354 go\r\n", size);
    talk.client("Subject: x\r\n\r\nHello\r\n..\r\n.\r\n", size);
    EXPECT_TRUE(talk.all<SmtpRecord>().empty());
    talk.server("250 queued\r\n", size);
    ASSERT_EQ(talk.all<SmtpRecord>().size(), 1U);
    talk.client("QUIT\r\n", size);
    talk.server("221 bye\r\n", size);
    talk.close();
    const auto records = talk.all<SmtpRecord>();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].helo, "me");
    EXPECT_EQ(records[0].mail_from, "<a@b>");
    EXPECT_EQ(records[0].recipients, Names{"<c@d>"});
    EXPECT_EQ(records[0].last_reply, "250 queued");
    EXPECT_EQ(records[0].depth, 1U);
    EXPECT_TRUE(records[0].complete);
    EXPECT_EQ(records[0].fields[0].second, "x");
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "Hello\r\n.\r\n");
    EXPECT_EQ(records[0].objects, std::vector<std::uint64_t>{0});
    EXPECT_EQ(talk.conversation->service(), "smtp");
    EXPECT_EQ(talk.anomalies(), Names{});
  }
}

TEST(SmtpAnalyzerTest, CommandsMayGoAheadOfTheReplies) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    greet(talk, size);
    talk.client("MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n", size);
    talk.server("250 1\r\n250 2\r\n354 3\r\n", size);
    talk.client("\r\none\r\n.\r\nRSET\r\nMAIL FROM:<c>\r\nRCPT TO:<d>\r\nDATA\r\n", size);
    talk.server("250 4\r\n250 5\r\n250 6\r\n250 7\r\n354 8\r\n", size);
    talk.client("\r\ntwo\r\n.\r\nQUIT\r\n", size);
    talk.server("550 9\r\n221 10\r\n", size);
    talk.close();
    const auto records = talk.all<SmtpRecord>();
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].last_reply, "250 4");
    EXPECT_EQ(records[1].last_reply, "550 9");
    EXPECT_EQ(records[1].mail_from, "<c>");
    EXPECT_EQ(records[1].recipients, Names{"<d>"});
    EXPECT_EQ(talk.objects[1].data, "two\r\n");
  }
}

TEST(SmtpAnalyzerTest, WhatFollowsARefusedDataIsACommand) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    greet(talk, size);
    talk.client("DATA\r\n", size);
    talk.client("EHLO again\r\nMAIL FROM:<a>\r\n", size);
    talk.server("503 no\r\n250 ok\r\n250 ok\r\n", size);
    talk.close();
    const auto records = talk.all<SmtpRecord>();
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].helo, "me");
    EXPECT_EQ(records[0].mail_from, "");
    EXPECT_EQ(records[1].helo, "again");
    EXPECT_EQ(records[1].mail_from, "<a>");
    EXPECT_TRUE(talk.objects.empty());
  }
}

TEST(SmtpAnalyzerTest, ChunksAreOneMail) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    greet(talk, size);
    talk.client(
        "MAIL FROM:<a>\r\nRCPT TO:<b>\r\nBDAT 5 X\r\nBDAT 8\r\nA: 1\r\n\r\nBDAT 5 LAST\r\n.\r\nxyMAIL "
        "FROM:<c>\r\n",
        size);
    talk.server("250 1\r\n250 2\r\n501 3\r\n250 4\r\n250 5\r\n250 6\r\n", size);
    talk.client("BDAT 0 LAST\r\n", size);
    talk.server("250 7\r\n", size);
    talk.close();
    const auto records = talk.all<SmtpRecord>();
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(talk.objects[0].data, ".\r\nxy");
    EXPECT_EQ(records[0].last_reply, "250 5");
    EXPECT_TRUE(records[0].complete);
    EXPECT_EQ(records[1].mail_from, "<c>");
    EXPECT_TRUE(records[1].complete);
  }
}

TEST(SmtpAnalyzerTest, CredentialsAreNoCommands) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    greet(talk, size);
    talk.client("AUTH LOGIN\r\n", size);
    talk.server("334 VXNlcm5hbWU6\r\n", size);
    talk.client("DATA\r\n", size);
    talk.server("334 UGFzc3dvcmQ6\r\n", size);
    talk.client("QUIT\r\n", size);
    talk.server("235 ok\r\n", size);
    talk.client("MAIL FROM:<a>\r\n", size);
    talk.server("250 ok\r\n", size);
    talk.close();
    const auto records = talk.all<SmtpRecord>();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].mail_from, "<a>");
    EXPECT_FALSE(records[0].has_mail);
  }
}

TEST(SmtpAnalyzerTest, BehindStarttlsIsAnotherProtocol) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    greet(talk, size);
    talk.client("STARTTLS\r\n", size);
    talk.server("220 go\r\n", size);
    talk.client("\x16\x03\x01 no text", size);
    talk.close();
    const auto records = talk.all<SmtpRecord>();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_TRUE(records[0].tls);
    EXPECT_EQ(records[0].last_reply, "");
  }
}

TEST(SmtpAnalyzerTest, AGapInAMailIsOneOfItsPart) {
  Talk talk;
  greet(talk);
  talk.client("MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n");
  talk.server("250 1\r\n250 2\r\n354 3\r\n");
  talk.client("A: 1\r\n\r\none");
  talk.gap(TcpFlowDirection::client_to_server, 7);
  talk.client("two\r\n.\r\nQUIT\r\n");
  talk.server("250 4\r\n");
  talk.close();
  EXPECT_EQ(talk.objects[0].data, "onetwo\r\n");
  EXPECT_EQ(talk.objects[0].gaps[0].second, 7U);
  const auto records = talk.all<SmtpRecord>();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_FALSE(records[0].complete);
  EXPECT_EQ(records[0].last_reply, "250 4");
}

TEST(SmtpAnalyzerTest, RepliesThatWereNotCapturedDoNotStopAMail) {
  Talk talk;
  greet(talk);
  talk.client("MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n");
  talk.server("250 1\r\n25");
  talk.gap(TcpFlowDirection::server_to_client, 20);
  talk.client("\r\none\r\n.\r\n");
  talk.close();
  EXPECT_EQ(talk.objects.at(0).data, "one\r\n");
}

TEST(SmtpAnalyzerTest, OneSideAloneIsEnough) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.client("EHLO me\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n\r\none\r\n.\r\n", size);
    talk.close();
    ASSERT_EQ(talk.all<SmtpRecord>().size(), 1U);
    EXPECT_EQ(talk.objects.at(0).data, "one\r\n");
  }
}

TEST(SmtpAnalyzerTest, AnEndThatOnlySomeServersSeeIsTold) {
  Talk talk;
  greet(talk);
  talk.client("MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n");
  talk.server("250 1\r\n250 2\r\n354 3\r\n");
  talk.client("A: 1\r\n\r\none\n.\r\nMAIL FROM:<evil>\r\n.\r\n");
  talk.close();
  EXPECT_EQ(talk.anomalies(), Names{"smtp_ambiguous_end"});
  EXPECT_EQ(talk.all<SmtpRecord>().size(), 1U);
}

TEST(SmtpAnalyzerTest, AServerThatDoesNotAnswerDoesNotLetMemoryGrow) {
  Talk talk;
  greet(talk);
  for (int i = 0; i < 100'000; ++i) talk.client("NOOP\r\n");
  EXPECT_LE(talk.conversation->held(), 4 * Analyzer::held_max);
  talk.client("MAIL FROM:<a>\r\n");
  talk.close();
  EXPECT_EQ(talk.all<SmtpRecord>().size(), 1U);
}

TEST(SmtpAnalyzerTest, OtherProtocolsThatGreetWith220AreNone) {
  Talk talk;
  talk.server("220 FTP ready\r\n");
  talk.client("USER me\r\n");
  talk.close();
  EXPECT_EQ(talk.conversation->service(), "ftp");
}

}  // namespace
}  // namespace restitch::testing
