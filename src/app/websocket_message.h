// WebSocketMessage: a message, or control frame, of WebSocket while it comes: its record, and its object if
// it is one. Owned by the analyzer; findings are lent for the call. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "restitch/app/findings.h"

namespace restitch {

class WebSocketMessage {
 public:
  // `record` says what is known of it with its first frame.
  explicit WebSocketMessage(WebSocketRecord record) : record_(std::move(record)) {}

  [[nodiscard]] const WebSocketRecord& record() const { return record_; }
  void count_frame() { ++record_.frames; }
  void count_wire(std::size_t size) { record_.wire_size += size; }
  // The next decoded bytes. Answers false where the object reaches its limit: what comes then is not taken.
  bool data(Findings& findings, Bytes bytes, const Origin& origin);
  void gap(Findings& findings, std::uint64_t size);
  // Its coding is damaged, or a limit acted: no more data comes.
  void spoil(bool over_limit);
  // Reports it. Once.
  void end(Findings& findings, bool complete);

 private:
  static constexpr std::size_t head_max = 256;

  [[nodiscard]] bool control() const { return record_.opcode >= 8; }
  void begin_object(Findings& findings);
  void give(Findings& findings, Bytes bytes, const Origin& origin);
  void read_close();

  WebSocketRecord record_;
  bool spoiled_ = false;
  ObjectEnd end_;
};

}  // namespace restitch
