// DigestText: MD5 of bytes that come in pieces, as text. MD5 is what the logs of other programs have; it
// proves nothing. Owns OpenSSL's state, which exists from the first byte on. One thread.
#pragma once

#include <string>

#include "restitch/packet.h"

namespace restitch {

class DigestText {
 public:
  DigestText() = default;
  DigestText(const DigestText&) = delete;
  DigestText& operator=(const DigestText&) = delete;
  ~DigestText();

  void add(Bytes bytes);
  // In hex, of all that was added; it begins anew. Empty: nothing was added.
  std::string finish();

  static std::string md5(std::string_view text);

 private:
  void* context_ = nullptr;  // EVP_MD_CTX
};

}  // namespace restitch
