#include "app/http1_upgrade.h"

#include "app/http1_text.h"
#include "app/http2_analyzer.h"
#include "app/websocket_analyzer.h"

namespace restitch::http1 {

std::unique_ptr<Analyzer> make_upgraded(const HttpRecord& record) {
  const std::string* upgrade = record.response.field("upgrade");
  if (upgrade == nullptr) return nullptr;
  if (equal(trimmed(*upgrade), "h2c")) {
    const std::string* settings = record.request.field("http2-settings");
    return make_http2_analyzer(Http2Upgrade{record, settings == nullptr ? std::string() : *settings});
  }
  if (!equal(trimmed(*upgrade), "websocket")) return nullptr;
  const std::string* extensions = record.response.field("sec-websocket-extensions");
  return make_websocket_analyzer(extensions == nullptr ? std::string_view() : std::string_view(*extensions));
}

}  // namespace restitch::http1
