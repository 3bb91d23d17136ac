// Digests: MD5, SHA-1 and SHA-256 of the same bytes, of which each is made only if it is asked for. Owns
// their states. One thread.
#pragma once

#include <memory>
#include <string>

#include "restitch/packet.h"

struct evp_md_ctx_st;

namespace restitch {

class Digests {
 public:
  Digests(bool md5, bool sha1, bool sha256);

  void update(Bytes bytes);
  // In hex, empty if it was not asked for. Each once, and nothing may follow.
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

}  // namespace restitch
