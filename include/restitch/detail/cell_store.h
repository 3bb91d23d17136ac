// CellStore: payload bytes that have to wait, packed densely. Each size class is one array of equal cells
// with no more holes than fit into a chunk: further ones are filled with the last cells of the class, so
// memory follows what is held, whatever the order of freeing. A cell knows the held segment that owns it, and
// tells its owner when it moves: spans into the store are valid until the next release(). One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "restitch/detail/block_source.h"

namespace RESTITCH_API restitch {
namespace detail {

class CellStore {
 public:
  // Where a cell lies: class in the upper 6 bits, place in the class below.
  using Reference = std::uint32_t;
  static constexpr Reference nowhere = 0xFFFFFFFF;
  static constexpr std::size_t size_max = 65536;  // the largest cell

  // Told that the cell of `owner` lies elsewhere now.
  class Owners {
   public:
    virtual void cell_moved(std::uint32_t owner, Reference to) = 0;

   protected:
    ~Owners() = default;
  };

  CellStore(BlockSource& source, Owners& owners);

  // A cell for `size` bytes, or nowhere when memory is exhausted. Requires: 0 < size <= size_max.
  Reference allocate(std::size_t size, std::uint32_t owner);

  // Frees a cell; another one may move into its place.
  void release(Reference cell);

  // Cells of this size are of the same class as those of the other.
  [[nodiscard]] static bool same_class(std::size_t a, std::size_t b) { return class_of(a) == class_of(b); }

  [[nodiscard]] std::uint8_t* bytes(Reference cell) { return header(cell) + owner_size; }

  [[nodiscard]] std::size_t memory_size() const { return memory_size_; }

 private:
  static constexpr std::size_t owner_size = sizeof(std::uint32_t);
  static constexpr std::uint32_t place_bits = 26;
  static constexpr std::uint32_t place_mask = (1U << place_bits) - 1;

  struct Release {
    BlockSource* source;
    std::size_t size;
    void operator()(std::uint8_t* chunk) const { source->release(chunk, size); }
  };
  using ChunkPtr = std::unique_ptr<std::uint8_t[], Release>;
  struct Class {
    std::vector<ChunkPtr> chunks;
    std::uint32_t stride = 0;  // from cell to cell
    std::uint32_t shift = 0;   // bits of a place that count cells of a chunk
    Reference end = nowhere;   // one behind the last that was given out and not given up
    // Those before it that are free, the last one freed at the end. Each knows its place here.
    std::vector<Reference> holes;
    std::uint32_t live = 0;  // how many are in use
  };
  static constexpr std::uint32_t nobody = 0xFFFFFFFF;  // owns a free cell

  void forget_holes(Class& cls);
  bool add_hole(Class& cls, Reference cell);
  void note_hole(Class& cls, Reference cell, std::size_t place);
  void remove_hole(Class& cls, Reference cell);
  void fill_with_last(Class& cls, Reference cell);
  static unsigned class_of(std::size_t size);
  static Reference after(Reference cell);
  static Reference before(Reference cell);
  std::uint8_t* header(Reference cell) {
    const Class& cls = classes_[cell >> place_bits];
    const std::uint32_t place = cell & place_mask;
    const std::size_t local = place & ((1U << cls.shift) - 1);
    return cls.chunks[place >> cls.shift].get() + local * cls.stride;
  }
  bool grow(unsigned number);
  void shrink(unsigned number);

  BlockSource& source_;
  Owners& owners_;
  std::vector<Class> classes_;
  std::size_t memory_size_ = 0;
};

}  // namespace detail
}  // namespace restitch
