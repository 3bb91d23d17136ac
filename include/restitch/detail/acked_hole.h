// AckedHole: since when the receiver has acknowledged bytes that are missing in the capture. Part of a
// HalfDetail; a value.
#pragma once

#include <cstdint>
#include <optional>

#include "restitch/sequence.h"

namespace RESTITCH_API restitch {
namespace detail {

class AckedHole {
 public:
  // The receiver has acknowledged everything before `acked`; bytes from `next` on are missing. What is
  // acknowledged later than this waits for a turn of its own, so a hole waits for one to two turns. `tick` is
  // the time.
  void note(Sequence next, Sequence acked, std::uint32_t tick) {
    if (!is_before(next, acked)) {
      noted_ = false;
    } else if (!noted_ || !is_before(next, until_)) {
      noted_ = true;
      until_ = acked;
      since_ = tick;
    }
  }

  // The position before which nothing is waited for any longer: it was acknowledged `ticks` ago or earlier.
  [[nodiscard]] std::optional<Sequence> overdue(Sequence next, std::uint32_t tick,
                                                std::uint32_t ticks) const {
    if (!noted_ || !is_before(next, until_) || tick - since_ < ticks) return std::nullopt;
    return until_;
  }

 private:
  Sequence until_;
  std::uint32_t since_ = 0;
  bool noted_ = false;
};

}  // namespace detail
}  // namespace restitch
