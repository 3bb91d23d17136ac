#include "app/websocket_frame.h"

#include <algorithm>

namespace restitch {

WebSocketFrame WebSocketFrame::parse(Bytes bytes) {
  WebSocketFrame frame;
  if (bytes.size() < 2) return frame;
  frame.fin = (bytes[0] & 0x80u) != 0;
  frame.reserved = static_cast<std::uint8_t>(bytes[0] >> 4 & 7u);
  frame.opcode = bytes[0] & 15u;
  frame.masked = (bytes[1] & 0x80u) != 0;
  frame.size = bytes[1] & 0x7fu;
  const std::size_t length_size = frame.size == 126 ? 2 : frame.size == 127 ? 8 : 0;
  const std::size_t header_size = 2 + length_size + (frame.masked ? 4u : 0u);
  if (bytes.size() < header_size) return frame;
  if (length_size != 0) {
    frame.size = 0;
    for (const std::uint8_t byte : bytes.subspan(2, length_size)) frame.size = frame.size << 8 | byte;
    frame.bad_length = frame.size >> 63 != 0 || frame.size < (length_size == 2 ? 126u : 65'536u);
  }
  if (frame.masked)
    std::copy_n(bytes.begin() + 2 + static_cast<std::ptrdiff_t>(length_size), 4, frame.key.begin());
  frame.header_size = header_size;
  return frame;
}

}  // namespace restitch
