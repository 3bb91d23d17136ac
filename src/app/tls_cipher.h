// TlsCipher: takes the protection off the records of one direction, with one set of keys. Owns a context of
// OpenSSL. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "app/tls_keys.h"
#include "app/tls_suite.h"
#include "restitch/packet.h"

namespace restitch {

class TlsCipher {
 public:
  struct Keys {
    TlsKey key;
    TlsKey iv;   // the part of the nonce that is not sent; of CBC in TLS 1.0, the first one
    TlsKey mac;  // of CBC
  };

  // nullptr: OpenSSL refuses.
  static std::unique_ptr<TlsCipher> make(const TlsSuite& suite, std::uint16_t version, bool encrypt_then_mac,
                                         Keys keys);

  // Opens a record with its header: what it holds goes to `out`. Nothing: the record is not what the keys and
  // the number say. It changes nothing then. Requires: out.size() >= record.size().
  std::optional<std::size_t> open(std::uint64_t number, Bytes record, std::span<std::uint8_t> out);
  // Goes on behind a record that could not be opened: in TLS 1.0 its end is the IV of the next one.
  void pass(Bytes record);

 private:
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };

  TlsCipher(const TlsSuite& suite, std::uint16_t version, bool encrypt_then_mac, Keys keys)
      : suite_(suite), version_(version), encrypt_then_mac_(encrypt_then_mac), keys_(std::move(keys)) {}
  bool begin();
  std::optional<std::size_t> open_aead(std::uint64_t number, Bytes record, std::span<std::uint8_t> out);
  std::optional<std::size_t> open_blocks(std::uint64_t number, Bytes record, std::span<std::uint8_t> out);
  bool decrypt_blocks(Bytes iv, Bytes blocks, std::span<std::uint8_t> out);
  [[nodiscard]] bool mac_fits(std::uint64_t number, Bytes record, Bytes text, Bytes mac) const;

  TlsSuite suite_;
  std::uint16_t version_;
  bool encrypt_then_mac_;
  Keys keys_;
  std::unique_ptr<EVP_CIPHER_CTX, Free> context_;
};

}  // namespace restitch
