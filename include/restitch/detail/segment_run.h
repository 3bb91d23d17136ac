// SegmentRun: bytes of one half-connection that are in order, as a chain of segments. Part of a HalfDetail;
// one thread.
//
//      kept by the stream │ of the delivery at hand │ waiting for an acknowledgement
//     ────────────────────┴─────────────────────────┼───────────────────────────────▶
//                                                   └─── offer() moves this line to the right
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "restitch/detail/segment_store.h"

namespace RESTITCH_API restitch {
namespace detail {

struct HalfState;

class SegmentRun {
 public:
  [[nodiscard]] bool empty() const { return head_ == none; }

  // Bytes offered and not given back: between deliveries, what the stream keeps.
  [[nodiscard]] std::uint64_t kept_bytes() const { return bytes_ - waiting_; }

  // Bytes that were never offered.
  [[nodiscard]] std::uint64_t waiting_bytes() const { return waiting_; }

  // All of them, in pages.
  [[nodiscard]] std::uint32_t pages() const { return pages_; }
  [[nodiscard]] std::uint32_t size() const { return size_; }  // in segments
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  // Takes over a segment that follows the last byte; it waits.
  void append(HalfState& state, std::uint32_t segment);

  // Takes a copy of bytes that follow the last one and were offered already.
  void append_kept(HalfState& state, Bytes bytes, const CaptureInfo& info, Transmission transmission);

  // The next `size` waiting bytes are part of the delivery at hand; calls function(bytes, segment) for each
  // piece of them, until it answers false: that piece and those behind it go on waiting. Answers how many
  // bytes were offered. Requires: so many wait.
  template <class Function>
  std::uint64_t offer(SegmentStore& segments, std::uint64_t size, Function&& function) {
    const std::uint64_t all = size;
    while (size != 0) {
      const Bytes bytes = segments.bytes(unoffered_).subspan(unoffered_at_);
      const Bytes piece = bytes.first(std::min<std::uint64_t>(bytes.size(), size));
      const HeldSegment& segment = segments[unoffered_];
      if (segment.next != none) segments.prefetch(segment.next);
      if (!function(piece, segment)) break;
      size -= piece.size();
      unoffered_at_ += static_cast<std::uint32_t>(piece.size());
      if (piece.size() == bytes.size()) {
        unoffered_ = segment.next;
        unoffered_at_ = 0;
      }
    }
    waiting_ -= all - size;
    return all - size;
  }

  // Gives back the first `size` offered bytes; what is left of the packet at hand is copied.
  void keep_from(HalfState& state, std::uint64_t size);

  // Drops what waits; answers how many bytes.
  std::uint64_t drop_waiting(HalfState& state);

  // How many kept bytes to give up, oldest first, until fewer than `pages_max` pages are left; or until
  // `memory_size` bytes of memory are free.
  [[nodiscard]] std::size_t excess(const HalfState& state, std::uint32_t pages_max) const;
  [[nodiscard]] std::size_t worth(const HalfState& state, std::size_t memory_size) const;

  // The segment with the first byte. Requires: !empty().
  [[nodiscard]] const HeldSegment& first(const SegmentStore& segments) const { return segments[head_]; }

  // Calls function(bytes, segment) for each piece of the first `size` bytes.
  template <class Function>
  void for_each_of_first(SegmentStore& segments, std::uint64_t size, Function&& function) const {
    std::uint64_t left = size;
    for (std::uint32_t segment = head_; segment != none && left != 0; segment = segments[segment].next) {
      const Bytes bytes = segments.bytes(segment);
      const Bytes offered = bytes.first(std::min<std::uint64_t>(bytes.size(), left));
      function(offered, std::as_const(segments[segment]));
      left -= offered.size();
    }
  }

 private:
  inline void account(HalfState& state, std::uint32_t size, int sign);

  std::uint32_t head_ = none;
  std::uint32_t tail_ = none;
  std::uint32_t unoffered_ = none;  // the segment with the first byte that was not offered
  std::uint32_t unoffered_at_ = 0;  // where in it
  std::uint32_t pages_ = 0;
  std::uint32_t size_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t waiting_ = 0;
};

}  // namespace detail
}  // namespace restitch
