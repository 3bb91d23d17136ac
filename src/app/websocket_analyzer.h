// What two ends say over WebSocket (RFC 6455), behind the 101 of HTTP: a WebSocketRecord for each message and
// control frame. A binary message is an object too, and a text that is longer than its record holds; shorter
// ones are not, so that a chat does not become thousands of files. permessage-deflate (RFC 7692) is taken
// off.
//
// Anomalies, each told once a direction: "websocket_unmasked_client", "websocket_masked_server",
// "websocket_reserved_bits", "websocket_reserved_opcode", "websocket_lone_continuation",
// "websocket_message_interrupted", "websocket_long_control", "websocket_fragmented_control",
// "websocket_bad_length", "websocket_bad_close", "websocket_gap" (frames cannot be found again behind it),
// "websocket_coding_damaged", "websocket_expands_too_much", "websocket_no_room",
// "websocket_message_too_long".
//
// Memory: about 300 bytes; while a message is open about 600 more, and what zlib needs (40 KiB) in a
// direction that compresses, until the connection ends where its context is taken over from message to
// message.
#pragma once

#include <memory>
#include <string_view>

#include "restitch/app/analyzer.h"

namespace restitch {

// `extensions`: the value of Sec-WebSocket-Extensions in the response, which is what both agreed on.
std::unique_ptr<Analyzer> make_websocket_analyzer(std::string_view extensions);

}  // namespace restitch
