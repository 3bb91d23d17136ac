// Any bytes as what two ends say over HTTP/2. The first byte chooses how: by a preface that stands before
// what the client says, or behind an upgrade, and where a gap is; the second the pieces. The second half is
// the server's, behind its SETTINGS. Without a gap, the records do not depend on the pieces.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "app/http2_analyzer.h"
#include "app/http2_side.h"
#include "support/talk.h"

namespace {

using namespace restitch;
using restitch::testing::Talk;

constexpr std::string_view http2_settings_frame("\0\0\0\4\0\0\0\0\0", 9);

std::string http2_told(const Talk& talk) {
  std::string told;
  for (const HttpRecord& record : talk.all<HttpRecord>()) {
    told += std::to_string(record.stream_id) + " " + record.method + " " + record.uri + " " +
            std::to_string(record.status) + (record.request.complete ? " whole" : " cut") +
            (record.response.complete ? " whole\n" : " cut\n");
    for (const auto& [name, value] : record.request.fields) told += name + ": " + value + "\n";
  }
  for (const Talk::Object& object : talk.objects) {
    if (!object.ended) std::abort();
    if (object.end.complete) told += object.data + "\n";
  }
  for (const std::string& anomaly : talk.anomalies()) told += anomaly + "\n";
  return told;
}

std::string http2_said(std::string_view text, std::uint8_t choice, std::size_t piece) {
  AppOptions options;
  options.limits.header_max = 4096;
  options.limits.streams_max = 5;
  options.limits.object_max = 1 << 20;
  Talk talk(options);
  const auto outer = std::move(talk.conversation);
  std::unique_ptr<Analyzer> analyzer;
  if ((choice & 1u) != 0) {
    Http2Upgrade upgrade;
    upgrade.request.method = "GET";
    upgrade.settings = std::string(text.substr(0, 20));
    analyzer = make_http2_analyzer(upgrade);
  }
  talk.conversation = std::make_unique<Conversation>(*outer, "http", std::move(analyzer));
  const std::size_t half = text.size() / 2;
  const std::size_t gap = (choice & 2u) != 0 ? (choice >> 2) + 1u : 0;
  talk.client(std::string(Http2Side::preface), piece);
  talk.client(http2_settings_frame, piece);
  talk.client(text.substr(0, half), piece);
  talk.server(http2_settings_frame, piece);
  talk.server(text.substr(half, half / 2), piece);
  if (gap != 0) talk.gap(TcpFlowDirection::server_to_client, gap);
  talk.server(text.substr(half + half / 2), piece);
  talk.close();
  const std::string told = http2_told(talk);
  talk.conversation.reset();
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  // What is found may differ where what is damaged comes in other pieces; each object ends in any case.
  (void)http2_said(text, data[0], std::string_view::npos);
  (void)http2_said(text, data[0], 1 + data[1] % 16);
  return 0;
}
