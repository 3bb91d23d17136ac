// Elsewhere: segments of one half-connection that lie where its stream cannot be: farther away than any
// window of the receiver allows, or in another half of the number space. They are set aside until the
// receiver's acknowledgements, or enough of them that agree, show that the stream went there; else they are
// wild, and never delivered. Few, in the order of arrival. Part of a HalfState; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "restitch/capture_info.h"
#include "restitch/detail/slab.h"
#include "restitch/packet.h"
#include "restitch/sequence.h"

namespace RESTITCH_API restitch {
namespace detail {

struct HalfState;

class Elsewhere {
 public:
  static constexpr std::size_t size_max = 24;

  // So many segments that agree, with nothing to contradict them since, move the stream without an
  // acknowledgement.
  static constexpr std::uint8_t agreeing_min = 3;

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] bool is_full() const { return count_ == size_max; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t memory_size() const;

  // The number of the segment that came first, in the SegmentStore. Requires: not empty().
  [[nodiscard]] std::uint32_t oldest() const { return segments_[0]; }

  // Keeps a copy; without memory for it, the bytes count as dropped. Requires: not is_full().
  void add(HalfState& state, Sequence first, Bytes bytes, const CaptureInfo& info);

  // Takes over a segment of the SegmentStore that is not counted as held. Requires: not is_full().
  void adopt(HalfState& state, std::uint32_t segment);

  // The stream, or its receiver, went on where it was: what is here now does not count as agreeing any more,
  // nor does an acknowledgement.
  void contradict() { fresh_ = 0, claimed_ = false; }
  [[nodiscard]] bool contradicted() const { return fresh_ == 0; }
  [[nodiscard]] bool is_idle() const { return count_ == 0 && !claimed_; }

  // An acknowledgement far from the stream, in a segment with this sequence number. True when it goes on from
  // the one before, by `reach` at most, and came from the same place in the other stream. (The same number
  // again proves nothing: packets made by hand have 0 in all of them.)
  bool claim(Sequence acknowledgment, Sequence sequence, std::uint32_t reach);

  // Whether enough segments agree: the lowest number of those that lie within `reach` of the newest.
  [[nodiscard]] std::optional<Sequence> agreed(const HalfState& state, std::uint32_t reach) const;

  // The lowest number of the segments from which `position` is at most `reach` away, either way.
  [[nodiscard]] std::optional<Sequence> lowest_near(const HalfState& state, Sequence position,
                                                    std::uint32_t reach) const;

  // Takes a segment out; it is the caller's, and not counted as held any more.
  std::uint32_t take(HalfState& state, std::size_t at);
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] std::uint32_t operator[](std::size_t at) const { return segments_[at]; }

 private:
  std::array<std::uint32_t, size_max> segments_{};
  std::uint64_t bytes_ = 0;
  std::uint8_t count_ = 0;
  std::uint8_t fresh_ = 0;  // how many came since the stream was contradicted by nothing
  bool claimed_ = false;
  Sequence claim_;
  Sequence claimant_;  // sequence number of the segment that claimed
};

}  // namespace detail
}  // namespace restitch
