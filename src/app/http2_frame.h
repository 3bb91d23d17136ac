// Http2Frame: the header of a frame of HTTP/2 (RFC 9113, 4.1). A value.
#pragma once

#include <cstddef>
#include <cstdint>

#include "restitch/packet.h"

namespace restitch {

struct Http2Frame {
  enum Type : std::uint8_t {
    data,
    headers,
    priority,
    rst_stream,
    settings,
    push_promise,
    ping,
    goaway,
    window_update,
    continuation,
  };
  static constexpr std::uint8_t end_stream = 1;  // of data, headers
  static constexpr std::uint8_t ack = 1;         // of settings, ping
  static constexpr std::uint8_t end_headers = 4;
  static constexpr std::uint8_t padded = 8;
  static constexpr std::uint8_t with_priority = 32;

  static constexpr std::size_t header_size = 9;

  std::uint32_t size = 0;  // of the payload
  std::uint8_t type = data;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;

  // Requires: bytes.size() >= header_size.
  static Http2Frame parse(Bytes bytes);

  [[nodiscard]] bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  [[nodiscard]] bool known() const { return type <= continuation; }
  // Whether fields or a body are in it, behind a prefix and before padding.
  [[nodiscard]] bool carries() const {
    return type == data || type == headers || type == push_promise || type == continuation;
  }
  // Of what stands before the fields or the body: the length of the padding, a priority, the promised stream.
  [[nodiscard]] std::size_t prefix_size() const;
  // Whether its size and its stream are what its type allows.
  [[nodiscard]] bool right_size() const;
  [[nodiscard]] bool right_stream() const;
};

// The big-endian number of 32 bits at `at`. Requires: at + 4 <= bytes.size().
inline std::uint32_t http2_number(Bytes bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

}  // namespace restitch
