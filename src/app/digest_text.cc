#include "app/digest_text.h"

#include <openssl/evp.h>

#include "app/ascii.h"

namespace restitch {
namespace {

EVP_MD_CTX* md5_state(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

DigestText::~DigestText() { EVP_MD_CTX_free(md5_state(context_)); }

void DigestText::add(Bytes bytes) {
  if (context_ == nullptr) {
    context_ = EVP_MD_CTX_new();
    if (EVP_DigestInit_ex(md5_state(context_), EVP_md5(), nullptr) != 1) return;
  }
  EVP_DigestUpdate(md5_state(context_), bytes.data(), bytes.size());
}

std::string DigestText::finish() {
  if (context_ == nullptr) return {};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_DigestFinal_ex(md5_state(context_), digest, &size) != 1) size = 0;
  EVP_MD_CTX_free(md5_state(context_));
  context_ = nullptr;
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += "0123456789abcdef"[digest[i] >> 4];
    text += "0123456789abcdef"[digest[i] & 15];
  }
  return text;
}

std::string DigestText::md5(std::string_view text) {
  DigestText digest;
  digest.add(ascii::bytes_of(text));
  return digest.finish();
}

}  // namespace restitch
