#include "app/tls_analyzer.h"

#include <gtest/gtest.h>

#include <string>

#include "support/talk.h"
#include "support/tls_hellos.h"

namespace restitch::testing {
namespace {

using namespace std::string_literals;
using Told = std::vector<std::string>;

const std::string change = tls_record(20, "\x01");

TlsRecord only(const Talk& talk) {
  const auto records = talk.all<TlsRecord>();
  EXPECT_EQ(records.size(), 1U);
  return records.empty() ? TlsRecord() : records[0];
}

TEST(TlsAnalyzerTest, AHandshakeIsToldOnceItIsEstablished) {
  for (const std::size_t size : {std::string::npos, std::size_t{1}}) {
    Talk talk;
    talk.client(tls_client_hello("a.example", tls_extension(16, tls_list(tls_list("h2", 1), 2))), size);
    talk.server(tls_server_hello(tls_extension(16, tls_list(tls_list("h2", 1), 2))) +
                    tls_record(22, tls_message(12, "\x03\0\x1D..."s) + tls_message(14, "")),
                size);
    talk.client(tls_record(22, tls_message(16, "key")) + change + tls_record(22, "finished"), size);
    talk.server(change, size);
    EXPECT_TRUE(talk.all<TlsRecord>().empty());
    talk.server(tls_record(22, "finished"), size);
    const TlsRecord record = only(talk);
    EXPECT_TRUE(record.established);
    EXPECT_EQ(record.history, "CsknGIi");
    EXPECT_EQ(record.server_name, "a.example");
    EXPECT_EQ(record.client_alpn, Told{"h2"});
    EXPECT_EQ(record.alpn, "h2");
    EXPECT_EQ(record.version, 0x0303);
    EXPECT_EQ(record.cipher, 0xC02F);
    EXPECT_EQ(record.curve, 29);
    EXPECT_EQ(record.ja3_text, "771,4865-49199,0-16,,");
    EXPECT_EQ(record.ja3s_text, "771,49199,16");
    EXPECT_EQ(record.ja3.size(), 32U);
    EXPECT_EQ(record.reported.packet, 5U);
    talk.client(tls_record(23, std::string(1'000, 'x')), size);
    talk.close();
    EXPECT_EQ(talk.conversation->held(), 0U);
    EXPECT_EQ(talk.all<TlsRecord>().size(), 1U);
    EXPECT_EQ(talk.conversation->service(), "ssl");
    EXPECT_EQ(talk.anomalies(), Told{});
  }
}

TEST(TlsAnalyzerTest, AHandshakeThatFailsIsToldAtTheEnd) {
  Talk talk;
  talk.client(tls_client_hello("a.example"));
  talk.server(tls_record(21, "\x02\x28"));
  EXPECT_TRUE(talk.all<TlsRecord>().empty());
  talk.close();
  EXPECT_EQ(only(talk).last_alert, "handshake_failure");
  EXPECT_EQ(only(talk).history, "Cl");
  EXPECT_FALSE(only(talk).established);
  EXPECT_EQ(only(talk).version, 0);
}

TEST(TlsAnalyzerTest, AMessageMayLieInSeveralRecords) {
  const std::string hello = tls_client_hello_message(tls_server_name_extension("split.example"));
  for (std::size_t at = 6; at < hello.size(); at += 7) {
    Talk talk;
    talk.client(tls_record(22, hello.substr(0, at)) + tls_record(22, hello.substr(at)), 3);
    talk.close();
    EXPECT_EQ(only(talk).server_name, "split.example");
  }
}

TEST(TlsAnalyzerTest, ASessionMayBeResumed) {
  const std::string session(32, 'i');
  Talk talk;
  talk.client(tls_record(22, tls_client_hello_message("", session)));
  talk.server(tls_server_hello("", 0xC02F, session) + change + tls_record(22, "finished"));
  talk.client(change + tls_record(22, "finished"));
  EXPECT_TRUE(only(talk).resumed);
  EXPECT_EQ(only(talk).history, "CsiI");
}

TEST(TlsAnalyzerTest, AClientMaySpeakTheOldForm) {
  const std::string hello = "\x01\x03\x01"s + tls_number(3, 2) + tls_number(0, 2) + tls_number(16, 2) +
                            "\0\0\x2F"s + std::string(16, 'r');
  Talk talk;
  talk.client(tls_number(0x8000 | hello.size(), 2) + hello, 1);
  talk.server(tls_server_hello("", 0x002F));
  talk.close();
  EXPECT_EQ(only(talk).client_ciphers, std::vector<std::uint16_t>{0x2F});
  EXPECT_EQ(only(talk).client_version, 0x0301);
  EXPECT_EQ(only(talk).history, "Cs");
}

TEST(TlsAnalyzerTest, ASecondHelloBelongsToTheFirst) {
  const std::string retry =
      "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07"
      "\x9E\x09\xE2"
      "\xC8\xA8\x33\x9C"s;
  const std::string tls13 = tls_extension(43, "\x03\x04");
  Talk talk;
  talk.client(tls_client_hello("a.example"));
  talk.server(tls_server_hello(tls13 + tls_extension(51, "\0\x18"s), 0x1301, "", retry) + change);
  talk.client(change + tls_client_hello("a.example"));
  talk.server(tls_server_hello(tls13 + tls_extension(51, "\0\x18\0\0"s), 0x1301) + tls_record(23, "flight"));
  talk.client(tls_record(23, "flight"));
  EXPECT_EQ(only(talk).history, "CjiICs");
  EXPECT_TRUE(only(talk).hello_retry);
  EXPECT_TRUE(only(talk).established);
  EXPECT_EQ(only(talk).version, 0x0304);
  EXPECT_EQ(only(talk).curve, 24);
}

TEST(TlsAnalyzerTest, WhatIsNoCertificateIsTold) {
  Talk talk;
  talk.client(tls_client_hello("a.example"));
  talk.server(tls_server_hello() + tls_record(22, tls_message(11, tls_list(tls_list("no DER", 3), 3))));
  EXPECT_EQ(talk.anomalies(), Told{"tls_bad_certificate"});
}

TEST(TlsAnalyzerTest, ALongMessageIsToldAndPassedOver) {
  Talk talk;
  talk.client(tls_client_hello("a.example"));
  std::string rest = tls_message(11, std::string(70'000, 'x')) + tls_message(14, "");
  std::string said = tls_server_hello();
  for (; !rest.empty(); rest.erase(0, 10'000)) said += tls_record(22, rest.substr(0, 10'000));
  talk.server(said, 1'000);
  talk.close();
  EXPECT_EQ(talk.anomalies(), Told{"tls_message_too_long"});
  EXPECT_EQ(only(talk).history, "Csn");
}

TEST(TlsAnalyzerTest, WhatIsNoRecordIsTold) {
  Talk talk;
  talk.client(tls_client_hello("a.example") + "GET / HTTP/1.1\r\n");
  talk.client("more");
  talk.server(tls_server_hello());
  talk.close();
  EXPECT_EQ(talk.anomalies(), Told{"tls_bad_record"});
  EXPECT_EQ(only(talk).history, "Cs");
}

TEST(TlsAnalyzerTest, BehindAGapTheNextRecordIsFound) {
  for (const std::size_t size : {std::string::npos, std::size_t{1}}) {
    Talk talk;
    talk.client(tls_client_hello("a.example"), size);
    talk.server(tls_server_hello().substr(0, 20), size);
    talk.gap(server, 3'000);
    talk.server("rest of a certificate" + tls_record(22, tls_message(14, "")) + change, size);
    talk.client(tls_record(22, tls_message(16, "key")) + change + tls_record(22, "finished"), size);
    talk.server(tls_record(22, "finished"), size);
    talk.close();
    EXPECT_EQ(only(talk).history, "CniGI");
    EXPECT_TRUE(only(talk).established);
    EXPECT_FALSE(only(talk).server_hello);
  }
}

TEST(TlsAnalyzerTest, AServerAloneIsEnough) {
  Talk talk;
  talk.server(tls_server_hello());
  talk.close();
  EXPECT_TRUE(only(talk).server_hello);
  EXPECT_FALSE(only(talk).client_hello);
}

TEST(TlsAnalyzerTest, WhatOnlyLooksLikeARecordIsNotTaken) {
  for (const std::string& text : {"\x16\x03\x01\x00\x05\x02hello"s, "\x16\x02\x00"s, "\x17\x03\x03\x00\x10"s,
                                  "\x80\x2E\x04"s, "\x16\x03\x01\xFF\xFF\x01\0\0\x40\x03\x03"s}) {
    Talk talk;
    talk.client(text);
    EXPECT_TRUE(talk.conversation->raw());
  }
}

TEST(TlsAnalyzerTest, AGapOfDataDisturbsNobody) {
  Talk talk;
  talk.client(tls_client_hello("a.example"));
  talk.gap(client, 5'000);
  talk.close();
  EXPECT_EQ(only(talk).server_name, "a.example");
}

}  // namespace
}  // namespace restitch::testing
