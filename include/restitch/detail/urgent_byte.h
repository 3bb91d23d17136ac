// UrgentByte: the byte that an urgent pointer names (RFC 6093), from then until delivery passes it. Part of a
// HalfDetail; a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "restitch/sequence.h"

namespace RESTITCH_API restitch {
namespace detail {

class UrgentByte {
 public:
  // Delivery has not passed it.
  [[nodiscard]] bool pending() const { return phase_ != Phase::absent; }

  // No segment has brought it yet.
  [[nodiscard]] bool unseen() const { return phase_ == Phase::named; }

  [[nodiscard]] Sequence position() const { return position_; }

  // A pointer names this byte; one that does not lie behind the byte named before changes nothing.
  void name(Sequence position) {
    if (pending() && position_.difference(position) <= 0) return;
    phase_ = Phase::named;
    position_ = position;
  }

  // Where it lies among `size` bytes from `first` on, if it does.
  [[nodiscard]] std::optional<std::uint32_t> within(Sequence first, std::size_t size) const {
    const std::int32_t at = first.difference(position_);
    if (!pending() || at < 0 || static_cast<std::size_t>(at) >= size) return std::nullopt;
    return static_cast<std::uint32_t>(at);
  }

  void note_seen() { phase_ = Phase::seen; }

  // How many bytes were read out of band: the stream has as many fewer than the sequence numbers count.
  [[nodiscard]] std::uint32_t taken_out() const { return taken_out_; }
  void note_taken_out() { ++taken_out_; }

  // Everything before `next` was delivered.
  void pass(Sequence next) {
    if (position_.difference(next) > 0) phase_ = Phase::absent;
  }

 private:
  enum class Phase : std::uint8_t { absent, named, seen };

  Sequence position_;
  std::uint32_t taken_out_ = 0;
  Phase phase_ = Phase::absent;
};

}  // namespace detail
}  // namespace restitch
