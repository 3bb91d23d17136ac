// Digests in hex, as logs and fingerprints have them: of bytes that come in pieces (Digests), and of bytes
// that are all there. MD5 and SHA-1 are what the logs of other programs have; they prove nothing. Where one
// is switched off, as MD5 by FIPS, its text is empty. Owns OpenSSL's states. One thread; the functions any.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "restitch/packet.h"

struct evp_md_ctx_st;

namespace restitch {

// MD5, SHA-1 and SHA-256 of the same bytes, of which each is made only if it is asked for.
class Digests {
 public:
  Digests(bool md5, bool sha1, bool sha256);

  void update(Bytes bytes);
  // Empty if it was not asked for. Each once, and nothing may follow.
  std::string md5() { return finish(md5_.get()); }
  std::string sha1() { return finish(sha1_.get()); }
  std::string sha256() { return finish(sha256_.get()); }

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  using Context = std::unique_ptr<evp_md_ctx_st, Free>;

  static Context begin(const char* name);
  static std::string finish(evp_md_ctx_st* context);

  Context md5_;
  Context sha1_;
  Context sha256_;
};

std::string hex_of(Bytes bytes);
std::string md5_hex(std::string_view text);
std::string sha1_hex(Bytes bytes);
std::string sha256_hex(Bytes bytes);

}  // namespace restitch
