#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>

#include "output/text.h"
#include "restitch/output_digest.h"

namespace restitch {
namespace {

// Looked up once: in OpenSSL 3 the search by name costs more than a short digest.
const EVP_MD* algorithm() {
  static EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return found;
}

// Only an OpenSSL without SHA-256, or one without memory, comes here; a wrong digest is worse.
void require(bool worked) {
  if (worked) return;
  std::fputs("restitch: libcrypto cannot compute SHA-256\n", stderr);
  std::abort();
}

EVP_MD_CTX* context(void* state) { return static_cast<EVP_MD_CTX*>(state); }

}  // namespace

void Sha256::Release::operator()(void* state) const { EVP_MD_CTX_free(context(state)); }

void* Sha256::state() {
  if (!state_) {
    state_.reset(EVP_MD_CTX_new());
    require(state_ != nullptr && EVP_DigestInit_ex2(context(state_.get()), algorithm(), nullptr) == 1);
  }
  return state_.get();
}

void Sha256::update(Bytes bytes) {
  if (bytes.empty()) return;
  require(EVP_DigestUpdate(context(state()), bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() {
  Digest digest{};
  require(EVP_DigestFinal_ex(context(state()), digest.data(), nullptr) == 1);
  state_.reset();
  return digest;
}

std::string to_string(const Digest& digest) {
  std::string text;
  append_hex(text, digest);
  return text;
}

void DigestStream::reassembled_sg(ScatterGather& sg, AssemblerContext& context) {
  notes_.reassembled_sg(sg, context);
  // Nothing is ever kept, so all that is available is new.
  Sha256& digest = digests_[static_cast<std::size_t>(sg.info().direction)];
  for (const ScatterGather::Chunk& chunk : sg.chunks()) digest.update(chunk.bytes);
}

bool DigestStream::reassembly_complete(AssemblerContext* context, EndReason reason) {
  for (std::size_t i = 0; i < digests_.size(); ++i) {
    notes_.summary().directions[i].digest = digests_[i].finish();
  }
  return notes_.reassembly_complete(context, reason);
}

}  // namespace restitch
