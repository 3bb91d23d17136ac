#include "app/tls_certificate.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <string>
#include <vector>

#include "support/tls_peers.h"

namespace restitch::testing {
namespace {

using Told = std::vector<std::string>;

std::vector<std::uint8_t> der_of(X509* certificate) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  std::vector<std::uint8_t> bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

void extend(X509* certificate, int kind, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

TEST(TlsCertificateTest, NamesAndConstraintsAreRead) {
  const TlsCertificate made = tls_test_certificate("a.example");
  extend(made.get(), NID_subject_alt_name,
         "DNS:a.example,DNS:*.b.example,IP:192.0.2.1,IP:2001:db8::1,URI:http://a/,email:x@a");
  extend(made.get(), NID_basic_constraints, "CA:TRUE,pathlen:3");
  X509_sign(made.get(), tls_test_key(), EVP_sha256());
  const auto record = certificate_of(der_of(made.get()));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->version, 3U);
  EXPECT_EQ(record->dns_names, (Told{"a.example", "*.b.example"}));
  EXPECT_EQ(record->addresses, (Told{"192.0.2.1", "2001:db8::1"}));
  EXPECT_EQ(record->uris, Told{"http://a/"});
  EXPECT_EQ(record->emails, Told{"x@a"});
  EXPECT_TRUE(record->is_authority);
  EXPECT_EQ(record->path_max, 3);
  EXPECT_EQ(record->key_algorithm, "rsaEncryption");
  EXPECT_EQ(record->signature_algorithm, "sha256WithRSAEncryption");
  EXPECT_EQ(record->exponent, "65537");
  EXPECT_EQ(record->sha256.size(), 64U);
  EXPECT_EQ(record->sha1.size(), 40U);
}

TEST(TlsCertificateTest, ACutCertificateIsNone) {
  const std::vector<std::uint8_t> whole = der_of(tls_test_certificate("a.example").get());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::uint8_t> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(certificate_of(part));
  }
}

TEST(TlsCertificateTest, DatesGoBackAndForthFar) {
  EXPECT_EQ(certificate_date(0), "1970-01-01T00:00:00");
  EXPECT_EQ(certificate_date(-1), "1969-12-31T23:59:59");
  EXPECT_EQ(certificate_date(-86'400), "1969-12-31T00:00:00");
  EXPECT_EQ(certificate_date(951'782'400), "2000-02-29T00:00:00");
  EXPECT_EQ(certificate_date(253'402'300'799), "9999-12-31T23:59:59");
  EXPECT_EQ(certificate_date(-631'152'000), "1950-01-01T00:00:00");
}

}  // namespace
}  // namespace restitch::testing
