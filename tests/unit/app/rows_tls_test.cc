#include <gtest/gtest.h>

#include <map>
#include <string>

#include "app/record_rows.h"

namespace restitch {
namespace {

TlsRecord sample() {
  TlsRecord record;
  record.client_hello = record.server_hello = record.established = true;
  record.version = 0x0303;
  record.client_version = 0x0304;
  record.cipher = 0xC02F;
  record.curve = 29;
  record.server_name = "a.example";
  record.client_alpn = {"h2", "http/1.1"};
  record.alpn = "h2";
  record.ja3 = "hash";
  record.ja3s = "other";
  record.client_ciphers = {0x0A0A, 0x1301};
  record.history = "CsiI";
  record.leaf.emplace();
  record.leaf->serial = "8A07";
  record.leaf->sha1 = "aabbcc";
  record.leaf->subject = "CN=a,O=b";
  record.leaf->subject_in_order = "O=b, CN=a";
  record.leaf->not_before = -86'400;
  record.leaf->not_after = 253'402'300'799;
  record.certificates = {"sha"};
  return record;
}

std::map<std::string, LogCell> cells_of(LogFamily family) {
  LogRow row;
  fill_row(row, family, sample(), RowPlace());
  const LogTable& table = tls_table(family);
  EXPECT_EQ(row.size(), table.columns.size());
  std::map<std::string, LogCell> cells;
  for (std::size_t i = 0; i < row.size(); ++i) cells[std::string(table.columns[i].name)] = row[i];
  return cells;
}

std::string text(const LogCell& cell) {
  if (const auto* plain = std::get_if<std::string>(&cell)) return *plain;
  if (const auto* json = std::get_if<JsonText>(&cell)) return json->text;
  if (const auto* list = std::get_if<TextList>(&cell)) return joined(*list);
  return "?";
}

TEST(RowsTlsTest, ZeekHasItsNames) {
  auto cells = cells_of(LogFamily::zeek);
  EXPECT_EQ(text(cells["version"]), "TLSv12");
  EXPECT_EQ(text(cells["cipher"]), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  EXPECT_EQ(text(cells["curve"]), "x25519");
  EXPECT_EQ(text(cells["next_protocol"]), "h2");
  EXPECT_EQ(text(cells["ssl_history"]), "CsiI");
  EXPECT_EQ(text(cells["subject"]), "CN=a,O=b");
  EXPECT_EQ(text(cells["cert_chain_fps"]), "sha");
}

TEST(RowsTlsTest, EveHasSuricatasForms) {
  auto cells = cells_of(LogFamily::eve);
  EXPECT_EQ(text(cells["event_type"]), "tls");
  EXPECT_EQ(text(cells["tls.version"]), "TLS 1.2");
  EXPECT_EQ(text(cells["tls.subject"]), "O=b, CN=a");
  EXPECT_EQ(text(cells["tls.serial"]), "00:8A:07");
  EXPECT_EQ(text(cells["tls.fingerprint"]), "aa:bb:cc");
  EXPECT_EQ(text(cells["tls.notbefore"]), "1969-12-31T00:00:00");
  EXPECT_EQ(text(cells["tls.notafter"]), "9999-12-31T23:59:59");
  EXPECT_EQ(text(cells["tls.client_alpns"]), "h2,http/1.1");
  EXPECT_EQ(text(cells["tls.client_handshake.version"]), "TLS 1.3");
  EXPECT_EQ(text(cells["tls.client_handshake.ciphers"]), "[4865]");
}

TEST(RowsTlsTest, PlainIsWhatWasFound) {
  auto cells = cells_of(LogFamily::plain);
  EXPECT_EQ(text(cells["log"]), "tls");
  EXPECT_EQ(text(cells["server_name"]), "a.example");
  EXPECT_EQ(text(cells["ja3"]), "hash");
  EXPECT_EQ(text(cells["ja3s"]), "other");
}

TEST(RowsTlsTest, ACertificateFillsItsTables) {
  for (const LogFamily family : {LogFamily::zeek, LogFamily::eve, LogFamily::plain}) {
    LogRow row;
    fill_row(row, family, *sample().leaf, RowPlace());
    EXPECT_EQ(row.size(), certificate_table(family).columns.size());
  }
}

}  // namespace
}  // namespace restitch
