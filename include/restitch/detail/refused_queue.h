// RefusedQueue: payload of one direction that its receiver seems to have refused, in the order of its
// numbers, until the receiver's acknowledgements tell: what it acknowledges it took in. Bounded in bytes and
// in capture time: there are two generations, and in time the older one goes. It is nothing that waits: its
// bytes count as refused. Cold; one thread.
//
//            next expected                  acknowledged
//     ─────────────┬──────────────────────────────┬──────────────────▶
//       no use any │  REFUSED        REFUSED  REF │ USED
//             more └── take() gives these back ───┘ these stay
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "restitch/capture_info.h"
#include "restitch/detail/segment_order.h"
#include "restitch/packet.h"
#include "restitch/sequence.h"

namespace RESTITCH_API restitch {
namespace detail {

struct HalfState;

class RefusedQueue {
 public:
  // A segment, or as much of it as was acknowledged; its bytes lie in the buffer that take() was given.
  struct Piece {
    Sequence first;
    std::size_t size = 0;
    bool fin = false;  // a FIN alone
    CaptureInfo info;
  };

  [[nodiscard]] bool empty() const { return generations_[0].empty() && generations_[1].empty(); }

  // Memory and payload of what lies here.
  [[nodiscard]] std::size_t memory_size() const;
  [[nodiscard]] std::uint64_t bytes() const { return generations_[0].bytes + generations_[1].bytes; }

  // Keeps a copy of a refused payload and its FIN, unless there is no memory for it, or it lies farther than
  // 2^29 from what is there. Requires: discard_before() was called, if the next expected number is known.
  void hold(HalfState& state, Sequence first, Bytes payload, bool fin, const CaptureInfo& info);

  // Takes out the lowest segment that begins before `acked`, up to there, and copies its bytes to `buffer`. A
  // FIN comes last. Requires: room for SegmentStore::segment_size_max bytes.
  std::optional<Piece> take(HalfState& state, Sequence acked, std::uint8_t* buffer);

  // Forgets what lies before `next`, which has this stream offset; and what is older than `ticks` to twice as
  // much.
  void discard_before(HalfState& state, Sequence next, std::uint64_t offset);
  void age(HalfState& state, std::uint32_t tick, std::uint32_t ticks);
  void discard_all(HalfState& state);

 private:
  struct Generation {
    SegmentOrder order;
    std::uint32_t segments = 0;
    std::uint64_t bytes = 0;
    std::optional<Sequence> fin;
    CaptureInfo fin_info;

    [[nodiscard]] bool empty() const { return segments == 0 && !fin; }
  };

  [[nodiscard]] static bool is_near(const Generation& generation, Sequence first);
  void discard(HalfState& state, Generation& generation);
  void trim(HalfState& state, Generation& generation, std::uint32_t size);
  [[nodiscard]] Generation& lower();

  std::array<Generation, 2> generations_;  // the younger one first
  std::uint32_t since_tick_ = 0;           // of the younger one
  std::uint64_t offset_ = 0;               // of discard_before()
};

}  // namespace detail
}  // namespace restitch
