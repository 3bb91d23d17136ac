#include <fmt/format.h>
#include <lz4frame.h>
#include <openssl/crypto.h>
#include <pcap/pcap.h>
#include <zlib.h>
#include <zstd.h>

#include "cli/options.h"

// Not in the header of LZ4's frames, but in the same library.
extern "C" const char* LZ4_versionString(void);

namespace restitch::cli {

std::string version_text() {
  return fmt::format("restitch {}\n{}\nzlib version {}\nzstd version {}\nlz4 version {}\n{}\n",
                     RESTITCH_VERSION, pcap_lib_version(), zlibVersion(), ZSTD_versionString(),
                     LZ4_versionString(), OpenSSL_version(OPENSSL_VERSION));
}

}  // namespace restitch::cli
