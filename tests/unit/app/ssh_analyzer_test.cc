#include "app/ssh_analyzer.h"

#include <gtest/gtest.h>

#include <string>

#include "app/digests.h"
#include "support/talk.h"

namespace restitch::testing {
namespace {

std::string be32(std::size_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 255);
  return text;
}

// With these names in its first lists, and "none" in the last two.
std::string kexinit(std::initializer_list<std::string> names) {
  std::string payload = "\x14" + std::string(16, 'c');
  for (const std::string& list : names) payload += be32(list.size()) + list;
  payload += be32(0) + be32(0) + std::string(5, '\0');
  return be32(payload.size() + 1 + 4) + '\4' + payload + "pads";
}

const std::string client_kex = kexinit({"k1,k2", "h1,h2", "c1,c2", "c3", "m1", "m2", "none", "zip"});
const std::string server_kex = kexinit({"k2", "h2,h1", "c2", "c3", "m1", "m2", "none", "none"});

TEST(SshAnalyzerTest, BothSidesAreOneRecord) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.server("SSH-2.0-OpenSSH_9.2 Debian-2\r\n", size);
    talk.client("SSH-2.0-PuTTY\r\n" + client_kex + "encrypted", size);
    EXPECT_TRUE(talk.all<SshRecord>().empty());
    talk.server(server_kex + "encrypted", size);
    const auto records = talk.all<SshRecord>();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].client_protocol, "2.0");
    EXPECT_EQ(records[0].client_software, "PuTTY");
    EXPECT_EQ(records[0].server_software, "OpenSSH_9.2");
    EXPECT_EQ(records[0].server_line, "SSH-2.0-OpenSSH_9.2 Debian-2");
    EXPECT_EQ(records[0].client_hassh_text, "k1,k2;c1,c2;m1;none");
    EXPECT_EQ(records[0].client_hassh, md5_hex("k1,k2;c1,c2;m1;none"));
    EXPECT_EQ(records[0].server_hassh_text, "k2;c3;m2;none");
    EXPECT_EQ(records[0].key_exchange, "k2");
    EXPECT_EQ(records[0].host_key, "h1");
    EXPECT_EQ(records[0].cipher, "c2");
    EXPECT_EQ(talk.conversation->service(), "ssh");
    EXPECT_EQ(talk.conversation->held(), 0U);
    talk.close();
    EXPECT_EQ(talk.all<SshRecord>().size(), 1U);
  }
}

TEST(SshAnalyzerTest, WhatIsKnownIsToldAtTheEnd) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.server("SSH-1.99-Cisco\n", size);
    talk.client("SSH-2.0-x\r\n" + client_kex.substr(0, 40), size);
    talk.close();
    const auto records = talk.all<SshRecord>();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].server_protocol, "1.99");
    EXPECT_EQ(records[0].client_hassh, "");
  }
}

TEST(SshAnalyzerTest, VersionOneHasNoOffer) {
  Talk talk;
  talk.server("SSH-1.5-old\n");
  talk.client("SSH-1.5-older\n");
  EXPECT_EQ(talk.all<SshRecord>().size(), 1U);
}

TEST(SshAnalyzerTest, AGapEndsItsSide) {
  Talk talk;
  talk.server("SSH-2.0-a\r\n");
  talk.gap(TcpFlowDirection::server_to_client, 100);
  talk.client("SSH-2.0-b\r\n" + client_kex);
  ASSERT_EQ(talk.all<SshRecord>().size(), 1U);
  EXPECT_NE(talk.all<SshRecord>()[0].client_hassh, "");
}

TEST(SshAnalyzerTest, ALengthThatIsALieEndsItsSide) {
  Talk talk;
  talk.server("SSH-2.0-a\r\n" + be32(0xffff'ffff) + "\4\x14");
  std::string lists = kexinit({std::string("k"), "h"});
  lists[23] = '\x7f';  // the length of the first list
  talk.client("SSH-2.0-b\r\n" + lists);
  ASSERT_EQ(talk.all<SshRecord>().size(), 1U);
  EXPECT_EQ(talk.all<SshRecord>()[0].client_hassh, "");
}

}  // namespace
}  // namespace restitch::testing
