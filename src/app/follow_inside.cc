#include "restitch/app/follow_inside.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "app/ascii.h"
#include "restitch/output_ids.h"

namespace restitch {
namespace {

constexpr unsigned client_node = 0;
constexpr unsigned server_node = 1;

unsigned node_of(const FindingPlace& place, TcpFlowDirection direction) {
  const bool client = (direction == TcpFlowDirection::client_to_server) != place.turned;
  return client ? client_node : server_node;
}

CaptureInfo info_of(const Origin& origin) {
  CaptureInfo info;
  info.timestamp = origin.time;
  info.packet_number = origin.packet;
  return info;
}

void append_fields(std::string& text, const HttpFields& fields) {
  for (const auto& [name, value] : fields) text.append(name).append(": ").append(value).append("\r\n");
}

// HTTP/2 has no start lines; they read like those of HTTP/1.
std::string request_text(const HttpRecord& record) {
  std::string text = fmt::format("{} {} HTTP/{}\r\n", record.method, record.uri, record.request.version);
  append_fields(text, record.request.fields);
  return text + "\r\n";
}

std::string response_text(const HttpRecord& record) {
  std::string text = fmt::format("HTTP/{} {} {}\r\n", record.response.version, record.status, record.reason);
  append_fields(text, record.response.fields);
  return text + "\r\n";
}

}  // namespace

// A FollowWriter that begins with the first bytes, and counts for its FollowInside.
class FollowInside::Writer {
 public:
  explicit Writer(FollowInside& owner) : owner_(owner), writer_(owner.style_, owner.sink_, &owner.turns_) {}

  void data(const FindingPlace& place, TcpFlowDirection direction, const Origin& origin, Bytes bytes) {
    if (bytes.empty() || !shows(place, direction)) return;
    writer_.data(node_of(place, direction), info_of(origin), bytes);
  }
  void missing(const FindingPlace& place, TcpFlowDirection direction, const Origin& origin,
               std::uint64_t size) {
    if (size == 0 || !shows(place, direction)) return;
    writer_.missing(node_of(place, direction), origin.packet, size);
    owner_.missing_bytes_ += size;
  }
  void end() {
    ++owner_.ended_;
    if (begun_) writer_.end();
  }

 private:
  bool shows(const FindingPlace& place, TcpFlowDirection direction) {
    const auto only = writer_.only();
    const auto sender = place.turned ? reverse(direction) : direction;
    if (only && *only != sender) return false;
    if (std::exchange(begun_, true)) return true;
    ++owner_.shown_;
    const ConnectionSummary& summary = *place.summary;
    writer_.begin({.number = summary.number,
                   .net = summary.net,
                   .transport = summary.transport,
                   .uid = connection_uid(summary),
                   .community_id = community_id(summary.net, summary.transport, writer_.community_seed())});
    return true;
  }

  FollowInside& owner_;
  FollowWriter writer_;
  bool begun_ = false;
};

class FollowInside::Decrypted final : public FindingsSink {
 public:
  explicit Decrypted(FollowInside& owner) : writer_(owner) {}

  void record(const FindingPlace& /*place*/, const AppRecord& /*record*/) override {}
  void plain(const FindingPlace& place, TcpFlowDirection direction, Bytes bytes,
             const Origin& origin) override {
    if (place.layer == "tls") writer_.data(place, direction, origin, bytes);
  }
  void plain_gap(const FindingPlace& place, TcpFlowDirection direction, std::uint64_t size) override {
    if (place.layer == "tls") writer_.missing(place, direction, {}, size);
  }
  void close(const FindingPlace& /*place*/) override { writer_.end(); }

 private:
  Writer writer_;
};

class FollowInside::Http final : public HttpExchanges {
 public:
  explicit Http(FollowInside& owner) : HttpExchanges(owner.room_), writer_(owner) {}

  void close(const FindingPlace& /*place*/) override { writer_.end(); }

 private:
  void exchange(const FindingPlace& place, const HttpRecord& record, const HttpContent& request,
                const HttpContent& response) override {
    if (record.request.seen) {
      write(place, TcpFlowDirection::client_to_server, request_text(record), record.request, request);
    }
    if (record.response.seen) {
      write(place, TcpFlowDirection::server_to_client, response_text(record), record.response, response);
    }
  }

  void write(const FindingPlace& place, TcpFlowDirection direction, std::string text,
             const HttpMessage& message, const HttpContent& content) {
    text += ascii::text_of(content.bytes);
    writer_.data(place, direction, message.origin, as_bytes(text));
    writer_.missing(place, direction, message.origin, content.missing + content.left_out);
  }

  Writer writer_;
};

FollowInside::FollowInside(What what, const FollowStyle& style, FollowWriter::Sink sink, Wanted wanted)
    : what_(what), style_(style), sink_(std::move(sink)), wanted_(std::move(wanted)) {
  style_.protocol = what == What::http ? "http" : "tls";
}

std::unique_ptr<FindingsSink> FollowInside::make(ConnectionLog& /*log*/, const ConnectionSummary& summary) {
  if (!wanted_(summary)) return nullptr;
  if (what_ == What::http) return std::make_unique<Http>(*this);
  return std::make_unique<Decrypted>(*this);
}

}  // namespace restitch
