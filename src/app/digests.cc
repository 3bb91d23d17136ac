#include "app/digests.h"

#include <openssl/evp.h>

#include <array>
#include <new>

#include "output/text.h"

namespace restitch {
namespace {

std::string digest_hex(const EVP_MD* kind, Bytes bytes) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (::EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, kind, nullptr) != 1) return {};
  return hex_of(Bytes(digest.data(), size));
}

}  // namespace

void Digests::Free::operator()(evp_md_ctx_st* context) const { ::EVP_MD_CTX_free(context); }

// nullptr: it is switched off.
Digests::Context Digests::begin(const char* name) {
  Context context(::EVP_MD_CTX_new());
  if (!context) throw std::bad_alloc();
  if (::EVP_DigestInit_ex(context.get(), ::EVP_get_digestbyname(name), nullptr) != 1) return nullptr;
  return context;
}

Digests::Digests(bool md5, bool sha1, bool sha256)
    : md5_(md5 ? begin("MD5") : nullptr),
      sha1_(sha1 ? begin("SHA1") : nullptr),
      sha256_(sha256 ? begin("SHA256") : nullptr) {}

void Digests::update(Bytes bytes) {
  for (const Context* context : {&md5_, &sha1_, &sha256_}) {
    if (*context) ::EVP_DigestUpdate(context->get(), bytes.data(), bytes.size());
  }
}

std::string Digests::finish(evp_md_ctx_st* context) {
  if (context == nullptr) return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  ::EVP_DigestFinal_ex(context, digest.data(), &size);
  return hex_of(Bytes(digest.data(), size));
}

std::string hex_of(Bytes bytes) {
  std::string text;
  append_hex(text, bytes);
  return text;
}

std::string md5_hex(std::string_view text) { return digest_hex(::EVP_md5(), as_bytes(text)); }

std::string sha1_hex(Bytes bytes) { return digest_hex(::EVP_sha1(), bytes); }

std::string sha256_hex(Bytes bytes) { return digest_hex(::EVP_sha256(), bytes); }

}  // namespace restitch
