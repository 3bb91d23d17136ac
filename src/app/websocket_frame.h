// WebSocketFrame: the header of a frame (RFC 6455, 5.2). A value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "restitch/packet.h"

namespace restitch {

struct WebSocketFrame {
  static constexpr std::uint8_t continuation = 0;
  static constexpr std::uint8_t text = 1;
  static constexpr std::uint8_t binary = 2;
  static constexpr std::uint8_t close = 8;
  static constexpr std::uint8_t ping = 9;
  static constexpr std::uint8_t pong = 10;

  bool fin = false;
  std::uint8_t reserved = 0;  // RSV1 is 4, RSV2 2, RSV3 1
  std::uint8_t opcode = 0;
  bool masked = false;
  std::array<std::uint8_t, 4> key{};
  std::uint64_t size = 0;       // of the payload
  std::size_t header_size = 0;  // 0: there are not enough bytes yet
  bool bad_length = false;      // it has its highest bit set, or fewer bytes would do

  static WebSocketFrame parse(Bytes bytes);

  [[nodiscard]] bool control() const { return (opcode & 8u) != 0; }
  [[nodiscard]] bool known() const { return opcode <= binary || (opcode >= close && opcode <= pong); }
};

}  // namespace restitch
