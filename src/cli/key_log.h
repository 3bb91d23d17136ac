// KeyLog: the secrets of TLS sessions, out of the file of a key log (SSLKEYLOGFILE), which may still grow.
// One thread: the one that reads packets.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

#include "restitch/app/tls_secrets.h"
#include "restitch/result.h"

namespace restitch::cli {

class KeyLog {
 public:
  // Reads what is there. `growing`: more is expected while packets are read. An empty path: there are no
  // secrets. Errors: io.
  Result<void> open(const std::string& path, bool growing);

  // To be called between packets: reads on if a session was met whose secrets are not known.
  void read_on();

  // nullptr: there are none.
  [[nodiscard]] const TlsSecrets* secrets() const { return file_.is_open() ? &secrets_ : nullptr; }

 private:
  void read();

  std::ifstream file_;
  TlsSecrets secrets_;
  std::uint64_t unknown_ = 0;  // sessions, when it was read last
};

}  // namespace restitch::cli
