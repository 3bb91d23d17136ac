// Evidence: what the receiver of one direction told of it in its acknowledgements: how far it has read, and
// how much it offered to take. Seven bytes of a HalfConnection; a value.
#pragma once

#include <algorithm>
#include <cstdint>

#include "restitch/sequence.h"

namespace RESTITCH_API restitch {
namespace detail {

class Evidence {
 public:
  // The largest window there is (RFC 7323, section 2.3), and what is assumed while no window was offered.
  static constexpr std::uint32_t window_unknown = std::uint32_t{1} << 30;
  static constexpr std::uint8_t scale_max = 14;

  // Whether the receiver acknowledged anything, and what it acknowledged last. Requires for acked():
  // has_ack().
  [[nodiscard]] bool has_ack() const { return (bits_ & ack_bit) != 0; }
  [[nodiscard]] Sequence acked() const { return acked_; }

  // The largest window that the receiver may have offered, in bytes. While its scale is not known, the
  // largest scale there is counts.
  [[nodiscard]] std::uint32_t window_max() const {
    const auto scale = static_cast<std::uint8_t>(bits_ & scale_bits);
    if (scale <= scale_max) return std::uint32_t{window_} << scale;
    return window_ == 0 ? window_unknown : std::uint32_t{window_} << scale_max;
  }

  // True for an acknowledgement that goes on from the last one, up to `reached` at most, and then it counts.
  bool take(Sequence acknowledgment, std::uint16_t window, Sequence reached) {
    const auto ahead = static_cast<std::uint32_t>(acked_.difference(acknowledgment));
    if (!has_ack() || ahead > static_cast<std::uint32_t>(acked_.difference(reached))) return false;
    acked_ = acknowledgment;
    window_ = std::max(window_, window);
    return true;
  }

  // The stream starts here, by its SYN, and not even that is acknowledged yet.
  void begin(Sequence start) {
    bits_ |= ack_bit;
    acked_ = start.add(-1);
  }

  // Lets an acknowledgement count for other reasons.
  void believe(Sequence acknowledgment, std::uint16_t window) {
    bits_ |= ack_bit | captured_bit;
    acked_ = acknowledgment;
    window_ = std::max(window_, window);
  }

  // The same for one that lies far from the stream. True once afterwards: the stream has gone there.
  void believe_far(Sequence acknowledgment, std::uint16_t window) {
    believe(acknowledgment, window);
    bits_ |= far_bit;
  }
  bool take_far() {
    const bool far = (bits_ & far_bit) != 0;
    bits_ &= static_cast<std::uint8_t>(~far_bit);
    return far;
  }

  // No acknowledgement counts so far.
  void forget_ack() { bits_ &= static_cast<std::uint8_t>(~(ack_bit | captured_bit)); }

  // The receiver's acknowledgements are captured, though it may be that none counts.
  [[nodiscard]] bool is_captured() const { return (bits_ & captured_bit) != 0; }

  // The receiver's own SYN offered this scale; of several, the largest counts. The window of a SYN is in
  // bytes (RFC 7323, section 2.2).
  void note_scale(std::uint8_t scale, std::uint16_t window) {
    const auto known = static_cast<std::uint8_t>(bits_ & scale_bits);
    scale = (bits_ & unscaled_bit) != 0 ? std::uint8_t{0} : std::min(scale, scale_max);
    if (known <= scale_max) scale = std::max(scale, known);
    bits_ = static_cast<std::uint8_t>((bits_ & ~scale_bits) | scale);
    const unsigned rounded_up = (unsigned{window} + (1U << scale) - 1) >> scale;
    window_ = std::max(window_, static_cast<std::uint16_t>(rounded_up));
  }

  // The answer to the receiver's SYN says that neither side scales.
  void unscale() {
    if (window_ != 0) window_ = static_cast<std::uint16_t>(std::min(window_max(), std::uint32_t{0xFFFF}));
    bits_ = static_cast<std::uint8_t>((bits_ & ~scale_bits) | unscaled_bit);
  }
  // Another answer says otherwise, and the scale was not kept.
  void doubt_unscaled() {
    if ((bits_ & unscaled_bit) != 0) bits_ = static_cast<std::uint8_t>((bits_ & ~unscaled_bit) | scale_bits);
  }

 private:
  static constexpr std::uint8_t scale_bits = 0x0F;  // 15: not known
  static constexpr std::uint8_t ack_bit = 0x10;
  static constexpr std::uint8_t far_bit = 0x20;
  static constexpr std::uint8_t unscaled_bit = 0x40;
  static constexpr std::uint8_t captured_bit = 0x80;

  Sequence acked_;
  std::uint16_t window_ = 0;  // the largest one, as it stood in the header
  std::uint8_t bits_ = scale_bits;
};

}  // namespace detail
}  // namespace restitch
