// These calls keep their state where they are told to; the newer ones (EVP) allocate two pieces for each
// digest.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <cstdio>
#include <cstdlib>
#include <new>

#include "output/text.h"
#include "restitch/output_digest.h"

namespace restitch {
namespace {

// A wrong digest is worse; no libcrypto is known to come here.
void require(int worked) {
  if (worked == 1) return;
  std::fputs("restitch: libcrypto cannot compute SHA-256\n", stderr);
  std::abort();
}

}  // namespace

struct Sha256::Context {
  SHA256_CTX value;
};

Sha256::Context& Sha256::context() {
  static_assert(sizeof(Context) <= sizeof state_ && alignof(Context) <= alignof(State));
  if (begun_) return *std::launder(reinterpret_cast<Context*>(state_.bytes.data()));
  Context& made = *::new (state_.bytes.data()) Context;
  require(SHA256_Init(&made.value));
  begun_ = true;
  return made;
}

void Sha256::update(Bytes bytes) {
  if (!bytes.empty()) require(SHA256_Update(&context().value, bytes.data(), bytes.size()));
}

Digest Sha256::finish() {
  Digest digest{};
  require(SHA256_Final(digest.data(), &context().value));
  begun_ = false;
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
  ConnectionSummary& summary = notes_.summary();
  for (std::size_t i = 0; i < digests_.size(); ++i) summary.directions[i].digest = digests_[i].finish();
  return notes_.reassembly_complete(context, reason);
}

}  // namespace restitch
