#include "restitch/app/tls_secrets.h"

#include <gtest/gtest.h>

#include <string>

namespace restitch {
namespace {

const std::string random_a(64, 'a');
const std::string master_line = "CLIENT_RANDOM " + random_a + " " + std::string(96, '1');

TlsSecrets::Random random_of(std::uint8_t byte) {
  TlsSecrets::Random random;
  random.fill(byte);
  return random;
}

TEST(TlsSecretsTest, EachKindHasItsPlace) {
  TlsSecrets secrets;
  const std::string rest = " " + random_a + " ";
  EXPECT_EQ(secrets.add_lines(
                "# comment\n\n" + master_line + "\r\nCLIENT_EARLY_TRAFFIC_SECRET" + rest +
                std::string(64, '2') + "\nCLIENT_HANDSHAKE_TRAFFIC_SECRET" + rest + std::string(96, '3') +
                "\nSERVER_HANDSHAKE_TRAFFIC_SECRET" + rest + std::string(64, '4') +
                "\nCLIENT_TRAFFIC_SECRET_0" + rest + std::string(64, '5') + "\nSERVER_TRAFFIC_SECRET_0" +
                rest + std::string(64, 'F') + "\nEXPORTER_SECRET" + rest + std::string(64, '6') + "\n"),
            6U);
  EXPECT_EQ(secrets.size(), 1U);
  const auto first = [&](TlsSecretKind kind) { return secrets.find(random_of(0xAA), kind)[0]; };
  EXPECT_EQ(first(TlsSecretKind::master), 0x11);
  EXPECT_EQ(first(TlsSecretKind::client_early), 0x22);
  EXPECT_EQ(secrets.find(random_of(0xAA), TlsSecretKind::client_handshake).size(), 48U);
  EXPECT_EQ(first(TlsSecretKind::server_handshake), 0x44);
  EXPECT_EQ(first(TlsSecretKind::client_traffic), 0x55);
  EXPECT_EQ(first(TlsSecretKind::server_traffic), 0xFF);
  EXPECT_TRUE(secrets.find(random_of(0xBB), TlsSecretKind::master).empty());
}

TEST(TlsSecretsTest, ALineMayComeInParts) {
  for (std::size_t at = 0; at <= master_line.size(); ++at) {
    TlsSecrets secrets;
    secrets.add_lines(master_line.substr(0, at));
    secrets.add_lines(master_line.substr(at));
    EXPECT_TRUE(secrets.knows(random_of(0xAA))) << at;
  }
}

TEST(TlsSecretsTest, ASecretThatWasCutIsReplacedByTheWhole) {
  const std::string line = "CLIENT_TRAFFIC_SECRET_0 " + random_a + " " + std::string(96, '7') + "\n";
  TlsSecrets secrets;
  secrets.add_lines(line.substr(0, line.size() - 33));
  EXPECT_EQ(secrets.find(random_of(0xAA), TlsSecretKind::client_traffic).size(), 32U);
  secrets.add_lines(line.substr(line.size() - 33));
  EXPECT_EQ(secrets.find(random_of(0xAA), TlsSecretKind::client_traffic).size(), 48U);
}

TEST(TlsSecretsTest, WhatIsNoSecretIsPassedOver) {
  TlsSecrets secrets;
  for (const std::string& line :
       {std::string("CLIENT_RANDOM"), "CLIENT_RANDOM " + random_a, "CLIENT_RANDOM " + random_a + " 11",
        "CLIENT_RANDOM " + random_a + " " + std::string(95, '1'),
        "CLIENT_RANDOM " + random_a + "aa " + std::string(96, '1'),
        "CLIENT_RANDOM " + std::string(64, 'g') + " " + std::string(96, '1'), "RSA " + random_a,
        std::string(100'000, 'x'), master_line + std::string(1'000, '1')}) {
    EXPECT_EQ(secrets.add_lines(line + "\n"), 0U);
  }
  EXPECT_EQ(secrets.size(), 0U);
  EXPECT_EQ(secrets.add_lines(master_line + "\n"), 1U);
}

}  // namespace
}  // namespace restitch
