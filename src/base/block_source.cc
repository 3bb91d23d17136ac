#include "restitch/detail/block_source.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <iterator>

#include "base/sanitized.h"
#include "restitch/detail/block.h"

namespace restitch::detail {
namespace {

// Neighbours hide from the sanitizers what is allocated and what is not.
#ifdef RESTITCH_SANITIZED
constexpr std::size_t usual_small_size = BlockSource::alone;
#else
constexpr std::size_t usual_small_size = std::size_t{4} * 1024 * 1024;
#endif

// Who has so much of a size in use is filling it, and is going to fill the next region.
constexpr std::size_t filled_soon_size = std::size_t{1} * 1024 * 1024;

// Of what is in use of a size, so much may be added at once; and so much given back and still be resident.
constexpr std::size_t part = 16;

// The numbers come from pointers.
void* pointer(std::uintptr_t number) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  return reinterpret_cast<void*>(number);
}

}  // namespace

BlockSource::BlockSource() : BlockSource(usual_small_size) {}

BlockSource::~BlockSource() { assert(regions_.empty()); }

void* BlockSource::allocate(std::size_t size) noexcept {
  const std::size_t pages = pages_of(size);
  if (pages * page_size > piece_max) return allocate_block(size);
  const Size& of_size = sizes_[pages];
  auto region = of_size.open.empty() ? regions_.end() : regions_.find(*of_size.open.begin());
  if (region == regions_.end() && of_size.used >= small_size_) region = open_region(pages, huge_size);
  if (region == regions_.end() && small_size_ != alone) {
    region = open_region(pages, std::min(of_size.used / part, huge_size / 2));
  }
  if (region == regions_.end()) region = open_region(pages, 0);
  return region == regions_.end() ? nullptr : take_from(region, pages);
}

void BlockSource::release(void* piece, std::size_t size) noexcept {
  const std::size_t pages = pages_of(size);
  if (pages * page_size > piece_max) return release_block(piece, size);
  const auto address = reinterpret_cast<std::uintptr_t>(piece);
  put_back(std::prev(regions_.upper_bound(address)), address, pages);
  const Size& of_size = sizes_[pages];
  while (of_size.stale > of_size.used / part) {
    discard(regions_.find(*of_size.with_stale.begin()), pages);
  }
}

// Of so many bytes, and of one piece at least. Answers the end when memory has no room for it.
BlockSource::Regions::iterator BlockSource::open_region(std::size_t pages, std::size_t wanted) noexcept {
  Size& size = sizes_[pages];
  const bool huge = wanted == huge_size;
  const std::size_t pieces = std::max<std::size_t>(1, wanted / (pages * page_size));
  const std::size_t bytes = huge ? huge_size : pieces * pages * page_size;
  void* const memory =
      huge ? allocate_aligned_block(bytes) : allocate_block(bytes, size.used >= filled_soon_size);
  if (memory == nullptr) return regions_.end();
  auto opened = regions_.end();
  try {
    opened = regions_.try_emplace(reinterpret_cast<std::uintptr_t>(memory), Region{bytes, pieces}).first;
    if (pieces > 1) size.open.insert(opened->first);
  } catch (const std::bad_alloc&) {
    if (opened != regions_.end()) regions_.erase(opened);
    release_block(memory, bytes);
    return regions_.end();
  }
  return opened;
}

// Requires: the region has room.
void* BlockSource::take_from(Regions::iterator at, std::size_t pages) {
  auto& [base, region] = *at;
  Size& size = sizes_[pages];
  const std::size_t piece_size = pages * page_size;
  std::size_t number = 0;
  while (region.used[number]) ++number;
  void* const piece = pointer(base + number * piece_size);
  if (number >= region.fresh) {
    region.fresh = number + 1;
  } else if (region.stale[number]) {
    region.stale[number] = false;
    size.stale -= piece_size;
    if (region.stale.none()) size.with_stale.erase(base);
    std::memset(piece, 0, piece_size);
  } else {
    reuse_pages(piece_size);
  }
  region.used[number] = true;
  size.used += piece_size;
  if (region.used.count() == region.pieces) size.open.erase(base);
  return piece;
}

void BlockSource::put_back(Regions::iterator at, std::uintptr_t piece, std::size_t pages) noexcept {
  auto& [base, region] = *at;
  Size& size = sizes_[pages];
  const std::size_t piece_size = pages * page_size;
  const std::size_t number = (piece - base) / piece_size;
  region.used[number] = false;
  region.stale[number] = true;
  size.used -= piece_size;
  size.stale += piece_size;
  if (region.used.none()) return close_region(at, pages);
  try {
    size.with_stale.insert(base);
    size.open.insert(base);
  } catch (const std::bad_alloc&) {  // its free pieces stay unused until one more comes back
    discard(at, pages);
  }
}

void BlockSource::close_region(Regions::iterator at, std::size_t pages) noexcept {
  const auto& [base, region] = *at;
  Size& size = sizes_[pages];
  const std::size_t stale = region.stale.count();
  reuse_pages((region.fresh - stale) * pages * page_size);  // these were discarded
  size.stale -= stale * pages * page_size;
  size.with_stale.erase(base);
  size.open.erase(base);
  release_block(pointer(base), region.size);
  regions_.erase(at);
}

// What is stale of a region is no longer resident.
void BlockSource::discard(Regions::iterator at, std::size_t pages) noexcept {
  auto& [base, region] = *at;
  Size& size = sizes_[pages];
  const std::size_t piece_size = pages * page_size;
  for (std::size_t first = 0; first < region.fresh; ++first) {
    std::size_t end = first;
    while (end < region.fresh && region.stale[end]) region.stale[end++] = false;
    if (end == first) continue;
    discard_pages(pointer(base + first * piece_size), (end - first) * piece_size);
    size.stale -= (end - first) * piece_size;
    first = end;
  }
  size.with_stale.erase(base);
}

}  // namespace restitch::detail
