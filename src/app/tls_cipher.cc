#include "app/tls_cipher.h"

#include <openssl/err.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "app/tls_hello.h"
#include "app/tls_layer.h"

namespace restitch {
namespace {

constexpr std::size_t explicit_size = 8;  // of the nonce of GCM in TLS 1.2, in each record
using Nonce = std::array<std::uint8_t, TlsSuite::nonce_size>;

void put_number(std::uint8_t* at, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) *at++ = static_cast<std::uint8_t>(number >> shift & 0xFF);
}

// What a record's protection covers in TLS 1.2 and before, ahead of its text.
std::array<std::uint8_t, 13> covered(std::uint64_t number, Bytes record, std::size_t size) {
  std::array<std::uint8_t, 13> text{};
  put_number(text.data(), number);
  std::copy(record.begin(), record.begin() + 3, text.begin() + 8);
  text[11] = static_cast<std::uint8_t>(size >> 8);
  text[12] = static_cast<std::uint8_t>(size & 0xFF);
  return text;
}

}  // namespace

std::unique_ptr<TlsCipher> TlsCipher::make(const TlsSuite& suite, std::uint16_t version,
                                           bool encrypt_then_mac, Keys keys) {
  if (keys.key.size() != suite.key_size) return nullptr;
  std::unique_ptr<TlsCipher> cipher(new TlsCipher(suite, version, encrypt_then_mac, std::move(keys)));
  if (!cipher->begin()) {
    ERR_clear_error();
    return nullptr;
  }
  return cipher;
}

bool TlsCipher::begin() {
  context_.reset(EVP_CIPHER_CTX_new());
  return context_ != nullptr &&
         EVP_DecryptInit_ex(context_.get(), suite_.cipher, nullptr, keys_.key.data(), nullptr) == 1 &&
         EVP_CIPHER_CTX_set_padding(context_.get(), 0) == 1;
}

std::optional<std::size_t> TlsCipher::open(std::uint64_t number, Bytes record, std::span<std::uint8_t> out) {
  const std::optional<std::size_t> size =
      suite_.mode == TlsCipherMode::cbc ? open_blocks(number, record, out) : open_aead(number, record, out);
  if (!size) ERR_clear_error();
  return size;
}

void TlsCipher::pass(Bytes record) {
  const bool chained = suite_.mode == TlsCipherMode::cbc && version_ < 0x0302;
  const std::size_t behind =
      chained && encrypt_then_mac_ ? static_cast<std::size_t>(EVP_MD_get_size(suite_.mac)) : 0;
  if (!chained || record.size() < TlsHeader::bytes + TlsSuite::block_size + behind) return;
  const Bytes blocks = record.first(record.size() - behind);
  keys_.iv.assign(blocks.end() - TlsSuite::block_size, blocks.end());
}

std::optional<std::size_t> TlsCipher::open_aead(std::uint64_t number, Bytes record,
                                                std::span<std::uint8_t> out) {
  const bool tls13 = is_tls13(version_);
  const bool sends_nonce = !tls13 && suite_.mode == TlsCipherMode::gcm;
  Bytes sealed = record.subspan(TlsHeader::bytes);
  if (sealed.size() < TlsSuite::tag_size + (sends_nonce ? explicit_size : 0)) return std::nullopt;
  Nonce nonce{};
  std::copy(keys_.iv.begin(), keys_.iv.begin() + (sends_nonce ? 4 : 12), nonce.begin());
  if (sends_nonce) {
    std::copy(sealed.begin(), sealed.begin() + explicit_size, nonce.begin() + 4);
    sealed = sealed.subspan(explicit_size);
  } else {
    std::array<std::uint8_t, 8> counted{};
    put_number(counted.data(), number);
    for (std::size_t i = 0; i < counted.size(); ++i) nonce[4 + i] ^= counted[i];
  }
  const Bytes text = sealed.first(sealed.size() - TlsSuite::tag_size);
  std::array<std::uint8_t, TlsSuite::tag_size> tag{};
  std::copy(sealed.end() - TlsSuite::tag_size, sealed.end(), tag.begin());
  const std::array<std::uint8_t, 13> old_cover = covered(number, record, text.size());
  const Bytes cover = tls13 ? record.first(TlsHeader::bytes) : Bytes(old_cover);
  int size = 0;
  int rest = 0;
  const bool good =
      EVP_DecryptInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data()) == 1 &&
      EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()), tag.data()) ==
          1 &&
      EVP_DecryptUpdate(context_.get(), nullptr, &size, cover.data(), static_cast<int>(cover.size())) == 1 &&
      EVP_DecryptUpdate(context_.get(), out.data(), &size, text.data(), static_cast<int>(text.size())) == 1 &&
      EVP_DecryptFinal_ex(context_.get(), out.data() + size, &rest) == 1;
  return good ? std::optional(text.size()) : std::nullopt;
}

// From TLS 1.1 on each record begins with its IV; before, it is the end of the record before.
std::optional<std::size_t> TlsCipher::open_blocks(std::uint64_t number, Bytes record,
                                                  std::span<std::uint8_t> out) {
  constexpr std::size_t block = TlsSuite::block_size;
  const auto mac_size = static_cast<std::size_t>(EVP_MD_get_size(suite_.mac));
  const bool sends_iv = version_ >= 0x0302;
  Bytes sealed = record.subspan(TlsHeader::bytes);
  Bytes outer_mac;
  if (encrypt_then_mac_) {
    if (sealed.size() < mac_size) return std::nullopt;
    outer_mac = sealed.last(mac_size);
    sealed = sealed.first(sealed.size() - mac_size);
    if (!mac_fits(number, record, sealed, outer_mac)) return std::nullopt;
  }
  const Bytes blocks = sends_iv && sealed.size() >= block ? sealed.subspan(block) : sealed;
  if (blocks.empty() || blocks.size() % block != 0 || (sends_iv && sealed.size() < 2 * block))
    return std::nullopt;
  if (!decrypt_blocks(sends_iv ? sealed.first(block) : Bytes(keys_.iv), blocks, out)) return std::nullopt;
  const std::size_t padding = std::size_t{out[blocks.size() - 1]} + 1;
  const std::size_t inner_mac = encrypt_then_mac_ ? 0 : mac_size;
  if (padding + inner_mac > blocks.size()) return std::nullopt;
  const std::size_t size = blocks.size() - padding - inner_mac;
  if (!encrypt_then_mac_ && !mac_fits(number, record, out.first(size), out.subspan(size, mac_size))) {
    return std::nullopt;
  }
  if (!sends_iv) keys_.iv.assign(blocks.end() - block, blocks.end());
  return size;
}

bool TlsCipher::decrypt_blocks(Bytes iv, Bytes blocks, std::span<std::uint8_t> out) {
  int size = 0;
  return iv.size() == TlsSuite::block_size &&
         EVP_DecryptInit_ex(context_.get(), nullptr, nullptr, nullptr, iv.data()) == 1 &&
         EVP_DecryptUpdate(context_.get(), out.data(), &size, blocks.data(),
                           static_cast<int>(blocks.size())) == 1 &&
         static_cast<std::size_t>(size) == blocks.size();
}

bool TlsCipher::mac_fits(std::uint64_t number, Bytes record, Bytes text, Bytes mac) const {
  const std::array<std::uint8_t, 13> cover = covered(number, record, text.size());
  std::vector<std::uint8_t> all(cover.begin(), cover.end());
  all.insert(all.end(), text.begin(), text.end());
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> made{};
  unsigned size = 0;
  if (HMAC(suite_.mac, keys_.mac.data(), static_cast<int>(keys_.mac.size()), all.data(), all.size(),
           made.data(), &size) == nullptr) {
    return false;
  }
  return size == mac.size() && std::equal(mac.begin(), mac.end(), made.begin());
}

}  // namespace restitch
