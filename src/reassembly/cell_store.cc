#include "restitch/detail/cell_store.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <new>

namespace restitch::detail {
namespace {

constexpr std::size_t chunk_size_wanted = 32 * 1024;

// Cell sizes: each at most a quarter larger than the one below, in steps of four bytes. With the four
// bytes for the owner that keeps a cell within 1.25 times its payload plus 8 bytes.
constexpr auto cell_sizes = [] {
  std::array<std::uint32_t, 64> sizes{};
  std::size_t count = 0;
  for (std::uint32_t size = 8; size < CellStore::size_max; ++count) {
    sizes[count] = size;
    size = std::max(size + 4, (size * 5 / 4) & ~3U);
  }
  sizes[count++] = CellStore::size_max;
  return std::pair(sizes, count);
}();
static_assert(cell_sizes.second <= 64, "a reference has six bits for the class");

std::uint32_t cell_size(unsigned number) { return cell_sizes.first[number]; }

// Cells in a chunk: a power of two, so that a place splits into chunk and cell without a division.
unsigned cells_shift(unsigned number) {
  unsigned shift = 0;
  while ((std::size_t{2} << shift) * (cell_size(number) + 4) <= chunk_size_wanted) ++shift;
  return shift;
}

const auto cell_shifts = [] {
  std::array<std::uint8_t, 64> shifts{};
  for (unsigned i = 0; i < cell_sizes.second; ++i) shifts[i] = static_cast<std::uint8_t>(cells_shift(i));
  return shifts;
}();

}  // namespace

CellStore::CellStore(Owners& owners) : owners_(owners), classes_(cell_sizes.second) {}

unsigned CellStore::class_of(std::size_t size) {
  const auto* begin = cell_sizes.first.data();
  const auto* end = begin + cell_sizes.second;
  return static_cast<unsigned>(std::lower_bound(begin, end, size) - begin);
}

std::uint8_t* CellStore::header(Reference cell) {
  const unsigned number = cell >> place_bits;
  const std::uint32_t place = cell & place_mask;
  const unsigned shift = cell_shifts[number];
  const std::size_t local = place & ((1U << shift) - 1);
  return classes_[number].chunks[place >> shift].get() + local * (cell_size(number) + owner_size);
}

CellStore::Reference CellStore::allocate(std::size_t size, std::uint32_t owner) {
  assert(size > 0 && size <= size_max);
  const unsigned number = class_of(size);
  Class& cls = classes_[number];
  if (cls.count == place_mask || (cls.count >> cell_shifts[number] == cls.chunks.size() && !grow(number))) {
    return nowhere;
  }
  const Reference cell = (number << place_bits) | cls.count++;
  std::memcpy(header(cell), &owner, owner_size);
  return cell;
}

void CellStore::release(Reference cell) {
  const unsigned number = cell >> place_bits;
  Class& cls = classes_[number];
  const Reference last = (number << place_bits) | (cls.count - 1);
  if (cell != last) {
    std::memcpy(header(cell), header(last), cell_size(number) + owner_size);
    std::uint32_t owner = 0;
    std::memcpy(&owner, header(cell), owner_size);
    owners_.cell_moved(owner, cell);
  }
  --cls.count;
  shrink(number);
}

bool CellStore::grow(unsigned number) {
  const std::size_t size = (cell_size(number) + owner_size) << cell_shifts[number];
  std::unique_ptr<std::uint8_t[]> chunk(new (std::nothrow) std::uint8_t[size]);
  if (!chunk) return false;
  classes_[number].chunks.push_back(std::move(chunk));
  memory_size_ += size;
  return true;
}

// Gives back chunks behind the last cell, but keeps one spare so that a queue that breathes at a chunk's
// edge does not allocate each time.
void CellStore::shrink(unsigned number) {
  Class& cls = classes_[number];
  const std::size_t needed = (cls.count + (1U << cell_shifts[number]) - 1) >> cell_shifts[number];
  while (cls.chunks.size() > needed + 1) {
    cls.chunks.pop_back();
    memory_size_ -= (cell_size(number) + owner_size) << cell_shifts[number];
  }
}

}  // namespace restitch::detail
