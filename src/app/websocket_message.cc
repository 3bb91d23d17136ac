#include "app/websocket_message.h"

#include <algorithm>
#include <utility>

#include "app/websocket_frame.h"
#include "restitch/app/services.h"

namespace restitch {
namespace {

Bytes bytes_of_text(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

bool WebSocketMessage::data(Findings& findings, Bytes bytes, const Origin& origin) {
  if (bytes.empty()) return true;
  if (spoiled_) return false;
  const std::uint64_t object_max = findings.services().limits().object_max;
  const std::uint64_t left = object_max - std::min(object_max, record_.size + end_.missing);
  const Bytes kept = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left)));
  give(findings, kept, origin);
  if (kept.size() == bytes.size()) return true;
  findings.anomaly("websocket_message_too_long", record_.direction, origin);
  spoil(true);
  return false;
}

void WebSocketMessage::give(Findings& findings, Bytes bytes, const Origin& origin) {
  const bool is_object =
      !control() && (record_.opcode == WebSocketFrame::binary || record_.size + bytes.size() > head_max);
  if (is_object && !record_.object) begin_object(findings);
  const std::size_t head_size = std::min(bytes.size(), head_max - record_.head.size());
  if (record_.size < head_max) record_.head.append(reinterpret_cast<const char*>(bytes.data()), head_size);
  record_.size += bytes.size();
  end_.origin = origin;
  if (record_.object) findings.object_data(*record_.object, bytes, origin);
}

// What the record holds so far is its beginning.
void WebSocketMessage::begin_object(Findings& findings) {
  ObjectHead head;
  head.protocol = "websocket";
  head.direction = record_.direction;
  if (record_.compressed) head.coding = "permessage-deflate";
  head.origin = record_.origin;
  record_.object = findings.begin_object(head);
  findings.object_data(*record_.object, bytes_of_text(record_.head), end_.origin);
}

void WebSocketMessage::gap(Findings& findings, std::uint64_t size) {
  end_.missing += size;
  if (control() || spoiled_ || size == 0) return;
  if (!record_.object) begin_object(findings);
  findings.object_gap(*record_.object, size);
}

void WebSocketMessage::spoil(bool over_limit) {
  spoiled_ = true;
  (over_limit ? end_.over_limit : end_.undecodable) = true;
}

void WebSocketMessage::end(Findings& findings, bool complete) {
  record_.complete = complete && !spoiled_ && end_.missing == 0;
  if (record_.opcode == WebSocketFrame::close) read_close();
  if (record_.object) {
    end_.complete = record_.complete;
    end_.wire_size = record_.wire_size;
    findings.end_object(*record_.object, end_);
  }
  findings.record(std::move(record_));
}

void WebSocketMessage::read_close() {
  if (record_.head.size() < 2) return;
  const Bytes head = bytes_of_text(record_.head);
  record_.close_code = head[0] * 256u + head[1];
  record_.head.erase(0, 2);
}

}  // namespace restitch
