// TlsSuite: what a cipher suite means for decryption, read off its name. A value; any thread.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <optional>

namespace restitch {

enum class TlsCipherMode : std::uint8_t { gcm, chacha, cbc };

struct TlsSuite {
  TlsCipherMode mode = TlsCipherMode::gcm;
  const EVP_CIPHER* cipher = nullptr;
  const EVP_MD* hash = nullptr;  // of its key derivation, in TLS 1.2 and 1.3
  const EVP_MD* mac = nullptr;   // of CBC
  std::size_t key_size = 0;

  static constexpr std::size_t nonce_size = 12;
  static constexpr std::size_t tag_size = 16;
  static constexpr std::size_t block_size = 16;
};

// Nothing: it is not one that can be decrypted here.
std::optional<TlsSuite> tls_suite(std::uint16_t cipher);

}  // namespace restitch
