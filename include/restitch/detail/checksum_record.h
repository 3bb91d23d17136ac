// ChecksumRecord: what the checksums of one direction are worth. Captured on the sending host they stand
// there before its card fills them in, and where addresses were replaced they fit no longer: then they are
// wrong everywhere and say nothing. Anywhere else a wrong one says that the receiver did not take the
// segment. Which it is shows in those that are looked at: of the first segments of a direction, and of all
// that are not plainly in order. One byte; a value.
#pragma once

#include <cstdint>

#include "restitch/packet.h"

namespace RESTITCH_API restitch {
namespace detail {

class ChecksumRecord {
 public:
  // Whether a segment with this checksum is one that its receiver may take, by what the direction has shown
  // so far. Learns from it.
  bool admits(TcpFlowDirection direction, ChecksumState sum, const TcpSegment& tcp) {
    const State state = state_of(direction);
    if (sum == ChecksumState::right) {
      // Resets that a host answers with are filled in at once, also where its card fills in all others.
      if (!tcp.rst()) set(direction, State::right);
      return true;
    }
    if (state == State::right) return sum == ChecksumState::unfilled && is_merged(tcp);
    const bool ends = tcp.fin() || tcp.rst();
    if (sum == ChecksumState::wrong && ends && state == State::unknown) return false;
    set(direction, State::meaningless);
    return true;
  }

  // The direction has had right checksums, so that a wrong one means something.
  [[nodiscard]] bool is_right(TcpFlowDirection direction) const {
    return state_of(direction) == State::right;
  }

  void swap_roles() { bits_ = static_cast<std::uint8_t>((bits_ << 4 | bits_ >> 4) & 0xFF); }

 private:
  enum class State : std::uint8_t { unknown, meaningless, right };

  static unsigned shift(TcpFlowDirection direction) {
    return direction == TcpFlowDirection::client_to_server ? 0 : 4;
  }
  [[nodiscard]] State state_of(TcpFlowDirection direction) const {
    return static_cast<State>(unsigned{bits_} >> shift(direction) & 0xFU);
  }
  void set(TcpFlowDirection direction, State state) {
    const unsigned place = shift(direction);
    const unsigned others = bits_ & (0xF0U >> place);
    bits_ = static_cast<std::uint8_t>(others | static_cast<unsigned>(state) << place);
  }

  // A card that joins segments (GRO, LRO) leaves the large one without a checksum of its own.
  static bool is_merged(const TcpSegment& tcp) { return tcp.payload.size() > 1460; }

  std::uint8_t bits_ = 0;  // a State for each direction
};

}  // namespace detail
}  // namespace restitch
