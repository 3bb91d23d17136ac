#include "app/http2_frame.h"

namespace restitch {

Http2Frame Http2Frame::parse(Bytes bytes) {
  Http2Frame frame;
  frame.size = http2_number(bytes, 0) >> 8;
  frame.type = bytes[3];
  frame.flags = bytes[4];
  frame.stream = http2_number(bytes, 5) & 0x7fffffffu;
  return frame;
}

std::size_t Http2Frame::prefix_size() const {
  if (!carries() || type == continuation) return 0;
  const std::size_t padding = has(padded) ? 1 : 0;
  if (type == headers) return padding + (has(with_priority) ? 5 : 0);
  return padding + (type == push_promise ? 4 : 0);
}

bool Http2Frame::right_size() const {
  switch (type) {
    case priority:
      return size == 5;
    case rst_stream:
    case window_update:
      return size == 4;
    case settings:
      return has(ack) ? size == 0 : size % 6 == 0;
    case ping:
      return size == 8;
    case goaway:
      return size >= 8;
    default:
      return size >= prefix_size();
  }
}

bool Http2Frame::right_stream() const {
  switch (type) {
    case settings:
    case ping:
    case goaway:
      return stream == 0;
    case window_update:
      return true;
    default:
      return !known() || stream != 0;
  }
}

}  // namespace restitch
