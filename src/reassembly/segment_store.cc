#include "restitch/detail/segment_store.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

#include "restitch/detail/prefetch.h"

namespace restitch::detail {

using Storage = HeldSegment::Storage;

std::uint32_t SegmentStore::allocate(Sequence first, const CaptureInfo& info) {
  const std::uint32_t segment = segments_.allocate();
  if (segment == none) return none;
  segments_[segment].first = first;
  segments_[segment].info = info;
  return segment;
}

std::uint32_t SegmentStore::hold(Sequence first, Bytes bytes, const CaptureInfo& info) {
  const std::uint32_t segment = allocate(first, info);
  if (segment == none) return none;
  if (!place_bytes(segment, bytes)) {
    segments_.release(segment);
    return none;
  }
  payload_size_ += bytes.size();
  return segment;
}

std::uint32_t SegmentStore::borrow(Sequence first, Bytes bytes, const CaptureInfo& info) {
  assert(bytes.data() >= lent_.data() && bytes.data() + bytes.size() <= lent_.data() + lent_.size());
  const std::uint32_t segment = allocate(first, info);
  if (segment == none) return none;
  if (!note_borrower(segment)) {
    segments_.release(segment);
    return none;
  }
  HeldSegment& held = segments_[segment];
  held.size = static_cast<std::uint16_t>(bytes.size());
  held.storage = Storage::lent;
  held.place = static_cast<std::uint32_t>(bytes.data() - lent_.data());
  payload_size_ += bytes.size();
  return segment;
}

bool SegmentStore::note_borrower(std::uint32_t segment) {
  try {
    borrowers_.push_back(segment);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

bool SegmentStore::own_borrowers() {
  for (const std::uint32_t segment : borrowers_) {
    if (segments_.is_used(segment) && !own(segment)) return false;
  }
  borrowers_.clear();
  return true;
}

bool SegmentStore::own(std::uint32_t segment) {
  if (segments_[segment].storage != Storage::lent) return true;
  return place_bytes(segment, bytes(segment));
}

// Copies `bytes` to where they belong by their size.
bool SegmentStore::place_bytes(std::uint32_t segment, Bytes bytes) {
  HeldSegment& held = segments_[segment];
  assert(bytes.size() <= segment_size_max);
  if (bytes.size() <= sizeof held.place) {
    std::uint32_t inside = 0;
    if (!bytes.empty()) std::memcpy(&inside, bytes.data(), bytes.size());
    held.place = inside;
    held.storage = Storage::inside;
  } else {
    const CellStore::Reference cell = cells_.allocate(bytes.size(), segment);
    if (cell == CellStore::nowhere) return false;
    std::memcpy(cells_.bytes(cell), bytes.data(), bytes.size());
    held.place = cell;
    held.storage = Storage::cell;
  }
  held.size = static_cast<std::uint16_t>(bytes.size());
  return true;
}

void SegmentStore::trim_front(std::uint32_t segment, std::uint32_t size) {
  HeldSegment& held = segments_[segment];
  assert(size < held.size);
  held.first = held.first.add(size);
  payload_size_ -= size;
  replace_bytes(segment, size, held.size - size);
}

void SegmentStore::trim_back(std::uint32_t segment, std::uint32_t size) {
  assert(size < segments_[segment].size);
  payload_size_ -= size;
  replace_bytes(segment, 0, segments_[segment].size - size);
}

// Narrows a segment to [offset, offset + size) of its bytes, into a smaller cell where one will do, so
// that what was cut off does not go on taking memory.
void SegmentStore::replace_bytes(std::uint32_t segment, std::size_t offset, std::size_t size) {
  HeldSegment& held = segments_[segment];
  if (held.storage == Storage::lent) {
    held.place += static_cast<std::uint32_t>(offset);
  } else if (held.storage == Storage::inside) {
    std::uint8_t inside[sizeof held.place];
    std::memcpy(inside, &held.place, sizeof inside);
    for (std::size_t i = 0; i < size; ++i) inside[i] = inside[offset + i];
    std::memcpy(&held.place, inside, sizeof inside);
  } else {
    const CellStore::Reference old = held.place;
    std::uint8_t* from = cells_.bytes(old);
    const bool fits_inside = size <= sizeof held.place;
    if ((!fits_inside && CellStore::same_class(size, held.size)) ||
        !place_bytes(segment, {from + offset, size})) {
      std::memmove(from, from + offset, size);
    } else {
      cells_.release(old);
    }
  }
  held.size = static_cast<std::uint16_t>(size);
}

bool SegmentStore::remove_byte(std::uint32_t segment, std::uint32_t at) {
  if (!own(segment)) return false;
  HeldSegment& held = segments_[segment];
  std::uint8_t* bytes =
      held.storage == Storage::cell ? cells_.bytes(held.place) : reinterpret_cast<std::uint8_t*>(&held.place);
  std::memmove(bytes + at, bytes + at + 1, held.size - at - 1);
  payload_size_ -= 1;
  replace_bytes(segment, 0, held.size - 1);
  return true;
}

void SegmentStore::release(std::uint32_t segment) {
  const HeldSegment& held = segments_[segment];
  payload_size_ -= held.size;
  if (held.storage == Storage::cell) cells_.release(held.place);
  segments_.release(segment);
}

void SegmentStore::prefetch(std::uint32_t segment) const { prefetch_object(segments_[segment]); }

void SegmentStore::prefetch_bytes(std::uint32_t segment) {
  const HeldSegment& held = segments_[segment];
  if (held.storage != Storage::cell) return;
  const std::uint8_t* const cell = cells_.bytes(held.place);
  detail::prefetch(cell);
  detail::prefetch(cell + std::min<std::size_t>(held.size, 64));
}

Bytes SegmentStore::bytes(std::uint32_t segment) {
  HeldSegment& held = segments_[segment];
  switch (held.storage) {
    case Storage::lent:
      return lent_.subspan(held.place, held.size);
    case Storage::cell:
      return {cells_.bytes(held.place), held.size};
    case Storage::inside:
      break;
  }
  return {reinterpret_cast<const std::uint8_t*>(&held.place), held.size};
}

}  // namespace restitch::detail
