#include "restitch/detail/segment_run.h"

#include <algorithm>

#include "restitch/detail/half_state.h"

namespace restitch::detail {

void SegmentRun::append(HalfState& state, std::uint32_t segment) {
  state.segments[segment].next = none;
  (tail_ == none ? head_ : state.segments[tail_].next) = segment;
  tail_ = segment;
}

void SegmentRun::append_copy(HalfState& state, Bytes bytes, const CaptureInfo& info) {
  while (!bytes.empty()) {
    const Bytes part = bytes.first(std::min(bytes.size(), SegmentStore::segment_size_max));
    const std::uint32_t segment = state.segments.hold({}, part, info);
    if (segment == none) return;  // out of memory: delivered once, not offered again
    append(state, segment);
    bytes = bytes.subspan(part.size());
  }
}

void SegmentRun::keep_from(HalfState& state, std::size_t size) {
  SegmentStore& segments = state.segments;
  while (head_ != none && segments[head_].size <= size) {
    size -= segments[head_].size;
    const std::uint32_t next = segments[head_].next;
    segments.release(head_);
    head_ = next;
  }
  if (head_ == none) {
    tail_ = none;
  } else if (size != 0) {
    segments.trim_front(head_, static_cast<std::uint32_t>(size));
  }
  state.pages -= kept_pages_;
  kept_pages_ = 0;
  kept_bytes_ = 0;
  for (std::uint32_t segment = head_; segment != none; segment = segments[segment].next) {
    segments.own(segment);
    kept_bytes_ += segments[segment].size;
    kept_pages_ += pages_for(segments[segment].size);
  }
  state.pages += kept_pages_;
}

std::size_t SegmentRun::excess(const HalfState& state, std::uint32_t pages_max) const {
  std::size_t size = 0;
  std::uint32_t pages = kept_pages_;
  for (std::uint32_t segment = head_; segment != none && pages >= pages_max;
       segment = state.segments[segment].next) {
    size += state.segments[segment].size;
    pages -= pages_for(state.segments[segment].size);
  }
  return size;
}

}  // namespace restitch::detail
