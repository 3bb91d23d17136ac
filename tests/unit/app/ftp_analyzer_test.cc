#include "app/ftp_analyzer.h"

#include <gtest/gtest.h>

#include <string>

#include "app/ascii.h"
#include "restitch/packet.h"
#include "support/talk.h"

namespace restitch::testing {
namespace {

using Names = std::vector<std::string>;

struct Control : Talk {
  Control() {
    summary.net.source = *parse_address("192.0.2.1");
    summary.net.destination = *parse_address("192.0.2.2");
    summary.transport = {40'000, 21};
  }
  void log_in(std::size_t size = std::string_view::npos) {
    server("220 ready\r\n", size);
    client("USER me\r\n", size);
    server("331 word?\r\n", size);
    client("PASS secret\r\n", size);
    server("230-hello\r\n  there\r\n230 in\r\n", size);
  }
};

// A connection between two hosts of the same capture.
struct Data : Talk {
  Data(Control& control, std::string_view from, std::string_view to, std::uint16_t port) {
    summary.net.source = *parse_address(from);
    summary.net.destination = *parse_address(to);
    summary.transport = {50'000, port};
    conversation = std::make_unique<Conversation>(control.services, *this, summary);
  }
  ~Data() override { conversation.reset(); }
  void end(TcpFlowDirection direction) {
    conversation->end(direction);
    close();
  }
};

constexpr TcpFlowDirection up = TcpFlowDirection::client_to_server;
constexpr TcpFlowDirection down = TcpFlowDirection::server_to_client;

TEST(FtpAnalyzerTest, EachCommandIsARecordWithItsReplies) {
  for (const std::size_t size : piece_sizes) {
    Control talk;
    talk.log_in(size);
    talk.client("RETR a b.txt\r\n", size);
    talk.server("150 opening\r\n226 done\r\n", size);
    talk.close();
    const auto records = talk.all<FtpRecord>();
    ASSERT_EQ(records.size(), 4U);
    EXPECT_EQ(records[0].command, "");
    EXPECT_EQ(records[0].replies, Names{"ready"});
    EXPECT_EQ(records[2].replies, (Names{"hello", "there", "in"}));
    EXPECT_EQ(records[2].codes, Names{"230"});
    EXPECT_EQ(records[3].command, "RETR");
    EXPECT_EQ(records[3].argument, "a b.txt");
    EXPECT_EQ(records[3].user, "me");
    EXPECT_EQ(records[3].password, "secret");
    EXPECT_EQ(records[3].codes, (Names{"150", "226"}));
    EXPECT_EQ(records[3].code, 226U);
    EXPECT_EQ(talk.conversation->service(), "ftp");
  }
}

TEST(FtpAnalyzerTest, APassiveDataConnectionIsTheFile) {
  for (const std::size_t size : piece_sizes) {
    Control talk;
    talk.log_in(size);
    talk.client("PASV\r\n", size);
    talk.server("227 Entering Passive Mode (192,0,2,2,82,11).\r\n", size);
    Data data(talk, "192.0.2.1", "192.0.2.2", 82 * 256 + 11);
    talk.client("RETR dir/a.txt\r\n", size);
    data.server("hello ");
    data.server("world");
    data.end(down);
    ASSERT_EQ(data.objects.size(), 1U);
    EXPECT_EQ(data.objects[0].head.name, "dir/a.txt");
    EXPECT_EQ(data.objects[0].head.protocol, "ftp-data");
    EXPECT_EQ(data.objects[0].data, "hello world");
    EXPECT_TRUE(data.objects[0].end.complete);
    EXPECT_EQ(data.conversation->service(), "ftp-data");
    const auto records = data.all<FtpRecord>();
    EXPECT_TRUE(records.back().data);
    EXPECT_EQ(records.back().command, "RETR");
    EXPECT_EQ(records.back().argument, "dir/a.txt");
  }
}

TEST(FtpAnalyzerTest, AnActiveDataConnectionComesFromTheServer) {
  Control talk;
  talk.log_in();
  talk.client("PORT 192,0,2,1,4,1\r\nSTOR x\r\n");
  Data data(talk, "192.0.2.2", "192.0.2.1", 1025);
  data.server("up");
  data.close();
  EXPECT_EQ(data.objects.at(0).head.name, "x");
  EXPECT_FALSE(data.objects[0].end.complete);
  talk.client("EPRT |1|192.0.2.1|1026|\r\nLIST -la\r\n");
  Data list(talk, "192.0.2.2", "192.0.2.1", 1026);
  list.client("files");
  list.end(up);
  EXPECT_EQ(list.objects.at(0).head.name, "LIST");
  EXPECT_TRUE(list.objects[0].end.complete);
}

TEST(FtpAnalyzerTest, BytesThatComeBeforeTheirCommandWaitForIt) {
  Control talk;
  talk.log_in();
  talk.client("EPSV\r\n");
  talk.server("229 Extended (|||5000|)\r\n");
  Data data(talk, "192.0.2.1", "192.0.2.2", 5000);
  data.server("first ");
  EXPECT_TRUE(data.objects.empty());
  talk.client("REST 10\r\nRETR late\r\n");
  data.server("second");
  data.end(down);
  EXPECT_EQ(data.objects.at(0).head.name, "late");
  EXPECT_EQ(data.objects[0].data, "first second");
  EXPECT_EQ(data.all<FtpRecord>().back().restart, 10U);
}

TEST(FtpAnalyzerTest, BytesWhoseCommandNeverComesAreAnObjectToo) {
  Control talk;
  talk.log_in();
  talk.client("PORT 192,0,2,1,4,1\r\n");
  Data data(talk, "192.0.2.2", "192.0.2.1", 1025);
  data.client("what");
  data.close();
  EXPECT_EQ(data.objects.at(0).data, "what");
  EXPECT_EQ(data.objects[0].head.name, "");
}

TEST(FtpAnalyzerTest, APortOfAThirdHostIsNotItsData) {
  Control talk;
  talk.log_in();
  talk.client("PORT 198,51,100,1,0,80\r\nRETR x\r\n");
  Data other(talk, "192.0.2.9", "198.51.100.1", 80);
  other.client("mine");
  other.close();
  EXPECT_TRUE(other.objects.empty());
}

TEST(FtpAnalyzerTest, TheSameEndPointsMayBeUsedAgain) {
  Control talk;
  talk.log_in();
  talk.client("PORT 192,0,2,1,4,1\r\n");
  for (const std::string name : {"one", "two"}) {
    talk.client("RETR " + name + "\r\n");
    Data data(talk, "192.0.2.2", "192.0.2.1", 1025);
    data.client(name);
    data.close();
    EXPECT_EQ(data.objects.back().head.name, name);
    EXPECT_EQ(data.objects.back().data, name);
  }
}

TEST(FtpAnalyzerTest, WhatWasAbortedIsNotComplete) {
  Control talk;
  talk.log_in();
  talk.client("PORT 192,0,2,1,4,1\r\nRETR x\r\n");
  Data data(talk, "192.0.2.2", "192.0.2.1", 1025);
  data.client("half");
  talk.client(
      "\xff\xf4\xff\xf2"
      "ABOR\r\n");
  data.end(up);
  EXPECT_FALSE(data.objects.at(0).end.complete);
}

TEST(FtpAnalyzerTest, ALineThatIsTooLongIsTold) {
  for (const std::size_t size : piece_sizes) {
    Control talk;
    talk.log_in(size);
    talk.client("RETR " + std::string(5000, 'A') + "\r\n", size);
    talk.server("550 no\r\n", size);
    talk.client("RETR x\r\n", size);
    talk.server("550 no\r\n", size);
    talk.close();
    const auto records = talk.all<FtpRecord>();
    ASSERT_EQ(records.size(), 5U);
    EXPECT_EQ(records[3].argument.size(), 4091U);
    EXPECT_TRUE(records[3].command_truncated);
    EXPECT_FALSE(records[4].command_truncated);
    EXPECT_EQ(talk.anomalies(), Names{"ftp_line_too_long"});
  }
}

TEST(FtpAnalyzerTest, BehindAuthTlsIsAnotherProtocol) {
  for (const std::size_t size : piece_sizes) {
    Control talk;
    talk.server("220 ready\r\n", size);
    talk.client("AUTH TLS\r\n", size);
    talk.server("234 go\r\n", size);
    talk.client("USER x\r\n", size);
    talk.close();
    EXPECT_EQ(talk.all<FtpRecord>().size(), 2U);
  }
}

TEST(FtpAnalyzerTest, AGapLosesALine) {
  Control talk;
  talk.log_in();
  talk.client("RETR a");
  talk.gap(up, 10);
  talk.client("b\r\nQUIT\r\n");
  talk.server("550 no\r\n221 bye\r\n");
  talk.close();
  const auto records = talk.all<FtpRecord>();
  EXPECT_EQ(records.back().command, "QUIT");
  EXPECT_EQ(records.back().code, 221U);
}

TEST(ExpectedEndsTest, OldOnesAndThoseBeyondTheBoundAreForgotten) {
  ExpectedEnds ends;
  ExpectedData data;
  data.told = data.actual = *parse_address("192.0.2.2");
  data.peer = *parse_address("192.0.2.1");
  const NetFlow net{data.peer, data.told};
  data.port = 1;
  const auto first = ends.add(data);
  EXPECT_EQ(ends.open(net, 1, Timestamp{ExpectedEnds::age_max_ns + 1}), 0U);
  EXPECT_EQ(ends.find(first), nullptr);
  for (unsigned port = 1; port <= ExpectedEnds::waiting_max + 1; ++port) {
    data.port = static_cast<std::uint16_t>(port);
    ends.add(data);
  }
  EXPECT_EQ(ends.open(net, 1, {}), 0U);
  EXPECT_NE(ends.open(net, 2, {}), 0U);
  EXPECT_EQ(ends.open(net, 2, {}), 0U);
}

}  // namespace
}  // namespace restitch::testing
