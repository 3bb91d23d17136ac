// Frames of WebSocket as one side sends them, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace restitch::testing {

// `first`: FIN, the reserved bits and the opcode. A masked one has the key "key!".
inline std::string websocket_frame(unsigned first, std::string_view payload, bool masked) {
  std::string frame(1, static_cast<char>(first));
  const char mask_bit = masked ? '\x80' : '\0';
  const auto size = payload.size();
  const auto add_size = [&](int bytes) {
    for (int i = bytes; i-- > 0;) frame += static_cast<char>(std::uint64_t{size} >> 8 * i);
  };
  if (size < 126) {
    frame += static_cast<char>(mask_bit | static_cast<char>(size));
  } else if (size < 65'536) {
    frame += static_cast<char>(mask_bit | 126);
    add_size(2);
  } else {
    frame += static_cast<char>(mask_bit | 127);
    add_size(8);
  }
  constexpr std::string_view key = "key!";
  if (masked) frame += key;
  for (std::size_t i = 0; i < size; ++i) {
    frame += masked ? static_cast<char>(payload[i] ^ key[i % 4]) : payload[i];
  }
  return frame;
}

inline std::string from_client(unsigned first, std::string_view payload) {
  return websocket_frame(first, payload, true);
}
inline std::string from_server(unsigned first, std::string_view payload) {
  return websocket_frame(first, payload, false);
}

}  // namespace restitch::testing
