#include "restitch/detail/segment_run.h"

#include <cassert>

#include "restitch/detail/half_state.h"

namespace restitch::detail {

void SegmentRun::append(HalfState& state, std::uint32_t segment) {
  HeldSegment& held = state.segments[segment];
  held.next = none;
  (tail_ == none ? head_ : state.segments[tail_].next) = segment;
  tail_ = segment;
  if (unoffered_ == none) unoffered_ = segment;
  waiting_ += held.size;
  account(state, held.size, +1);
}

void SegmentRun::append_kept(HalfState& state, Bytes bytes, const CaptureInfo& info,
                             Transmission transmission) {
  while (!bytes.empty()) {
    const Bytes part = bytes.first(std::min(bytes.size(), SegmentStore::segment_size_max));
    const std::uint32_t segment = state.segments.hold({}, part, info);
    if (segment == none) return;  // out of memory: delivered once, not offered again
    state.segments[segment].transmission = transmission;
    append(state, segment);
    offer(state.segments, part.size(), [](Bytes, const HeldSegment&) { return true; });
    bytes = bytes.subspan(part.size());
  }
}

void SegmentRun::keep_from(HalfState& state, std::uint64_t size) {
  assert(size <= kept_bytes());
  SegmentStore& segments = state.segments;
  while (head_ != none) {
    const HeldSegment& held = segments[head_];
    if (held.size > size) break;
    size -= held.size;
    account(state, held.size, -1);
    const std::uint32_t next = held.next;
    if (next != none) segments.prefetch(next);
    segments.release(head_);
    head_ = next;
  }
  if (head_ == none) {
    tail_ = none;
  } else if (size != 0) {
    account(state, segments[head_].size, -1);
    segments.trim_front(head_, static_cast<std::uint32_t>(size));
    account(state, segments[head_].size, +1);
    if (head_ == unoffered_) unoffered_at_ -= static_cast<std::uint32_t>(size);
  }
  // Out of memory: delivered once, not offered again.
  if (!segments.own_borrowed() && kept_bytes() != 0) keep_from(state, kept_bytes());
}

std::uint64_t SegmentRun::drop_waiting(HalfState& state) {
  const std::uint64_t dropped = waiting_;
  SegmentStore& segments = state.segments;
  std::uint64_t left = kept_bytes();
  std::uint32_t last_kept = none;
  std::uint32_t segment = head_;
  while (segment != none && segments[segment].size <= left) {
    left -= segments[segment].size;
    last_kept = segment;
    segment = segments[segment].next;
  }
  if (segment != none && left != 0) {
    account(state, segments[segment].size, -1);
    segments.trim_back(segment, segments[segment].size - static_cast<std::uint32_t>(left));
    account(state, segments[segment].size, +1);
    last_kept = segment;
    segment = segments[segment].next;
  }
  (last_kept == none ? head_ : segments[last_kept].next) = none;
  tail_ = last_kept;
  unoffered_ = none;
  unoffered_at_ = 0;
  while (segment != none) {
    const std::uint32_t next = segments[segment].next;
    account(state, segments[segment].size, -1);
    segments.release(segment);
    segment = next;
  }
  waiting_ = 0;
  return dropped;
}

std::size_t SegmentRun::excess(const HalfState& state, std::uint32_t pages_max) const {
  std::size_t size = 0;
  std::uint32_t pages = pages_;
  for (std::uint32_t segment = head_; segment != none && pages >= pages_max && size < kept_bytes();
       segment = state.segments[segment].next) {
    size += state.segments[segment].size;
    pages -= pages_for(state.segments[segment].size);
  }
  return std::min<std::uint64_t>(size, kept_bytes());
}

std::size_t SegmentRun::worth(const HalfState& state, std::size_t memory_size) const {
  std::size_t size = 0;
  std::size_t freed = 0;
  for (std::uint32_t segment = head_; segment != none && freed < memory_size && size < kept_bytes();
       segment = state.segments[segment].next) {
    size += state.segments[segment].size;
    freed += memory_for(1, state.segments[segment].size);
  }
  return std::min<std::uint64_t>(size, kept_bytes());
}

void SegmentRun::account(HalfState& state, std::uint32_t size, int sign) {
  const auto weight = static_cast<std::uint64_t>(std::int64_t{sign});
  const std::uint64_t pages = weight * pages_for(size);
  bytes_ += weight * size;
  pages_ += static_cast<std::uint32_t>(pages);
  size_ += static_cast<std::uint32_t>(weight);
  state.pages += pages;
}

}  // namespace restitch::detail
