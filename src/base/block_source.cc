#include "restitch/detail/block_source.h"

#include <bit>
#include <cassert>
#include <limits>

#include "restitch/detail/block.h"

namespace restitch::detail {
namespace {

// Regions hide from the sanitizers what is allocated and what is not.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t usual_plain_size = std::numeric_limits<std::size_t>::max();
#else
constexpr std::size_t usual_plain_size = std::size_t{4} * 1024 * 1024;
#endif

// Who has so much of a size in use is filling it, and is going to fill the next piece.
constexpr std::size_t filled_soon_size = std::size_t{1} * 1024 * 1024;

// The numbers come from pointers.
void* address(std::uintptr_t number) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  return reinterpret_cast<void*>(number);
}

}  // namespace

BlockSource::BlockSource() : BlockSource(usual_plain_size) {}

BlockSource::~BlockSource() {
  assert(regions_.empty());
  for (const auto& [base, region] : regions_) release_block(address(base), region_size);
}

void* BlockSource::allocate(std::size_t size) noexcept {
  const std::size_t pages = pages_of(size);
  if (pages * page_size > region_piece_max) return allocate_block(size);
  Size& of_size = sizes_[pages];
  if (of_size.plain >= plain_size_ && (!of_size.open.empty() || open_region(of_size))) {
    return take_from(*of_size.open.begin(), pages);
  }
  void* const piece = allocate_block(size, of_size.plain >= filled_soon_size);
  if (piece != nullptr) of_size.plain += size;
  return piece;
}

void BlockSource::release(void* piece, std::size_t size) noexcept {
  const std::size_t pages = pages_of(size);
  if (pages * page_size > region_piece_max) return release_block(piece, size);
  const auto at = reinterpret_cast<std::uintptr_t>(piece);
  const auto region = regions_.find(at / region_size * region_size);
  if (region != regions_.end()) return put_back(region->first, region->second, at, pages);
  sizes_[pages].plain -= size;
  release_block(piece, size);
}

// False when memory is exhausted, or has no room for a whole region.
bool BlockSource::open_region(Size& size) noexcept {
  void* const region = allocate_aligned_block(region_size);
  if (region == nullptr) return false;
  const auto base = reinterpret_cast<std::uintptr_t>(region);
  try {
    regions_.try_emplace(base);
    size.open.insert(base);
    return true;
  } catch (const std::bad_alloc&) {
    regions_.erase(base);
    release_block(region, region_size);
    return false;
  }
}

void* BlockSource::take_from(std::uintptr_t base, std::size_t pages) {
  Region& region = regions_.find(base)->second;
  std::size_t word = 0;
  while (region.used[word] == ~std::uint64_t{0}) ++word;
  const auto bit = static_cast<std::size_t>(std::countr_one(region.used[word]));
  region.used[word] |= std::uint64_t{1} << bit;
  const std::size_t number = word * 64 + bit;
  if (number < region.fresh) {
    reuse_pages(pages * page_size);
  } else {
    region.fresh = number + 1;
  }
  if (++region.live == region_size / page_size / pages) sizes_[pages].open.erase(base);
  return address(base + number * pages * page_size);
}

void BlockSource::put_back(std::uintptr_t base, Region& region, std::uintptr_t at,
                           std::size_t pages) noexcept {
  const std::size_t number = (at - base) / (pages * page_size);
  region.used[number / 64] &= ~(std::uint64_t{1} << number % 64);
  if (--region.live == 0) {
    reuse_pages((region.fresh - 1) * pages * page_size);  // all but this one were discarded
    sizes_[pages].open.erase(base);
    regions_.erase(base);
    return release_block(address(base), region_size);
  }
  discard_pages(address(at), pages * page_size);
  try {
    sizes_[pages].open.insert(base);
  } catch (const std::bad_alloc&) {  // its free pieces stay unused until one more comes back
  }
}

}  // namespace restitch::detail
