// SegmentStore: the segments that wait, of all connections of a pool: their places, their packets and
// their bytes. A held segment is referred to by number. One thread.
//
//   order   first sequence number -> segment, one per half-connection (segment_order.h)
//   chain   singly linked segments in order: bytes being delivered, bytes kept, Linux' merged blocks
#pragma once

#include <cstdint>
#include <vector>

#include "restitch/capture_info.h"
#include "restitch/detail/cell_store.h"
#include "restitch/detail/slab.h"
#include "restitch/packet.h"
#include "restitch/transmission.h"

namespace RESTITCH_API restitch {
namespace detail {

struct HeldSegment {
  std::uint32_t next = none;  // in a chain
  Sequence first;             // of its first byte
  // Where the bytes are: in the four bytes of `place` itself, in a cell, or lent by the packet at hand.
  std::uint32_t place = CellStore::nowhere;
  std::uint16_t size = 0;  // bytes
  enum class Storage : std::uint8_t { inside, cell, lent } storage : 4 = Storage::inside;
  bool fin : 1 = false;    // a FIN follows the last byte (exact Linux rule only)
  bool wrong : 1 = false;  // its checksum is
  Transmission transmission = Transmission::first;
  CaptureInfo info;
};
static_assert(sizeof(HeldSegment) == 56);

// What a segment takes at most besides its bytes: its record, its part of the order (17 bytes in leaves that
// are half full, 16 as a block), and what a cell has left over of 1.25 times the payload.
constexpr std::size_t segment_memory = 80;

// What a held or kept segment of `size` bytes counts in pages of the two page limits: a unit of account
// only, taken over from gopacket, whose pages hold 1,900 bytes.
constexpr std::size_t page_size = 1900;
constexpr std::uint32_t pages_for(std::size_t size) {
  return size <= page_size ? 1 : static_cast<std::uint32_t>((size + page_size - 1) / page_size);
}

// The most memory that so many segments with so many bytes take.
constexpr std::size_t memory_for(std::size_t segments, std::uint64_t bytes) {
  return segments * segment_memory + bytes + bytes / 4;
}

class SegmentStore final : private CellStore::Owners {
 public:
  explicit SegmentStore(BlockSource& source) : segments_(source), cells_(source, *this) {}

  static constexpr std::size_t segment_size_max = 65535;

  // The packet at hand: segments may lend its payload until settle. Requires: nothing lent is left over.
  void lend(Bytes payload) {
    lent_ = payload;
    borrowers_.clear();
  }

  // Copies what is still borrowed, before the packet goes away. False when memory is exhausted: some still
  // is.
  bool own_borrowed() { return borrowers_.empty() || own_borrowers(); }

  // A segment with a copy of `bytes`; none when memory is exhausted. Requires: 0 < size <= segment_size_max.
  std::uint32_t hold(Sequence first, Bytes bytes, const CaptureInfo& info);

  // A segment that borrows `bytes`, a part of the lent payload.
  std::uint32_t borrow(Sequence first, Bytes bytes, const CaptureInfo& info);

  // Turns borrowed bytes into a copy; false when memory is exhausted.
  bool own(std::uint32_t segment);

  // Cuts `size` bytes off one end. Requires: size < the segment's size.
  void trim_front(std::uint32_t segment, std::uint32_t size);
  void trim_back(std::uint32_t segment, std::uint32_t size);

  // Takes one byte out of the middle; lent bytes are copied first, false when there is no memory for that.
  // Requires: at < size, size > 1.
  bool remove_byte(std::uint32_t segment, std::uint32_t at);

  void release(std::uint32_t segment);

  [[nodiscard]] Bytes bytes(std::uint32_t segment);

  HeldSegment& operator[](std::uint32_t segment) { return segments_[segment]; }
  const HeldSegment& operator[](std::uint32_t segment) const { return segments_[segment]; }

  // Starts loading a segment that is going to be popped; later, when that has come, its bytes.
  void prefetch(std::uint32_t segment) const;
  void prefetch_bytes(std::uint32_t segment);

  // Segments alive, bytes in them, and bytes of memory for all of it.
  [[nodiscard]] std::size_t size() const { return segments_.size(); }
  [[nodiscard]] std::uint64_t payload_size() const { return payload_size_; }
  [[nodiscard]] std::size_t memory_size() const { return segments_.memory_size() + cells_.memory_size(); }

 private:
  void cell_moved(std::uint32_t owner, CellStore::Reference to) override { segments_[owner].place = to; }
  inline bool place_bytes(std::uint32_t segment, Bytes bytes);
  bool own_borrowers();
  inline bool note_borrower(std::uint32_t segment);
  void replace_bytes(std::uint32_t segment, std::size_t offset, std::size_t size);

  inline std::uint32_t allocate(Sequence first, const CaptureInfo& info);

  Slab<HeldSegment> segments_;
  CellStore cells_;
  Bytes lent_;
  std::vector<std::uint32_t> borrowers_;
  std::uint64_t payload_size_ = 0;
};

}  // namespace detail
}  // namespace restitch
