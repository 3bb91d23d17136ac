#include "app/http2_analyzer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "app/http1_text.h"
#include "app/http2_field_decoder.h"
#include "app/http2_side.h"
#include "restitch/app/findings.h"

namespace restitch {
namespace {

constexpr TcpFlowDirection http2_client = TcpFlowDirection::client_to_server;
constexpr TcpFlowDirection http2_server = TcpFlowDirection::server_to_client;

class Http2Analyzer final : public Analyzer {
 public:
  explicit Http2Analyzer(std::unique_ptr<Http2Upgrade> upgrade)
      : streams_(upgrade == nullptr ? 0 : upgrade->request.depth),
        sides_{Http2Side(http2_client, streams_), Http2Side(http2_server, streams_)},
        upgrade_(std::move(upgrade)) {}

  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override {
    begin(findings);
    return side(direction).take(input, side(reverse(direction)), findings);
  }
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) override {
    begin(findings);
    side(direction).gap(size, findings);
  }
  void end(TcpFlowDirection direction, Findings& findings) override {
    begin(findings);
    streams_.end(direction, findings);
  }
  void close(Findings& findings) override {
    begin(findings);
    streams_.close(findings);
  }

 private:
  Http2Side& side(TcpFlowDirection direction) { return sides_[static_cast<std::size_t>(direction)]; }
  void begin(Findings& findings);

  Http2Streams streams_;
  std::array<Http2Side, 2> sides_;
  std::unique_ptr<Http2Upgrade> upgrade_;  // until it was told
  bool named_ = false;
};

// HTTP2-Settings is the payload of SETTINGS in base64url.
Http2SettingsRecord upgrade_settings(const Http2Upgrade& upgrade) {
  std::string text = upgrade.settings;
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  Http2SettingsRecord record{http2_client, true, {}, upgrade.request.request.origin};
  const std::string plain = http1::base64_decoded(text).value_or("");
  const Bytes bytes = as_bytes(plain);
  for (std::size_t at = 0; at + 6 <= bytes.size() && record.settings.size() < 32; at += 6) {
    const auto id = static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
    record.settings.push_back({id, http2_number(bytes, at + 2)});
  }
  return record;
}

void Http2Analyzer::begin(Findings& findings) {
  if (!std::exchange(named_, true)) findings.name_service("http2");
  if (upgrade_ == nullptr) return;
  const std::unique_ptr<Http2Upgrade> upgrade = std::move(upgrade_);
  findings.record(upgrade_settings(*upgrade));
  streams_.open(1, upgrade->request.request.origin, findings).upgrade(upgrade->request);
}

bool is_settings_header(Bytes bytes) {
  if (bytes.size() < Http2Frame::header_size) return true;
  const Http2Frame frame = Http2Frame::parse(bytes);
  return frame.type == Http2Frame::settings && frame.stream == 0 && frame.flags == 0 && frame.size % 6 == 0 &&
         frame.size <= 6 * 64;
}

}  // namespace

std::unique_ptr<Analyzer> make_http2_analyzer(AppServices& /*services*/) {
  if (!Http2FieldDecoder::available()) return nullptr;
  return std::make_unique<Http2Analyzer>(nullptr);
}

std::unique_ptr<Analyzer> make_http2_analyzer(const Http2Upgrade& upgrade) {
  if (!Http2FieldDecoder::available()) return nullptr;
  return std::make_unique<Http2Analyzer>(std::make_unique<Http2Upgrade>(upgrade));
}

Fit fit_http2(Bytes client, Bytes server) {
  if (!Http2FieldDecoder::available()) return Fit::no;
  const std::string_view said = ascii::text_of(client);
  const std::string_view preface = Http2Side::preface;
  const std::size_t size = std::min(said.size(), preface.size());
  if (said.substr(0, size) != preface.substr(0, size)) return Fit::no;
  if (size == preface.size()) return Fit::yes;
  // A server may be the first to send its settings.
  return is_settings_header(server) ? Fit::perhaps : Fit::no;
}

}  // namespace restitch
