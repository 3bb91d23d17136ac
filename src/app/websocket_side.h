// WebSocketSide: one direction of a WebSocket. Owned by the analyzer; findings are lent for the call. One
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "app/decoder_share.h"
#include "app/inflater.h"
#include "app/websocket_frame.h"
#include "app/websocket_message.h"
#include "restitch/app/analyzer.h"

namespace restitch {

// What both agreed on for a direction (RFC 7692). The size of its window makes no difference here: the
// largest one reads what any other does.
struct WebSocketDeflate {
  bool agreed = false;
  bool takes_over = true;  // the context of a message is that of the next one
};

class WebSocketSide {
 public:
  WebSocketSide(TcpFlowDirection direction, WebSocketDeflate deflate)
      : direction_(direction), deflate_(deflate) {}

  AnalyzerAnswer take(const AnalyzerInput& input, Findings& findings);
  void gap(std::uint64_t size, Findings& findings);
  // Reports what is open. Nothing comes behind it.
  void end(Findings& findings);

 private:
  enum class Told : std::uint8_t {
    masking,
    reserved_bits,
    reserved_opcode,
    lone_continuation,
    interrupted,
    long_control,
    fragmented_control,
    bad_length,
    bad_close,
    coding_damaged,
    expands,
    no_room,
  };

  void tell(Told told, Findings& findings, const Origin& origin);
  std::size_t begin_frame(const AnalyzerInput& input, std::size_t at, Findings& findings);
  void check_frame(Findings& findings, const Origin& origin);
  void open_message(Findings& findings, const Origin& origin);
  void take_payload(Bytes bytes, Findings& findings, const Origin& origin);
  void take_plain(Bytes bytes, Findings& findings, const Origin& origin);
  void take_coded(Bytes bytes, Findings& findings, const Origin& origin);
  void end_frame(Findings& findings);
  void end_coding(Findings& findings);
  bool begin_coding(Findings& findings, const Origin& origin);
  void free_coding();
  void lose_coding();
  void lose(Findings& findings);
  [[nodiscard]] WebSocketMessage* current() const;

  TcpFlowDirection direction_;
  WebSocketDeflate deflate_;
  bool lost_ = false;         // where frames begin is not known any more
  bool coding_lost_ = false;  // until the next message, or for good where contexts are taken over
  bool in_frame_ = false;
  bool skipped_ = false;    // the payload of the current frame belongs to no message
  std::uint32_t told_ = 0;  // a bit for each Told
  WebSocketFrame frame_;
  std::uint64_t left_ = 0;  // of the payload of the current frame
  Origin last_;             // of the last byte of a payload
  std::unique_ptr<WebSocketMessage> message_;
  std::unique_ptr<WebSocketMessage> control_;  // a control frame, which may come within a message
  Inflater inflater_;
  std::optional<DecoderShare> share_;  // while the inflater has begun
};

}  // namespace restitch
