#include "app/tls_fingerprints.h"

#include <gtest/gtest.h>

#include "app/digests.h"

namespace restitch {
namespace {

TlsClientHello sample_hello() {
  TlsClientHello hello;
  hello.version = 0x0303;
  hello.ciphers = {0x0A0A, 0x1301, 0xC02F};
  hello.extensions = {0x1A1A, 0, 16, 10, 11, 13, 43};
  hello.groups = {0x2A2A, 29, 23};
  hello.point_formats = {0};
  hello.signatures = {0x0403, 0x0804};
  hello.versions = {0x3A3A, 0x0304, 0x0303};
  hello.alpn = {"h2", "http/1.1"};
  return hello;
}

TEST(TlsFingerprintsTest, Ja3LeavesGreaseOut) {
  EXPECT_EQ(ja3_text(sample_hello()), "771,4865-49199,0-16-10-11-13-43,29-23,0");
  EXPECT_EQ(ja3_text(TlsClientHello()), "0,,,,");
  EXPECT_EQ(md5_hex("771,4865,,,"), "ea1e247991e541e39bf918cb7cfa5139");
}

TEST(TlsFingerprintsTest, Ja3sIsWhatTheServerChose) {
  TlsServerHello hello;
  hello.version = 0x0303;
  hello.cipher = 0x1301;
  hello.extensions = {43, 51};
  EXPECT_EQ(ja3s_text(hello), "771,4865,43-51");
}

std::string hashed(std::string_view text) {
  return sha256_hex(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())).substr(0, 12);
}

TEST(TlsFingerprintsTest, Ja4SortsWhatClientsShuffle) {
  EXPECT_EQ(ja4_of(sample_hello()),
            "t13d0206h2_" + hashed("1301,c02f") + "_" + hashed("000a,000b,000d,002b_0403,0804"));
  TlsClientHello shuffled = sample_hello();
  std::swap(shuffled.extensions[3], shuffled.extensions[5]);
  std::swap(shuffled.ciphers[1], shuffled.ciphers[2]);
  EXPECT_EQ(ja4_of(shuffled), ja4_of(sample_hello()));
}

TEST(TlsFingerprintsTest, Ja4HasPlaceholdersForWhatIsMissing) {
  TlsClientHello hello;
  hello.version = 0x0301;
  EXPECT_EQ(ja4_of(hello), "t10i000000_000000000000_000000000000");
  hello.alpn = {"\xAB\xCD"};
  EXPECT_EQ(ja4_of(hello).substr(0, 10), "t10i0000ad");
}

TEST(TlsFingerprintsTest, Ja4WithoutSignaturesEndsWithTheExtensions) {
  TlsClientHello hello = sample_hello();
  hello.signatures.clear();
  EXPECT_EQ(ja4_of(hello).substr(24), hashed("000a,000b,000d,002b"));
}

}  // namespace
}  // namespace restitch
