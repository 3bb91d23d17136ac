// ParkedSegment: a segment that is set aside with all that its packet told, to be assembled later as if it
// came then. Owns its bytes. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "restitch/capture_info.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {
namespace detail {

class ParkedSegment {
 public:
  // Copies the segment; without memory for that, is_whole() is false.
  ParkedSegment(const TcpSegment& tcp, const CaptureInfo& info);

  [[nodiscard]] bool is_whole() const { return whole_; }
  [[nodiscard]] std::size_t size() const { return payload_size_; }  // of the payload, in bytes
  [[nodiscard]] std::size_t memory_size() const { return sizeof(*this) + bytes_size(); }
  [[nodiscard]] const CaptureInfo& info() const { return info_; }

  // The segment; borrows from this. Its checksum was judged when it came: there are no bytes to judge again.
  [[nodiscard]] TcpSegment segment() const;

 private:
  [[nodiscard]] std::size_t bytes_size() const { return options_size_ + payload_size_; }

  CaptureInfo info_;
  TcpSegment header_;                      // without options, payload and bytes
  std::unique_ptr<std::uint8_t[]> bytes_;  // options, then payload
  std::size_t options_size_;
  std::size_t payload_size_;
  bool whole_;
};

}  // namespace detail
}  // namespace restitch
