// DeliveredBytes: the last bytes that each direction was given, and the packets that brought them, so that a
// copy that comes later can be compared with them. A direction has a ring of blocks, which are filled one
// after the other; when it has as many as it may, its oldest block is used again. All rings together have a
// limit of their own: at it, who needs one more block takes it from one that has many. One thread.
//
//      oldest block                          newest block
//      │ packet 3 │ packet 4, its first part │ → │ the rest │ packet 7 │ room │ → the oldest again
//
// Nothing depends on it but what is told: without memory for it, copies cannot be compared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "restitch/capture_info.h"
#include "restitch/detail/block_source.h"
#include "restitch/detail/slab.h"
#include "restitch/packet.h"
#include "restitch/sequence.h"

namespace RESTITCH_API restitch {
namespace detail {

class DeliveredBytes {
  struct Piece;

 public:
  // The directions of a connection are told by its slot.
  struct Direction {
    std::uint32_t slot;
    TcpFlowDirection which;
  };

  explicit DeliveredBytes(BlockSource& source) : source_(source), blocks_(source) {}

  // How much memory a direction and all together may take, from now on. Without this, or with a limit of 0,
  // nothing is kept. Throws std::bad_alloc.
  void set_limits(std::size_t direction_bytes_max, std::size_t total_bytes_max);
  [[nodiscard]] bool on() const { return blocks_max_ != 0; }

  // Takes a copy of bytes that are delivered; `first` and `offset` are those of the first of them.
  // Requires: on().
  void append(Direction direction, Sequence first, std::uint64_t offset, Bytes bytes,
              const CaptureInfo& info);

  // A walk over what was delivered where a copy repeats it: compare(), then next() until there is none. To be
  // finished before anything else is called.
  class Walk {
   public:
    // So many bytes of the copy, from its first on, were delivered too long ago to be known, if at all.
    [[nodiscard]] std::size_t unknown() const { return unknown_; }

   private:
    friend class DeliveredBytes;
    Sequence first_;             // of the copy
    Sequence last_;              // one past it
    std::uint64_t horizon_ = 0;  // offset of what lies too far back
    std::size_t unknown_ = 0;
    const Piece* piece_ = nullptr;  // the next one that shares bytes
    std::uint32_t block_ = none;    // where it lies
    std::uint32_t place_ = 0;       // behind it
    std::uint32_t blocks_left_ = 0;
    std::uint32_t newest_used_ = 0;
  };

  // What one packet brought of the bytes that a copy repeats.
  struct Shared {
    std::size_t at = 0;        // where in the copy
    std::uint64_t offset = 0;  // of the stream
    Bytes bytes;               // valid until the next call
    CaptureInfo info;
  };

  // `next`: the next byte to be delivered, and its offset. Requires: the `size` bytes from `first` on lie
  // before it, and not before the start of the stream.
  [[nodiscard]] Walk compare(Direction direction, Sequence first, std::size_t size, Sequence next,
                             std::uint64_t next_offset) const;
  std::optional<Shared> next(Walk& walk);

  // Drops what a direction has; or lets the two of a connection change places.
  void forget(Direction direction);
  void swap(std::uint32_t slot);

  [[nodiscard]] std::size_t memory_size() const {
    return blocks_.memory_size() + chunks_in_use_ * sizeof(Sides) + chunks_.capacity() * sizeof(chunks_[0]);
  }

 private:
  // Bytes of one packet, which follow it.
  struct Piece {
    std::uint64_t offset;
    Sequence first;
    std::uint32_t size;
    CaptureInfo info;

    [[nodiscard]] Sequence last() const { return first.add(size); }
    [[nodiscard]] Bytes bytes() const { return {reinterpret_cast<const std::uint8_t*>(this + 1), size}; }
  };
  static_assert(sizeof(Piece) == 56);

  struct Block {
    static constexpr std::uint32_t size = 4096;

    Block() noexcept {}  // leaves the bytes uninitialised
    [[nodiscard]] const Piece& piece(std::uint32_t place) const {
      return *reinterpret_cast<const Piece*>(bytes + place);
    }

    alignas(Piece) std::byte bytes[size];
  };

  // What is read of a block lies apart from its bytes, which are only written, and are in no cache any more
  // when it is their turn again. Of the newest block only `next` and `slot` mean
  // something.
  struct Head {
    std::uint64_t end_offset = 0;  // where the pieces end
    Sequence end;                  // the same
    std::uint32_t used = 0;        // bytes
    std::uint32_t next = none;     // the block that is filled after it; of the newest, the oldest
    std::uint32_t slot = 0;        // the connection it belongs to
  };

  // The ring of a direction.
  struct Side {
    std::uint32_t newest = none;
    std::uint16_t used = 0;  // bytes of the newest block
    std::uint16_t blocks : 14 = 0;
    std::uint16_t begun : 1 = 0;  // there was something
    std::uint16_t lost : 1 = 0;   // and it is no longer all there
  };
  static_assert(sizeof(Side) == 8, "a pool has two of them for each connection");
  static constexpr std::uint32_t sides_per_chunk = 4096;
  struct Sides {
    Side at[sides_per_chunk];
  };
  struct Chunk {
    BlockPtr<Sides> sides;
    std::uint32_t used = 0;
  };

  static std::uint32_t number_of(Direction direction) {
    return 2 * direction.slot + static_cast<std::uint32_t>(direction.which);
  }
  [[nodiscard]] Side* side(std::uint32_t number) const {
    const std::uint32_t chunk = number / sides_per_chunk;
    if (chunk >= chunks_.size() || !chunks_[chunk].sides) return nullptr;
    return &chunks_[chunk].sides->at[number % sides_per_chunk];
  }
  Side* begin(std::uint32_t number);
  void put(Side& side, const Piece& piece, Bytes bytes);
  bool renew(Side& side, std::uint32_t slot, Sequence first, std::uint64_t offset);
  std::uint32_t take_block(const Side& side);
  std::uint32_t take_from_another(const Side& side);
  std::uint32_t take_oldest(Side& side);
  void give_back(Side& side);
  [[nodiscard]] Walk walk_over(const Side& side, Sequence first, Sequence last,
                               std::uint64_t next_offset) const;
  void advance(Walk& walk) const;

  BlockSource& source_;
  Slab<Block, Head> blocks_;
  std::uint32_t spare_ = none;  // blocks that nobody uses, one behind the other
  std::uint32_t spares_ = 0;
  std::vector<Chunk> chunks_;  // of sides, two for each slot
  std::size_t chunks_in_use_ = 0;
  std::uint32_t blocks_max_ = 0;        // of a direction
  std::uint32_t total_blocks_max_ = 0;  // of all
  std::uint32_t hand_ = 0;              // the block that was looked at last for a side that can give
  std::vector<std::uint8_t> gathered_;
};

}  // namespace detail
}  // namespace restitch
