// WebSocketRecord: one message of a WebSocket (RFC 6455). A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "restitch/app/origin.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {

struct WebSocketRecord {
  TcpFlowDirection direction = TcpFlowDirection::client_to_server;
  std::uint8_t opcode = 0;  // of its first frame
  std::uint64_t frames = 0;
  bool masked = false;          // its first frame
  std::uint64_t size = 0;       // decoded
  std::uint64_t wire_size = 0;  // of the payload
  bool compressed = false;
  bool complete = false;
  std::string head;         // its first bytes, decoded, at most 256; of a Close those behind the code
  unsigned close_code = 0;  // of a Close; 0: it has none
  std::optional<std::uint64_t> object;  // ObjectNumber; a text that stands in `head` whole, and a control
                                        // frame, are no objects
  Origin origin;                        // of its first frame
};

}  // namespace restitch
