#include "restitch/detail/cell_store.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace restitch::detail {
namespace {

// Cells of one size. A chunk has as many as fill its pages but for a thirty-second; numbers go up in powers
// of two from chunk to chunk, so that a place splits into chunk and cell without a division.
struct Shape {
  std::uint32_t cell_size = 0;  // without the owner
  std::uint32_t cells = 0;      // in a chunk
  std::uint32_t shift = 0;
  std::uint32_t chunk_size = 0;
  std::uint32_t spare_chunks = 0;  // kept for later
  std::uint32_t holes_max = 0;     // cells that may be free between others
};

constexpr std::uint32_t page_bytes = 4096;
constexpr std::uint32_t chunk_size_min = 16 * 1024;
constexpr std::uint32_t spare_size = 64 * 1024;   // of chunks of a class
constexpr std::uint32_t holes_size = 256 * 1024;  // of free cells of a class between others, with their list
constexpr std::uint32_t hole_size = 8;            // of the list for each, which may be twice as long

constexpr Shape shape_of(std::uint32_t cell_size, std::uint32_t owner_size) {
  const std::uint32_t size = cell_size + owner_size;
  Shape shape;
  shape.cell_size = cell_size;
  shape.cells = chunk_size_min / size + 1;
  for (;; ++shape.cells) {
    shape.chunk_size = (shape.cells * size + page_bytes - 1) / page_bytes * page_bytes;
    if ((shape.chunk_size - shape.cells * size) * 32 <= shape.chunk_size) break;
  }
  while ((1U << shape.shift) < shape.cells) ++shape.shift;
  shape.spare_chunks = std::max(1U, spare_size / shape.chunk_size);
  shape.holes_max = std::max(shape.cells, holes_size / (size + hole_size));
  return shape;
}

// Cell sizes: each at most a fifth larger than the one below, in steps of four bytes. With the four bytes for
// the owner and what is left over of a page, that keeps a cell within 1.25 times its payload plus 8 bytes.
constexpr std::uint32_t next_size(std::uint32_t size) { return std::max(size + 4, (size * 6 / 5) & ~3U); }
constexpr std::size_t shapes_count = [] {
  std::size_t count = 1;
  for (std::uint32_t size = 8; size < CellStore::size_max; size = next_size(size)) ++count;
  return count;
}();
static_assert(shapes_count <= 64, "a reference has six bits for the class");

constexpr auto shapes = [] {
  std::array<Shape, shapes_count> made{};
  std::uint32_t size = 8;
  for (std::size_t i = 0; i < shapes_count; ++i, size = next_size(size)) {
    made[i] = shape_of(std::min(size, std::uint32_t{CellStore::size_max}), sizeof(std::uint32_t));
  }
  return made;
}();

// Eight steps for each power of two, in which few classes begin; and the first class for the sizes of each.
constexpr std::size_t step_of(std::size_t size) {
  size = std::max(size, std::size_t{8});
  const auto exponent = static_cast<std::size_t>(std::bit_width(size)) - 4;
  return exponent * 8 + ((size >> exponent) & 7);
}
constexpr auto first_classes = [] {
  std::array<std::uint8_t, step_of(CellStore::size_max) + 1> made{};
  std::size_t number = 0;
  for (std::size_t step = 0; step < made.size(); ++step) {
    const std::size_t least = (8 + step % 8) << step / 8;
    while (shapes[number].cell_size < least) ++number;
    made[step] = static_cast<std::uint8_t>(number);
  }
  return made;
}();

}  // namespace

CellStore::CellStore(BlockSource& source, Owners& owners)
    : source_(source), owners_(owners), classes_(shapes_count) {
  for (unsigned number = 0; number < shapes_count; ++number) {
    Class& cls = classes_[number];
    cls.stride = shapes[number].cell_size + owner_size;
    cls.shift = shapes[number].shift;
    cls.end = number << place_bits;
  }
}

unsigned CellStore::class_of(std::size_t size) {
  unsigned number = first_classes[step_of(size)];
  while (shapes[number].cell_size < size) ++number;
  return number;
}

// The cell behind this one in its class, in the next chunk if it is the last of its own; and before it.
CellStore::Reference CellStore::after(Reference cell) {
  const Shape& shape = shapes[cell >> place_bits];
  const std::uint32_t local_mask = (1U << shape.shift) - 1;
  return (cell & local_mask) + 1 == shape.cells ? (cell | local_mask) + 1 : cell + 1;
}

CellStore::Reference CellStore::before(Reference cell) {
  const Shape& shape = shapes[cell >> place_bits];
  const std::uint32_t local_mask = (1U << shape.shift) - 1;
  return (cell & local_mask) == 0 ? cell - local_mask - 2 + shape.cells : cell - 1;
}

CellStore::Reference CellStore::allocate(std::size_t size, std::uint32_t owner) {
  assert(size > 0 && size <= size_max);
  const unsigned number = class_of(size);
  Class& cls = classes_[number];
  Reference cell = nowhere;
  if (!cls.holes.empty()) {
    cell = cls.holes.back();
    cls.holes.pop_back();
  } else {
    const std::uint32_t chunk = (cls.end & place_mask) >> cls.shift;
    if (chunk >= place_mask >> cls.shift || (chunk == cls.chunks.size() && !grow(number))) return nowhere;
    cell = cls.end;
    cls.end = after(cell);
  }
  ++cls.live;
  std::memcpy(header(cell), &owner, owner_size);
  return cell;
}

void CellStore::release(Reference cell) {
  const unsigned number = cell >> place_bits;
  Class& cls = classes_[number];
  if (--cls.live == 0) {
    cls.end = number << place_bits;
    forget_holes(cls);
  } else if (after(cell) == cls.end) {
    cls.end = cell;
  } else if (cls.holes.size() == shapes[number].holes_max || !add_hole(cls, cell)) {
    fill_with_last(cls, cell);
  }
  shrink(number);
}

// Moves the last cell into one that is not used any more. So a few holes may stay, as many as fit into a
// chunk: where cells come and go in turns, nothing has to move.
void CellStore::fill_with_last(Class& cls, Reference cell) {
  const Reference last = before(cls.end);
  std::uint32_t owner = 0;
  std::memcpy(&owner, header(last), owner_size);
  if (owner == nobody) {
    remove_hole(cls, last);
    add_hole(cls, cell);  // there is room: one has just gone
  } else {
    std::memcpy(header(cell), header(last), cls.stride);
    owners_.cell_moved(owner, cell);
  }
  cls.end = last;
}

// A long list gives its memory back.
void CellStore::forget_holes(Class& cls) {
  constexpr std::size_t kept = 1024;
  cls.holes.clear();
  if (cls.holes.capacity() <= kept) return;
  memory_size_ -= cls.holes.capacity() * sizeof(Reference);
  std::vector<Reference>().swap(cls.holes);
}

// False when memory is exhausted.
bool CellStore::add_hole(Class& cls, Reference cell) {
  const std::size_t before = cls.holes.capacity();
  try {
    cls.holes.push_back(cell);
  } catch (const std::bad_alloc&) {
    return false;
  }
  memory_size_ += (cls.holes.capacity() - before) * sizeof(Reference);
  note_hole(cls, cell, cls.holes.size() - 1);
  return true;
}

void CellStore::note_hole(Class& cls, Reference cell, std::size_t place) {
  const std::uint32_t note[] = {nobody, static_cast<std::uint32_t>(place)};
  std::memcpy(header(cell), note, sizeof note);
  cls.holes[place] = cell;
}

// The last one takes its place.
void CellStore::remove_hole(Class& cls, Reference cell) {
  std::uint32_t place = 0;
  std::memcpy(&place, bytes(cell), sizeof place);
  note_hole(cls, cls.holes.back(), place);
  cls.holes.pop_back();
}

bool CellStore::grow(unsigned number) {
  const std::size_t size = shapes[number].chunk_size;
  ChunkPtr chunk(static_cast<std::uint8_t*>(source_.allocate(size)), {&source_, size});
  if (!chunk) return false;
  try {
    classes_[number].chunks.push_back(std::move(chunk));
  } catch (const std::bad_alloc&) {
    return false;
  }
  memory_size_ += size;
  return true;
}

// Gives back chunks behind the last cell, but keeps spare_size of them, or a sixteenth of all: queues breathe
// in and out all the time, and what is given back and taken anew costs a page fault for each page.
void CellStore::shrink(unsigned number) {
  Class& cls = classes_[number];
  const Shape& shape = shapes[number];
  const std::uint32_t end = cls.end & place_mask;
  const std::size_t needed = (end + (1U << shape.shift) - 1) >> shape.shift;
  while (cls.chunks.size() > needed + shape.spare_chunks + needed / 16) {
    cls.chunks.pop_back();
    memory_size_ -= shape.chunk_size;
  }
}

}  // namespace restitch::detail
