#include "restitch/app/libraries.h"

#include <cstdint>

#include "restitch/app/search.h"

#ifdef RESTITCH_LLHTTP
#include <llhttp/llhttp.h>
#endif
#ifdef RESTITCH_HTTP2
#include <nghttp2/nghttp2.h>
#endif
#ifdef RESTITCH_BROTLI
#include <brotli/decode.h>
#endif

namespace restitch {
namespace {

std::string llhttp_line() {
#ifdef RESTITCH_LLHTTP
  return "llhttp version " + std::to_string(LLHTTP_VERSION_MAJOR) + "." +
         std::to_string(LLHTTP_VERSION_MINOR) + "." + std::to_string(LLHTTP_VERSION_PATCH);
#else
  return "without llhttp: no HTTP/1";
#endif
}

std::string nghttp2_line() {
#ifdef RESTITCH_HTTP2
  return std::string("nghttp2 version ") + nghttp2_version(0)->version_str;
#else
  return "without nghttp2: no HTTP/2";
#endif
}

std::string brotli_line() {
#ifdef RESTITCH_BROTLI
  const std::uint32_t version = BrotliDecoderVersion();
  return "brotli version " + std::to_string(version >> 24) + "." + std::to_string(version >> 12 & 0xfff) +
         "." + std::to_string(version & 0xfff);
#else
  return "without brotli: no coding br";
#endif
}

std::string search_line() {
  const std::string version = SearchPatterns::engine_version();
  return version.empty() ? "without hyperscan: no grep" : version;
}

}  // namespace

std::vector<std::string> app_libraries() {
  return {llhttp_line(), nghttp2_line(), brotli_line(), search_line()};
}

}  // namespace restitch
