#include "app/tls_decryption.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/talk.h"
#include "support/tls_peers.h"

namespace restitch::testing {
namespace {

using Told = std::vector<std::string>;

std::string long_text(std::size_t size) {
  std::string text;
  while (text.size() < size) text += "line " + std::to_string(text.size()) + "\n";
  return text;
}

AppOptions with(const TlsSecrets& secrets) {
  AppOptions options;
  options.secrets = &secrets;
  return options;
}

void play(Talk& talk, const std::vector<TlsPeers::Packet>& packets, std::size_t size = whole) {
  for (const TlsPeers::Packet& packet : packets) {
    packet.direction == client ? talk.client(packet.bytes, size) : talk.server(packet.bytes, size);
  }
}

// What was said comes out as it was, in packets as they were and byte by byte.
void expect_opened(const TlsPeers& peers) {
  TlsSecrets secrets;
  secrets.add_lines(peers.key_log);
  for (const std::size_t size : {whole, std::size_t{1}, std::size_t{1'000}}) {
    Talk talk(with(secrets));
    play(talk, peers.packets, size);
    talk.close();
    EXPECT_EQ(talk.plain_text[0], peers.said[0]) << "in pieces of " << size;
    EXPECT_EQ(talk.plain_text[1], peers.said[1]) << "in pieces of " << size;
    EXPECT_EQ(talk.anomalies(), Told{});
    ASSERT_EQ(talk.all<TlsRecord>().size(), 1U);
    const TlsRecord record = talk.all<TlsRecord>()[0];
    EXPECT_TRUE(record.decrypted);
    EXPECT_TRUE(record.established);
    EXPECT_EQ(record.server_name, "server.example");
    EXPECT_EQ(record.alpn, "http/1.1");
  }
}

void exchange(TlsPeers& peers) {
  peers.shake();
  peers.client("hello");
  peers.server(long_text(40'000));
  peers.client(long_text(20'000));
  peers.server("bye");
  peers.goodbye();
}

TEST(TlsDecryptionTest, EachVersionAndCipherIsOpened) {
  const TlsPeers::Options kinds[] = {
      {.version = TLS1_3_VERSION, .cipher = "TLS_AES_128_GCM_SHA256"},
      {.version = TLS1_3_VERSION, .cipher = "TLS_AES_256_GCM_SHA384"},
      {.version = TLS1_3_VERSION, .cipher = "TLS_CHACHA20_POLY1305_SHA256"},
      {.version = TLS1_2_VERSION, .cipher = "ECDHE-RSA-AES128-GCM-SHA256"},
      {.version = TLS1_2_VERSION, .cipher = "ECDHE-RSA-AES256-GCM-SHA384"},
      {.version = TLS1_2_VERSION, .cipher = "ECDHE-RSA-CHACHA20-POLY1305"},
      {.version = TLS1_2_VERSION, .cipher = "AES128-GCM-SHA256"},
      {.version = TLS1_2_VERSION, .cipher = "ECDHE-RSA-AES128-SHA"},
      {.version = TLS1_2_VERSION, .cipher = "AES256-SHA256"},
      {.version = TLS1_2_VERSION, .cipher = "ECDHE-RSA-AES256-SHA384"},
      {.version = TLS1_2_VERSION, .cipher = "ECDHE-RSA-AES128-SHA", .flags = SSL_OP_NO_ENCRYPT_THEN_MAC},
      {.version = TLS1_2_VERSION, .cipher = "ECDHE-RSA-AES128-SHA256", .flags = SSL_OP_NO_ENCRYPT_THEN_MAC},
      {.version = TLS1_2_VERSION, .cipher = "ECDHE-RSA-AES256-SHA384", .flags = SSL_OP_NO_ENCRYPT_THEN_MAC},
      {.version = TLS1_2_VERSION, .cipher = "AES128-GCM-SHA256", .flags = SSL_OP_NO_EXTENDED_MASTER_SECRET},
      {.version = TLS1_1_VERSION, .cipher = "AES128-SHA"},
      {.version = TLS1_VERSION, .cipher = "AES256-SHA"},
      {.version = TLS1_VERSION, .cipher = "AES128-SHA", .flags = SSL_OP_NO_ENCRYPT_THEN_MAC},
  };
  for (const TlsPeers::Options& kind : kinds) {
    SCOPED_TRACE(std::string(kind.cipher) + " " + std::to_string(kind.version));
    TlsPeers peers(kind);
    exchange(peers);
    expect_opened(peers);
  }
}

TEST(TlsDecryptionTest, AResumedSessionIsOpened) {
  const TlsPeers::Options kinds[] = {
      {.version = TLS1_2_VERSION},                             // by its ticket
      {.version = TLS1_2_VERSION, .flags = SSL_OP_NO_TICKET},  // by its number
      {.version = TLS1_3_VERSION},
  };
  for (const TlsPeers::Options& kind : kinds) {
    TlsPeers peers(kind);
    exchange(peers);
    peers.reconnect(true);
    exchange(peers);
    expect_opened(peers);
    TlsSecrets secrets;
    Talk talk(with(secrets));
    play(talk, peers.packets);
    EXPECT_TRUE(talk.all<TlsRecord>().at(0).resumed);
  }
}

TEST(TlsDecryptionTest, EarlyDataThatIsAcceptedIsOpened) {
  TlsPeers peers({.version = TLS1_3_VERSION, .early_max = 16'384});
  exchange(peers);
  peers.reconnect(true, "early bird\n");
  exchange(peers);
  ASSERT_TRUE(peers.early_accepted());
  expect_opened(peers);
}

TEST(TlsDecryptionTest, EarlyDataThatIsRefusedIsPassedOver) {
  for (const char* groups : {static_cast<const char*>(nullptr), "P-384"}) {
    TlsPeers peers({.version = TLS1_3_VERSION, .server_groups = groups, .early_max = 16'384});
    exchange(peers);
    peers.forget_sessions();
    peers.reconnect(true, "early bird\n");
    exchange(peers);
    ASSERT_FALSE(peers.early_accepted());
    peers.said[0].erase(0, std::string_view("early bird\n").size());
    expect_opened(peers);
  }
}

TEST(TlsDecryptionTest, KeysMayChangeAsOftenAsTheyLike) {
  TlsPeers peers({.version = TLS1_3_VERSION});
  peers.shake();
  for (int i = 0; i < 3; ++i) {
    peers.client("one");
    peers.update_keys(true, i == 1);
    peers.client("two");
    peers.update_keys(false, i == 2);
    peers.server("three");
    peers.client("four");
  }
  expect_opened(peers);
}

TEST(TlsDecryptionTest, ARenegotiationIsFollowed) {
  TlsPeers peers({.version = TLS1_2_VERSION,
                  .cipher = "ECDHE-RSA-AES128-GCM-SHA256",
                  .flags = SSL_OP_ALLOW_CLIENT_RENEGOTIATION});
  peers.shake();
  peers.client("before");
  peers.renegotiate();
  peers.client("behind");
  peers.server("too");
  expect_opened(peers);
}

TEST(TlsDecryptionTest, ASecondHelloIsFollowed) {
  TlsPeers peers({.version = TLS1_3_VERSION, .server_groups = "P-384"});
  exchange(peers);
  expect_opened(peers);
  TlsSecrets secrets;
  secrets.add_lines(peers.key_log);
  Talk talk(with(secrets));
  play(talk, peers.packets);
  talk.close();
  const TlsRecord record = talk.all<TlsRecord>().at(0);
  EXPECT_TRUE(record.hello_retry);
  EXPECT_EQ(record.curve, 24);
  EXPECT_EQ(record.history.substr(0, 6), "CjiICs");
}

TEST(TlsDecryptionTest, CertificatesOfBothSidesAreTold) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeers peers({.version = version, .client_certificate = true});
    exchange(peers);
    TlsSecrets secrets;
    secrets.add_lines(peers.key_log);
    Talk talk(with(secrets));
    play(talk, peers.packets);
    talk.close();
    const auto certificates = talk.all<CertificateRecord>();
    ASSERT_EQ(certificates.size(), 2U);
    EXPECT_EQ(certificates[0].direction, server);
    EXPECT_EQ(certificates[0].subject, "CN=server.example,O=A\\, B,C=DE");
    EXPECT_EQ(certificates[0].subject_in_order, "C=DE, O=A, B, CN=server.example");
    EXPECT_EQ(certificates[0].serial, "A1B2");
    EXPECT_EQ(certificates[0].key_type, "rsa");
    EXPECT_EQ(certificates[0].key_bits, 2048U);
    EXPECT_EQ(certificates[0].not_before, 1'577'934'245);
    EXPECT_EQ(certificates[0].not_after, 253'402'300'799);
    EXPECT_EQ(certificates[1].direction, client);
    const TlsRecord record = talk.all<TlsRecord>().at(0);
    EXPECT_EQ(record.certificates, Told{certificates[0].sha256});
    EXPECT_EQ(record.client_certificates, Told{certificates[1].sha256});
    EXPECT_EQ(record.client_leaf->subject, "CN=client.example,O=A\\, B,C=DE");
  }
}

TEST(TlsDecryptionTest, WhatWasOpenedKnowsItsRecord) {
  struct Origins : Talk {
    using Talk::Talk;
    void plain(const FindingPlace& place, TcpFlowDirection direction, Bytes bytes,
               const Origin& origin) override {
      Talk::plain(place, direction, bytes, origin);
      origins.push_back(origin);
    }
    std::vector<Origin> origins;
  };
  TlsPeers peers({.version = TLS1_2_VERSION, .cipher = "ECDHE-RSA-AES128-GCM-SHA256"});
  peers.shake();
  peers.client("hello");
  TlsSecrets secrets;
  secrets.add_lines(peers.key_log);
  Origins talk(with(secrets));
  play(talk, peers.packets);
  std::size_t sent = 0;
  for (const TlsPeers::Packet& packet : peers.packets)
    sent += packet.direction == client ? packet.bytes.size() : 0;
  ASSERT_EQ(talk.origins.size(), 1U);
  EXPECT_EQ(talk.origins[0].size, 5U + 8 + 5 + 16);
  EXPECT_EQ(talk.origins[0].offset + talk.origins[0].size, sent);
  EXPECT_EQ(talk.origins[0].packet, peers.packets.size());
}

// ---- Gaps and wrong keys ---------------------------------------------------------------------------

// The last packets, each a record of the client, without some of their bytes.
std::string behind_gap(const TlsPeers::Options& options, std::size_t first, std::size_t count,
                       std::size_t from, std::size_t piece, Told* told = nullptr) {
  TlsPeers peers(options);
  peers.shake();
  const std::size_t begun = peers.packets.size();
  for (int i = 0; i < 8; ++i) peers.client("record " + std::to_string(i) + ";");
  TlsSecrets secrets;
  secrets.add_lines(peers.key_log);
  Talk talk(with(secrets));
  std::vector<TlsPeers::Packet> packets = peers.packets;
  packets.resize(begun);
  play(talk, packets, piece);
  std::string said;
  for (std::size_t i = begun; i < peers.packets.size(); ++i) said += peers.packets[i].bytes;
  const std::size_t size = said.size() / 8;
  const std::size_t at = first * size + from;
  talk.client(std::string_view(said).substr(0, at), piece);
  talk.gap(client, count * size);
  talk.client(std::string_view(said).substr(at + count * size), piece);
  talk.close();
  if (told != nullptr) *told = talk.anomalies();
  return talk.plain_text[0];
}

TEST(TlsDecryptionTest, BehindAGapItGoesOn) {
  const TlsPeers::Options kinds[] = {
      {.version = TLS1_3_VERSION, .cipher = "TLS_AES_128_GCM_SHA256"},
      {.version = TLS1_2_VERSION, .cipher = "ECDHE-RSA-AES128-GCM-SHA256"},
      {.version = TLS1_2_VERSION, .cipher = "ECDHE-RSA-CHACHA20-POLY1305"},
      {.version = TLS1_2_VERSION, .cipher = "ECDHE-RSA-AES128-SHA"},
      {.version = TLS1_1_VERSION, .cipher = "AES128-SHA", .flags = SSL_OP_NO_ENCRYPT_THEN_MAC},
  };
  for (const TlsPeers::Options& kind : kinds) {
    for (const std::size_t piece : {whole, std::size_t{1}}) {
      SCOPED_TRACE(kind.cipher);
      Told told;
      // Whole records are missing.
      EXPECT_EQ(behind_gap(kind, 2, 3, 0, piece, &told), "record 0;record 1;record 5;record 6;record 7;");
      EXPECT_EQ(told, Told{});
      // The end of one, and the beginning of another.
      EXPECT_EQ(behind_gap(kind, 2, 3, 7, piece, &told), "record 0;record 1;record 6;record 7;");
      EXPECT_EQ(told, Told{});
    }
  }
}

TEST(TlsDecryptionTest, ARecordThatOnlyLosesItsMiddleCostsNoOther) {
  TlsPeers peers({.version = TLS1_3_VERSION, .cipher = "TLS_AES_128_GCM_SHA256"});
  peers.shake();
  peers.client("one;");
  peers.client("two;");
  peers.client("three;");
  TlsSecrets secrets;
  secrets.add_lines(peers.key_log);
  Talk talk(with(secrets));
  const std::size_t last = peers.packets.size();
  for (std::size_t i = 0; i < last; ++i) {
    const std::string& bytes = peers.packets[i].bytes;
    if (i != last - 2) {
      play(talk, {peers.packets[i]});
      continue;
    }
    talk.client(bytes.substr(0, 6));
    talk.gap(client, 4);
    talk.client(bytes.substr(10));
  }
  EXPECT_EQ(talk.plain_text[0], "one;three;");
}

TEST(TlsDecryptionTest, InTheOldestVersionARecordBehindAGapIsTheIvOfTheNext) {
  const TlsPeers::Options kind{
      .version = TLS1_VERSION, .cipher = "AES128-SHA", .flags = SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS};
  EXPECT_EQ(behind_gap(kind, 2, 3, 0, whole), "record 0;record 1;record 6;record 7;");
}

TEST(TlsDecryptionTest, AWrongKeyIsToldOnce) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeers peers({.version = version});
    exchange(peers);
    // Every secret is another one.
    std::string wrong;
    for (std::size_t at = 0; at < peers.key_log.size();) {
      const std::size_t end = peers.key_log.find('\n', at);
      std::string line = peers.key_log.substr(at, end - at);
      line.back() = line.back() == '0' ? '1' : '0';
      wrong += line + "\n";
      at = end + 1;
    }
    TlsSecrets secrets;
    secrets.add_lines(wrong);
    for (const std::size_t size : {whole, std::size_t{1}}) {
      Talk talk(with(secrets));
      play(talk, peers.packets, size);
      talk.close();
      EXPECT_EQ(talk.anomalies(), Told{"tls_wrong_key"});
      EXPECT_EQ(talk.plain_text[0] + talk.plain_text[1], "");
      ASSERT_EQ(talk.all<TlsRecord>().size(), 1U);
      EXPECT_TRUE(talk.all<TlsRecord>()[0].established);
      EXPECT_FALSE(talk.all<TlsRecord>()[0].decrypted);
    }
  }
}

TEST(TlsDecryptionTest, WithoutKeysNothingIsHeld) {
  TlsPeers peers({.version = TLS1_3_VERSION});
  peers.shake();
  TlsSecrets secrets;
  Talk talk(with(secrets));
  play(talk, peers.packets);
  peers.packets.clear();
  peers.server(long_text(30'000));
  for (const TlsPeers::Packet& packet : peers.packets) talk.server(packet.bytes, 100);
  EXPECT_EQ(talk.conversation->held(), 0U);
  EXPECT_EQ(secrets.unknown(), 1U);
}

TEST(TlsDecryptionTest, AKeyLogThatGrowsMayComeLate) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeers peers({.version = version});
    exchange(peers);
    TlsSecrets secrets;
    secrets.set_growing(true);
    Talk talk(with(secrets));
    const std::size_t half = peers.packets.size() / 2;
    play(talk, {peers.packets.begin(), peers.packets.begin() + static_cast<std::ptrdiff_t>(half)});
    EXPECT_EQ(talk.plain_text[0] + talk.plain_text[1], "");
    EXPECT_EQ(secrets.unknown(), 1U);
    secrets.add_lines(peers.key_log);
    play(talk, {peers.packets.begin() + static_cast<std::ptrdiff_t>(half), peers.packets.end()});
    talk.close();
    EXPECT_EQ(talk.plain_text[0], peers.said[0]);
    EXPECT_EQ(talk.plain_text[1], peers.said[1]);
  }
}

TEST(TlsDecryptionTest, OneDirectionMayComeLongBeforeTheOther) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeers peers({.version = version});
    peers.shake();
    peers.client("question");
    peers.server("answer");
    TlsSecrets secrets;
    secrets.add_lines(peers.key_log);
    for (const TcpFlowDirection first : {client, server}) {
      Talk talk(with(secrets));
      for (const TlsPeers::Packet& packet : peers.packets) {
        if (packet.direction == first) play(talk, {packet});
      }
      for (const TlsPeers::Packet& packet : peers.packets) {
        if (packet.direction != first) play(talk, {packet});
      }
      talk.close();
      EXPECT_EQ(talk.plain_text[0], peers.said[0]);
      EXPECT_EQ(talk.plain_text[1], peers.said[1]);
    }
  }
}

}  // namespace
}  // namespace restitch::testing
