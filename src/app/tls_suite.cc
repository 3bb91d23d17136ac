#include "app/tls_suite.h"

#include <string_view>

#include "app/tls_names.h"

namespace restitch {
namespace {

struct SuiteEnd {
  std::string_view end;
  TlsCipherMode mode;
  const EVP_CIPHER* (*cipher)();
  const EVP_MD* (*hash)();
  const EVP_MD* (*mac)();
};

// By what their names end in, whichever way keys are exchanged.
constexpr SuiteEnd suite_ends[] = {
    {"_AES_128_GCM_SHA256", TlsCipherMode::gcm, EVP_aes_128_gcm, EVP_sha256, nullptr},
    {"_AES_256_GCM_SHA384", TlsCipherMode::gcm, EVP_aes_256_gcm, EVP_sha384, nullptr},
    {"_CHACHA20_POLY1305_SHA256", TlsCipherMode::chacha, EVP_chacha20_poly1305, EVP_sha256, nullptr},
    {"_AES_128_CBC_SHA", TlsCipherMode::cbc, EVP_aes_128_cbc, EVP_sha256, EVP_sha1},
    {"_AES_256_CBC_SHA", TlsCipherMode::cbc, EVP_aes_256_cbc, EVP_sha256, EVP_sha1},
    {"_AES_128_CBC_SHA256", TlsCipherMode::cbc, EVP_aes_128_cbc, EVP_sha256, EVP_sha256},
    {"_AES_256_CBC_SHA256", TlsCipherMode::cbc, EVP_aes_256_cbc, EVP_sha256, EVP_sha256},
    {"_AES_128_CBC_SHA384", TlsCipherMode::cbc, EVP_aes_128_cbc, EVP_sha384, EVP_sha384},
    {"_AES_256_CBC_SHA384", TlsCipherMode::cbc, EVP_aes_256_cbc, EVP_sha384, EVP_sha384},
};

}  // namespace

std::optional<TlsSuite> tls_suite(std::uint16_t cipher) {
  const std::string_view name = tls_cipher_known(cipher);
  for (const SuiteEnd& kind : suite_ends) {
    if (!name.ends_with(kind.end)) continue;
    const EVP_CIPHER* found = kind.cipher();
    return TlsSuite{kind.mode, found, kind.hash(), kind.mac == nullptr ? nullptr : kind.mac(),
                    static_cast<std::size_t>(EVP_CIPHER_get_key_length(found))};
  }
  return std::nullopt;
}

}  // namespace restitch
