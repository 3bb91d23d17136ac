#include "app/digests.h"

#include <openssl/evp.h>

#include <array>
#include <new>

#include "output/text.h"

namespace restitch {

void Digests::Free::operator()(evp_md_ctx_st* context) const { ::EVP_MD_CTX_free(context); }

Digests::Context Digests::begin(const char* name) {
  Context context(::EVP_MD_CTX_new());
  if (!context || ::EVP_DigestInit_ex(context.get(), ::EVP_get_digestbyname(name), nullptr) != 1) {
    throw std::bad_alloc();
  }
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
  std::string text;
  if (context == nullptr) return text;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  ::EVP_DigestFinal_ex(context, digest.data(), &size);
  append_hex(text, Bytes(digest.data(), size));
  return text;
}

}  // namespace restitch
