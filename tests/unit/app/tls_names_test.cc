#include "app/tls_names.h"

#include <gtest/gtest.h>

namespace restitch {
namespace {

TEST(TlsNamesTest, WhatIsKnownHasItsName) {
  EXPECT_EQ(tls_cipher_name(0x1301), "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(tls_cipher_name(0xC02F), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  EXPECT_EQ(tls_group_name(29), "x25519");
  EXPECT_EQ(tls_alert_name(48), "unknown_ca");
  EXPECT_EQ(tls_version_name(0x0303), "TLSv12");
  EXPECT_EQ(tls_version_spoken(0x0303), "TLS 1.2");
}

TEST(TlsNamesTest, WhatIsNotKnownHasItsNumber) {
  EXPECT_EQ(tls_cipher_name(0xFFFF), "unknown-65535");
  EXPECT_EQ(tls_group_name(0), "unknown-0");
  EXPECT_EQ(tls_alert_name(255), "unknown-255");
  EXPECT_EQ(tls_version_name(0x7E01), "unknown-32257");
  EXPECT_EQ(tls_version_spoken(0xABCD), "0xabcd");
}

TEST(TlsNamesTest, DraftsHaveTheirNumber) {
  EXPECT_EQ(tls_version_name(0x7F17), "TLSv13-draft23");
  EXPECT_EQ(tls_version_spoken(0x7F17), "TLS 1.3 draft-23");
}

TEST(TlsNamesTest, LettersAreThoseOfTheHistory) {
  EXPECT_EQ(tls_message_letter(1), 'c');
  EXPECT_EQ(tls_message_letter(11), 'x');
  EXPECT_EQ(tls_message_letter(24), 'p');
  EXPECT_EQ(tls_message_letter(7), 'z');
  EXPECT_EQ(tls_message_letter(200), 'z');
}

}  // namespace
}  // namespace restitch
