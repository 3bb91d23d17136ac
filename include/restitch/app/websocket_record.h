// WebSocketRecord: one message of a WebSocket (RFC 6455). A value.
#pragma once

#include <cstdint>
#include <string>

#include "restitch/app/origin.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {

struct WebSocketRecord {
  TcpFlowDirection direction = TcpFlowDirection::client_to_server;
  std::uint8_t opcode = 0;  // of its first frame
  std::uint64_t frames = 0;
  std::uint64_t size = 0;       // decoded
  std::uint64_t wire_size = 0;  // of the payload
  bool compressed = false;
  bool complete = false;
  std::string head;         // its first bytes, decoded, at most 256
  unsigned close_code = 0;  // of a Close
  Origin origin;
};

}  // namespace restitch
