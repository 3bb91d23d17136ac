#include "app/tls_keys.h"

#include <openssl/hmac.h>

#include <algorithm>

namespace restitch {
namespace {

TlsKey keyed_hash(const EVP_MD* hash, Bytes key, const TlsKey& text) {
  TlsKey out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (HMAC(hash, key.data(), static_cast<int>(key.size()), text.data(), text.size(), out.data(), &size) ==
      nullptr) {
    size = 0;
  }
  out.resize(size);
  return out;
}

void append_to(TlsKey& key, Bytes bytes) { key.insert(key.end(), bytes.begin(), bytes.end()); }

// P_hash of RFC 5246, 5.
TlsKey expand_hash(const EVP_MD* hash, Bytes secret, const TlsKey& seed, std::size_t size) {
  TlsKey out;
  TlsKey at = seed;
  while (out.size() < size) {
    at = keyed_hash(hash, secret, at);
    TlsKey text = at;
    append_to(text, seed);
    const TlsKey part = keyed_hash(hash, secret, text);
    if (part.empty()) return {};
    append_to(out, part);
  }
  out.resize(size);
  return out;
}

}  // namespace

TlsKey tls_prf(const EVP_MD* hash, Bytes secret, std::string_view label, Bytes seed, std::size_t size) {
  TlsKey labelled(label.begin(), label.end());
  append_to(labelled, seed);
  if (hash != nullptr) return expand_hash(hash, secret, labelled, size);
  const std::size_t half = (secret.size() + 1) / 2;
  TlsKey one = expand_hash(EVP_md5(), secret.first(half), labelled, size);
  const TlsKey other = expand_hash(EVP_sha1(), secret.last(half), labelled, size);
  if (one.size() != other.size()) return {};
  for (std::size_t i = 0; i < one.size(); ++i) one[i] ^= other[i];
  return one;
}

TlsKey tls_expand(const EVP_MD* hash, Bytes secret, std::string_view label, std::size_t size) {
  constexpr std::string_view prefix = "tls13 ";
  TlsKey info = {static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size & 0xFF),
                 static_cast<std::uint8_t>(prefix.size() + label.size())};
  info.insert(info.end(), prefix.begin(), prefix.end());
  info.insert(info.end(), label.begin(), label.end());
  info.push_back(0);  // the context
  TlsKey out;
  TlsKey part;
  for (std::uint8_t i = 1; out.size() < size; ++i) {
    TlsKey text = part;
    append_to(text, info);
    text.push_back(i);
    part = keyed_hash(hash, secret, text);
    if (part.empty()) return {};
    append_to(out, part);
  }
  out.resize(size);
  return out;
}

}  // namespace restitch
