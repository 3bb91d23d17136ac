// KeyLog: the secrets of TLS sessions, out of the file of a key log (SSLKEYLOGFILE), which may still grow,
// and out of captures. One thread at a time: the one that reads packets; analyzers of any thread look things
// up.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

#include "restitch/app/tls_secrets.h"
#include "restitch/result.h"

namespace restitch::cli {

class KeyLog {
 public:
  // Reads what is there. `growing`: more is expected while packets are read. An empty path: there are no
  // secrets. Errors: io.
  Result<void> open(const std::string& path, bool growing);

  // Takes lines that lie in a capture.
  void add_lines(std::string_view lines) { secrets_.add_whole_lines(lines); }

  // To be called between packets: reads on if a session was met whose secrets are not known.
  void read_on();

  [[nodiscard]] const TlsSecrets* secrets() const { return &secrets_; }

 private:
  void read();

  std::ifstream file_;
  TlsSecrets secrets_;
  std::uint64_t unknown_ = 0;  // sessions, when it was read last
};

}  // namespace restitch::cli
