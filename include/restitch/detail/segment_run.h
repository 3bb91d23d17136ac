// SegmentRun: bytes of one half-connection that are in order, as a chain of segments: first those that the
// stream asked to see again, then those of the delivery at hand. Part of a HalfDetail; one thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "restitch/detail/segment_store.h"

namespace restitch::detail {

struct HalfState;

class SegmentRun {
 public:
  [[nodiscard]] bool empty() const { return head_ == none; }

  // What the stream keeps. Bytes of the delivery at hand do not count before keep_from().
  [[nodiscard]] std::uint64_t kept_bytes() const { return kept_bytes_; }
  [[nodiscard]] std::uint32_t kept_pages() const { return kept_pages_; }

  // Takes over a segment that follows the last byte.
  void append(HalfState& state, std::uint32_t segment);

  // Takes a copy of bytes that follow the last one.
  void append_copy(HalfState& state, Bytes bytes, const CaptureInfo& info);

  // Gives back the first `size` bytes and keeps the rest; lent bytes are copied.
  void keep_from(HalfState& state, std::size_t size);

  // How many bytes to give up, oldest first, until fewer than `pages_max` pages are kept.
  [[nodiscard]] std::size_t excess(const HalfState& state, std::uint32_t pages_max) const;

  // Calls function(bytes, info) for each segment.
  template <class Function>
  void for_each(SegmentStore& segments, Function&& function) const {
    for (std::uint32_t segment = head_; segment != none; segment = segments[segment].next) {
      function(segments.bytes(segment), segments[segment].info);
    }
  }

 private:
  std::uint32_t head_ = none;
  std::uint32_t tail_ = none;
  std::uint32_t kept_pages_ = 0;
  std::uint64_t kept_bytes_ = 0;
};

}  // namespace restitch::detail
