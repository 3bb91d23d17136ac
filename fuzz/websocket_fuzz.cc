// Any bytes as what two ends say over WebSocket: the first byte chooses what they agreed on, the second the
// pieces. The second half is the server's. The records do not depend on the pieces.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "app/websocket_analyzer.h"
#include "support/talk.h"

namespace {

using namespace restitch;
using restitch::testing::Talk;

constexpr std::array<std::string_view, 3> websocket_extensions = {
    "", "permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"};

std::string told_of(std::string_view text, unsigned choice, std::size_t piece, std::size_t gap) {
  AppOptions options;
  options.limits.object_max = 5'000'000;
  Talk talk(options);
  talk.conversation = std::make_unique<Conversation>(talk.services, talk, talk.summary);
  auto outer = std::move(talk.conversation);
  talk.conversation = std::make_unique<Conversation>(
      *outer, "websocket", make_websocket_analyzer(websocket_extensions[choice % 3]));
  const std::size_t half = text.size() / 2;
  talk.client(text.substr(0, half / 2), piece);
  if (gap != 0) talk.gap(TcpFlowDirection::client_to_server, gap);
  talk.client(text.substr(half / 2, half - half / 2), piece);
  talk.server(text.substr(half), piece);
  talk.close();
  std::string told;
  for (const auto& record : talk.all<WebSocketRecord>()) {
    told += std::to_string(record.opcode) + " " + std::to_string(record.frames) + " " +
            std::to_string(record.wire_size) + (record.complete ? " complete " + record.head : " cut") + "\n";
  }
  for (const auto& object : talk.objects) {
    if (!object.ended || object.data.size() > options.limits.object_max) std::abort();
    if (object.end.complete) told += object.data + "\n";
  }
  talk.conversation.reset();
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t gap = data[0] >= 128 ? data[0] - 127u : 0;
  const std::string whole = told_of(text, data[0], std::string_view::npos, gap);
  if (whole != told_of(text, data[0], 1 + data[1] % 16, gap)) std::abort();
  return 0;
}
