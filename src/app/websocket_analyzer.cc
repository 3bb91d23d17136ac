#include "app/websocket_analyzer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "app/websocket_side.h"

namespace restitch {
namespace {

class WebSocketAnalyzer final : public Analyzer {
 public:
  explicit WebSocketAnalyzer(std::array<WebSocketDeflate, 2> deflate)
      : sides_{WebSocketSide(TcpFlowDirection::client_to_server, deflate[0]),
               WebSocketSide(TcpFlowDirection::server_to_client, deflate[1])} {}

  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override {
    if (!std::exchange(named_, true)) findings.name_service("websocket");
    return side(direction).take(input, findings);
  }
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) override {
    side(direction).gap(size, findings);
  }
  void end(TcpFlowDirection direction, Findings& findings) override { side(direction).end(findings); }
  void close(Findings& findings) override {
    for (WebSocketSide& side : sides_) side.end(findings);
  }

 private:
  WebSocketSide& side(TcpFlowDirection direction) { return sides_[static_cast<std::size_t>(direction)]; }

  std::array<WebSocketSide, 2> sides_;
  bool named_ = false;
};

std::string_view next_word(std::string_view& text, char separator) {
  const std::size_t size = std::min(text.find(separator), text.size());
  std::string_view word = text.substr(0, size);
  text.remove_prefix(std::min(size + 1, text.size()));
  while (!word.empty() && (word.front() == ' ' || word.front() == '\t')) word.remove_prefix(1);
  while (!word.empty() && (word.back() == ' ' || word.back() == '\t')) word.remove_suffix(1);
  return word;
}

std::array<WebSocketDeflate, 2> agreed_deflate(std::string_view extensions) {
  std::array<WebSocketDeflate, 2> deflate;
  while (!extensions.empty()) {
    std::string_view extension = next_word(extensions, ',');
    if (next_word(extension, ';') != "permessage-deflate") continue;
    for (WebSocketDeflate& side : deflate) side.agreed = true;
    while (!extension.empty()) {
      const std::string_view parameter = next_word(extension, ';');
      if (parameter == "client_no_context_takeover") deflate[0].takes_over = false;
      if (parameter == "server_no_context_takeover") deflate[1].takes_over = false;
    }
    break;
  }
  return deflate;
}

}  // namespace

std::unique_ptr<Analyzer> make_websocket_analyzer(std::string_view extensions) {
  return std::make_unique<WebSocketAnalyzer>(agreed_deflate(extensions));
}

}  // namespace restitch
