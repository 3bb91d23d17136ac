#include <fmt/format.h>
#include <lz4frame.h>
#include <openssl/crypto.h>
#include <pcap/pcap.h>
#include <zlib.h>
#include <zstd.h>
#ifdef RESTITCH_XZ
#include <lzma.h>
#endif
#ifdef RESTITCH_HTTP
#include <curl/curl.h>
#endif

#include "cli/options.h"
#include "restitch/app/libraries.h"

// Not in the header of LZ4's frames, but in the same library.
extern "C" const char* LZ4_versionString(void);

namespace restitch::cli {
namespace {

std::string xz_version() {
#ifdef RESTITCH_XZ
  return fmt::format("lzma version {}\n", lzma_version_string());
#else
  return "";
#endif
}

std::string curl_version_line() {
#ifdef RESTITCH_HTTP
  return fmt::format("curl version {}\n", curl_version_info(CURLVERSION_NOW)->version);
#else
  return "";
#endif
}

}  // namespace

std::string version_text() {
  return fmt::format("restitch {}\n{}\nzlib version {}\nzstd version {}\nlz4 version {}\n{}{}{}\n{}\n",
                     RESTITCH_VERSION, pcap_lib_version(), zlibVersion(), ZSTD_versionString(),
                     LZ4_versionString(), xz_version(), curl_version_line(), OpenSSL_version(OPENSSL_VERSION),
                     fmt::join(app_libraries(), "\n"));
}

}  // namespace restitch::cli
