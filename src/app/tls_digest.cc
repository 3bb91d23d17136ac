#include "app/tls_digest.h"

#include <openssl/evp.h>

#include <array>

namespace restitch {
namespace {

std::string digest_hex(const EVP_MD* kind, Bytes bytes) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  // MD5 may be switched off, as by FIPS: then there is none.
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, kind, nullptr) != 1) return {};
  return hex_of(Bytes(digest.data(), size));
}

}  // namespace

std::string hex_of(Bytes bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string md5_hex(std::string_view text) {
  return digest_hex(EVP_md5(), Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

std::string sha1_hex(Bytes bytes) { return digest_hex(EVP_sha1(), bytes); }

std::string sha256_hex(Bytes bytes) { return digest_hex(EVP_sha256(), bytes); }

}  // namespace restitch
