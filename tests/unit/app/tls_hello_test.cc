#include "app/tls_hello.h"

#include <gtest/gtest.h>

#include "support/tls_hellos.h"

namespace restitch::testing {
namespace {

using namespace std::string_literals;

std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

// Without the header of the message.
std::vector<std::uint8_t> hello_body(const std::string& extensions) {
  return bytes_of(tls_client_hello_message(extensions).substr(4));
}

TEST(TlsHelloTest, AClientHelloIsReadAsAWhole) {
  const auto body = hello_body(
      tls_server_name_extension("a.example") + tls_extension(0x2A2A, "") +
      tls_extension(10, tls_list(tls_number(0x3A3A, 2) + tls_number(29, 2), 2)) +
      tls_extension(11, tls_list("\0"s, 1)) + tls_extension(13, tls_list(tls_number(0x0403, 2), 2)) +
      tls_extension(16, tls_list(tls_list("h2", 1) + tls_list("http/1.1", 1), 2)) +
      tls_extension(43, tls_list(tls_number(0x4A4A, 2) + tls_number(0x0304, 2) + tls_number(0x0303, 2), 1)) +
      tls_extension(35, "ticket") + tls_extension(42, "") + tls_extension(41, "psk"));
  const auto hello = parse_client_hello(body);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->version, 0x0303);
  EXPECT_EQ(hello->highest_version(), 0x0304);
  EXPECT_EQ(hello->server_name, "a.example");
  EXPECT_EQ(hello->alpn, (std::vector<std::string>{"h2", "http/1.1"}));
  EXPECT_EQ(hello->groups, (std::vector<std::uint16_t>{0x3A3A, 29}));
  EXPECT_EQ(hello->signatures, std::vector<std::uint16_t>{0x0403});
  EXPECT_EQ(hello->extensions, (std::vector<std::uint16_t>{0, 0x2A2A, 10, 11, 13, 16, 43, 35, 42, 41}));
  EXPECT_TRUE(hello->ticket);
  EXPECT_TRUE(hello->early_data);
  EXPECT_TRUE(hello->shared_key);
}

TEST(TlsHelloTest, AHelloCutAnywhereNeverReadsBeyond) {
  const auto whole =
      hello_body(tls_server_name_extension("a.example") + tls_extension(16, tls_list(tls_list("h2", 1), 2)));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::uint8_t> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto hello = parse_client_hello(part);
    if (hello) {
      EXPECT_LE(hello->extensions.size(), 2U);
    }
    (void)parse_server_hello(part);
    (void)parse_old_client_hello(part);
    (void)parse_encrypted_extensions(part);
  }
}

TEST(TlsHelloTest, AnExtensionThatIsCutIsLeftOut) {
  const auto hello =
      parse_client_hello(hello_body(tls_server_name_extension("a.example") + "\0\x10\xFF\xFF\0"s));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->server_name, "a.example");
  EXPECT_EQ(hello->extensions, std::vector<std::uint16_t>{0});
}

TEST(TlsHelloTest, AServerHelloSaysWhatItChose) {
  const std::string record =
      tls_server_hello(tls_extension(43, "\x03\x04") + tls_extension(51, "\0\x1D\0\0"s) +
                           tls_extension(41, "\0\0"s) + tls_extension(22, ""),
                       0x1301);
  const auto hello = parse_server_hello(bytes_of(record.substr(9)));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->version, 0x0303);
  EXPECT_EQ(hello->negotiated(), 0x0304);
  EXPECT_EQ(hello->group, 29);
  EXPECT_EQ(hello->cipher, 0x1301);
  EXPECT_TRUE(hello->shared_key);
  EXPECT_TRUE(hello->encrypt_then_mac);
  EXPECT_FALSE(hello->retry);
}

TEST(TlsHelloTest, GreaseIsKnown) {
  EXPECT_TRUE(is_grease(0x0A0A));
  EXPECT_TRUE(is_grease(0xFAFA));
  EXPECT_FALSE(is_grease(0x0A1A));
  EXPECT_FALSE(is_grease(0x1301));
}

}  // namespace
}  // namespace restitch::testing
