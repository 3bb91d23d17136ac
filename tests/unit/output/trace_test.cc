#include "restitch/output_trace.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "output_world.h"

namespace restitch {
namespace {

using testing::client;
using testing::server;
using testing::summaries;
using testing::TestPacket;

ConnectionTrace trace_of(const std::vector<TestPacket>& packets) {
  ConnectionTracer tracer;
  std::uint64_t number = 0;
  for (const TestPacket& packet : packets) {
    const TcpSegment tcp = packet.tcp();
    const bool from_server = tcp.source_port == 80;
    tracer.note_packet(tcp,
                       from_server ? TcpFlowDirection::server_to_client : TcpFlowDirection::client_to_server,
                       packet.info(++number).timestamp, 60);
  }
  return tracer.trace();
}

// "SF ShADadFf": state and history.
std::string told(const std::vector<TestPacket>& packets) {
  const ConnectionTrace trace = trace_of(packets);
  return fmt::format("{} {}", trace.state(), trace.history);
}

TestPacket from_client(std::uint32_t sequence, std::string_view payload = {}) {
  return client(sequence, std::string(payload)).ack().window(1000);
}
TestPacket from_server(std::uint32_t sequence, std::string_view payload = {}) {
  return server(sequence, std::string(payload)).ack().window(1000);
}
TestPacket syn() { return client(99).syn().window(1000); }
TestPacket syn_ack() { return server(299).syn().acknowledges(100).window(1000); }

// The states are those of Zeek's conn.log, by its own description of them.
TEST(ConnectionTrace, HasTheStateThatZeekGives) {
  EXPECT_EQ(told({syn()}), "S0 S");
  EXPECT_EQ(told({syn(), syn_ack(), from_client(100).acknowledges(300)}), "S1 ShA");
  EXPECT_EQ(told({syn(), server(0).rst().acknowledges(100).window(1000)}), "REJ Sr");
  EXPECT_EQ(told({syn(), syn_ack(), from_client(100), from_client(100).fin()}), "S2 ShAF");
  EXPECT_EQ(told({syn(), syn_ack(), from_client(100), from_server(300).fin()}), "S3 ShAf");
  EXPECT_EQ(told({syn(), syn_ack(), from_client(100), from_client(100).rst()}), "RSTO ShAR");
  EXPECT_EQ(told({syn(), syn_ack(), from_client(100), from_server(300).rst()}), "RSTR ShAr");
  EXPECT_EQ(told({syn(), from_client(100).rst()}), "RSTOS0 SR");
  EXPECT_EQ(told({syn_ack(), from_server(300).rst()}), "RSTRH hr");
  EXPECT_EQ(told({syn(), from_client(100).fin()}), "SH SF");
  EXPECT_EQ(told({syn_ack(), from_server(300).fin()}), "SHR hf");
  EXPECT_EQ(told({from_client(100, "ab"), from_server(300, "cd")}), "OTH Dd");
  EXPECT_EQ(told({from_client(100).rst()}), "OTH R") << "without a SYN it gave nothing up";
}

// It answers what is still on its way with a reset, and the other side closes too.
TEST(ConnectionTrace, IsClosedByAFinThoughAResetFollowsIt) {
  EXPECT_EQ(told({syn(), syn_ack(), from_client(100), from_client(100).fin(), from_client(101).rst(),
                  from_server(300).fin()}),
            "SF ShAFRf");
  EXPECT_EQ(told({syn(), syn_ack(), from_client(100), from_client(100).rst(), from_server(300).fin()}),
            "RSTO ShARf");
}

TEST(ConnectionTrace, LastsUntilBothEndsHaveClosedIt) {
  const auto trace =
      trace_of({syn().at(1), syn_ack().at(2), from_client(100).fin().at(3), from_client(101).rst().at(4),
                from_server(300).fin().at(5), from_client(101).rst().at(6)});
  EXPECT_EQ(trace.last_seen.ns, 5'000'000'000);
}

TEST(ConnectionTrace, IsJoinedWhereTheFirstPacketOfAnEndIsNoSyn) {
  EXPECT_FALSE(trace_of({syn(), syn_ack(), from_client(100)}).joined);
  EXPECT_FALSE(trace_of({syn_ack(), from_client(100)}).joined) << "the answer speaks for the SYN";
  EXPECT_TRUE(trace_of({from_client(100, "GET")}).joined);
  EXPECT_TRUE(trace_of({syn(), from_server(300, "x")}).joined);
}

// An Ethernet frame of the smallest size, padded, with an IP header that counts the padding.
TEST(ConnectionTrace, BelievesTheIpHeaderMoreThanTheFrame) {
  ConnectionTracer tracer;
  TcpSegment tcp = from_client(100).tcp();
  tcp.network_words = 5;
  tracer.note_packet(tcp, TcpFlowDirection::client_to_server, {1}, 60, 46);
  tracer.note_packet(tcp, TcpFlowDirection::client_to_server, {2}, 60, 40);
  EXPECT_EQ(tracer.trace().ends[0].ip_bytes, 86u);
  EXPECT_EQ(tracer.trace().history, "DA");
}

// The rows of Zeek: "SF ShADadFf; OTH D".
std::string rows_of(const std::vector<TestPacket>& packets, std::size_t tail = 0) {
  RowTracer tracer;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const TcpSegment tcp = packets[i].tcp();
    const auto direction =
        tcp.source_port == 80 ? TcpFlowDirection::server_to_client : TcpFlowDirection::client_to_server;
    const Timestamp time = packets[i].info(i + 1).timestamp;
    if (i + tail < packets.size()) {
      tracer.note_packet(tcp, direction, time, 60, 0);
    } else {
      tracer.note_tail(tcp, direction, time, 0);
    }
  }
  std::string text;
  for (const ConnectionTrace& row : tracer.rows("http")) {
    text += fmt::format("{}{} {} {}{}", text.empty() ? "" : "; ", row.state(), row.history,
                        row.ends[0].packets + row.ends[1].packets, row.service.empty() ? "" : " http");
  }
  return text;
}

TEST(RowTracer, BeginsAnotherRowWhereWhatFollowsTheEndComesLate) {
  const std::vector<TestPacket> opened = {syn().at(1), syn_ack().at(2), from_client(100).rst().at(3)};
  const auto then = [&](std::initializer_list<TestPacket> more) {
    std::vector<TestPacket> all = opened;
    all.insert(all.end(), more);
    return rows_of(all);
  };
  EXPECT_EQ(then({from_client(100, "GET").at(7)}), "") << "one row says all";
  EXPECT_EQ(then({from_client(100, "GET").at(8), from_server(300).rst().at(9)}),
            "RSTO ShR 3; RSTRH Dr 2 http");
  EXPECT_EQ(then({from_server(300).rst().at(20), from_server(300).rst().at(40)}),
            "RSTO ShR 3; RSTRH r 1; RSTRH r 1");
}

TEST(RowTracer, HasNoMoreRowsThanItMay) {
  std::vector<TestPacket> packets;
  for (int i = 0; i < 100; ++i) packets.push_back(from_client(100).rst().at(1 + i * 10));
  const std::string rows = rows_of(packets);
  EXPECT_EQ(std::count(rows.begin(), rows.end(), ';') + 1, static_cast<int>(RowTracer::rows_max));
}

TEST(RowTracer, CountsATailForAFewSeconds) {
  const std::vector<TestPacket> packets = {syn().at(1),
                                           syn_ack().at(2),
                                           from_client(100).fin().at(3),
                                           from_server(300).fin().at(3),
                                           from_client(100).fin().at(4),
                                           from_server(301).at(5),
                                           from_client(101).at(60)};
  EXPECT_EQ(rows_of(packets, 3), "SF ShFfa 6");
}

TEST(ConnectionTrace, CountsBytesBySequenceNumbers) {
  const ConnectionTrace trace =
      trace_of({syn(), syn_ack(), from_client(100, "abcde").acknowledges(300),
                from_server(300).acknowledges(105), from_client(105).fin().acknowledges(300),
                from_server(300).fin().acknowledges(106), from_client(106).acknowledges(301)});
  EXPECT_EQ(trace.state(), "SF");
  EXPECT_EQ(trace.history, "ShDaFfA");
  EXPECT_EQ(trace.ends[0].size, 5u);
  EXPECT_EQ(trace.ends[1].size, 0u);
  EXPECT_EQ(trace.ends[0].packets, 4u);
  EXPECT_EQ(trace.ends[0].frame_bytes, 240u);
  EXPECT_TRUE(trace.ends[0].fin_acked);
}

TEST(ConnectionTrace, CountsWhatWasAcknowledgedAndNotCaptured) {
  const ConnectionTrace trace =
      trace_of({syn(), syn_ack(), from_client(100), from_server(300).acknowledges(1100)});
  EXPECT_EQ(trace.ends[0].size, 1000u);
}

TEST(ConnectionTrace, GoesOnAcrossTheEndOfTheNumbers) {
  std::vector<TestPacket> packets = {client(0xfffffffeU).syn().window(9)};
  for (std::uint32_t i = 0; i < 5; ++i) packets.push_back(from_client(0xffffffffU + i * 4, "abcd"));
  EXPECT_EQ(trace_of(packets).ends[0].size, 20u);
}

TEST(ConnectionTrace, HasALetterTheFirstTheTenthAndTheHundredthTime) {
  std::vector<TestPacket> packets = {syn(), syn_ack(), from_client(100, "ab")};
  for (int i = 0; i < 100; ++i) packets.push_back(from_client(100, "ab"));
  EXPECT_EQ(trace_of(packets).history, "ShDTTT");
  packets = {syn(), syn_ack(), from_server(300).window(0), from_server(300).window(0)};
  EXPECT_EQ(trace_of(packets).history, "Shaw");
}

TEST(ConnectionTrace, TellsFlagsThatExcludeEachOther) {
  EXPECT_EQ(trace_of({syn().fin()}).history, "Q");
  EXPECT_EQ(trace_of({from_client(100).fin().rst()}).history, "I");
}

TEST(ConnectionTrace, HasNoEndOfTheHistoryThatAnAttackerDecides) {
  std::vector<TestPacket> packets;
  for (std::uint32_t i = 0; i < 5000; ++i) packets.push_back(client(i * 3).syn());
  EXPECT_LT(trace_of(packets).history.size(), 1100u);
}

TEST(ConnectionTrace, IsTurnedRoundAsAWhole) {
  ConnectionTrace trace = trace_of({syn_ack(), from_client(100, "x")});
  EXPECT_TRUE(trace.server_began);
  trace.swap_roles();
  EXPECT_FALSE(trace.server_began);
  EXPECT_EQ(trace.history, "Hd");
}

TEST(TraceStream, LeavesATraceInTheSummary) {
  const auto all = summaries<TraceStream>(
      {client(99).syn(), server(299).syn().ack(), client(100, "GET / HTTP/1.1\r\n").ack(),
       server(300, "HTTP/1.1 200 OK\r\n").ack(), client(200, "late").ack()});
  ASSERT_EQ(all.size(), 1u);
  ASSERT_NE(all[0].trace, nullptr);
  EXPECT_EQ(all[0].trace->service, "http");
  EXPECT_NE(all[0].trace->history.find('G'), std::string::npos) << all[0].trace->history;
}

std::string_view service_of(std::string_view client_says, std::string_view server_says) {
  const auto bytes = [](std::string_view text) {
    return Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  return identify_service(bytes(client_says), bytes(server_says));
}

using namespace std::string_view_literals;

TEST(Service, IsThatOfTheFirstBytes) {
  EXPECT_EQ(service_of("GET / HTTP/1.1\r\n", ""), "http");
  EXPECT_EQ(service_of("", "HTTP/1.0 200 OK\r\n"), "http");
  EXPECT_EQ(service_of("\x16\x03\x01\x02\x00\x01"sv, ""), "ssl");
  EXPECT_EQ(service_of("SSH-2.0-OpenSSH_9\r\n", ""), "ssh");
  EXPECT_EQ(service_of("EHLO host\r\n", "220 mail ESMTP\r\n"), "smtp");
  EXPECT_EQ(service_of("USER anonymous\r\n", "220 ftp ready\r\n"), "ftp");
  EXPECT_EQ(service_of("CAPA\r\n", "+OK ready\r\n"), "pop3");
  EXPECT_EQ(service_of("a LOGIN x y\r\n", "* OK IMAP4 ready\r\n"), "imap");
  EXPECT_EQ(service_of("NICK joe\r\n", ":irc.example NOTICE\r\n"), "irc");
  EXPECT_EQ(service_of("\0\0\0\x20\xffSMBr"sv, ""), "smb");
  EXPECT_EQ(service_of("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"sv, ""), "ldap_tcp");
  EXPECT_EQ(service_of("hello", "world"), "");
  EXPECT_EQ(service_of("", ""), "");
}

// Nothing is read beyond its end, whatever it is.
TEST(Service, IsLookedForInPiecesOfAnySize) {
  const std::string_view samples[] = {"\x16\x03\x01\x02\x00\x01"sv,
                                      "\x30\x84\x00\x00\x00\x10\x02\x01\x01\x60"sv, "\0\0\0\x20\xffSMBr"sv,
                                      "\x05\x01\x00"sv, "\x10\x0c\0\4MQTT"sv};
  for (const std::string_view sample : samples) {
    for (std::size_t size = 0; size <= sample.size(); ++size) {
      const std::vector<std::uint8_t> exact(sample.begin(),
                                            sample.begin() + static_cast<std::ptrdiff_t>(size));
      (void)identify_service(exact, exact);
      (void)identify_service(exact, {});
    }
  }
}

}  // namespace
}  // namespace restitch
