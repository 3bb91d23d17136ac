// Claims: SYNs that came where a connection was already, or had just been, and name another start than its
// own. Such a SYN proves nothing alone: the old connection goes on. It is kept, with what its sender sent
// after it that fits nowhere else, until the other side answers it, and then a new connection begins with it.
//
//     old connection   ────── SYN ─ old data ─ old data ─ SYN-ACK
//                              │                             └─▶ new connection: SYN, SYN-ACK, …
//                              └─ a claim, until it is answered ─┘
//
// Bounded in number, in segments, in bytes and by time. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "restitch/detail/capture_clock.h"
#include "restitch/detail/connection.h"
#include "restitch/detail/connection_table.h"
#include "restitch/detail/half_state.h"
#include "restitch/detail/parked_segment.h"
#include "restitch/detail/slab.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {
namespace detail {

struct Claim {
  Sequence first;             // the first byte of the stream that the SYN names
  Sequence next;              // behind what its sender sent of it
  std::uint32_t head = none;  // what is set aside, the SYN first
  std::uint32_t tail = none;
  std::uint32_t segments = 0;
  std::uint32_t bytes = 0;  // of payload
  bool from_high = false;   // which end sent it
  bool repeats = false;     // it may as well repeat the SYN of a dead connection
  bool challenged = false;  // the other side told where the old connection stands
  bool answered = false;    // the other side seems to answer, from a place that is not that of the old one
  Sequence answer{};        // that place

  // Whether a segment of the same sender may follow the SYN; what lies farther behind it proves nothing.
  [[nodiscard]] bool holds(const TcpSegment& tcp) const {
    const std::int32_t ahead = first.difference(tcp.sequence);
    return ahead >= 0 && ahead <= first.difference(next) + reach;
  }
  // Whether a segment of the other side acknowledges the SYN, or what followed it.
  [[nodiscard]] bool is_acknowledged_by(const TcpSegment& tcp) const {
    const std::int32_t acked = first.difference(tcp.acknowledgment);
    return tcp.ack() && !tcp.rst() && acked >= 0 && acked <= first.difference(next) + (tcp.syn() ? 0 : reach);
  }
  // Whether what is acknowledged is the SYN, or what is known to have followed it.
  [[nodiscard]] bool has_sent(Sequence acknowledgment) const {
    return first.difference(acknowledgment) <= first.difference(next);
  }
  // Whether a segment of the same sender acknowledges what seemed to answer.
  [[nodiscard]] bool is_confirmed_by(const TcpSegment& tcp) const {
    const std::int32_t acked = answer.difference(tcp.acknowledgment);
    return answered && tcp.ack() && !tcp.rst() && holds(tcp) && acked >= 0 && acked <= reach;
  }

 private:
  static constexpr std::int32_t reach = 1 << 16;
};

// All claims on the same addresses and ports, the oldest first.
struct ClaimGroup {
  static constexpr std::size_t size_max = 4;

  FlowKey key;
  std::uint32_t hash = 0;
  std::uint32_t older = none;  // groups form a list by age
  std::uint32_t newer = none;
  std::uint16_t second = 0;  // of the pool's clock, when the first claim came
  std::uint16_t count = 0;
  std::array<Claim, size_max> items;

  [[nodiscard]] std::span<Claim> claims() { return std::span(items).first(count); }
};

class Claims {
 public:
  static constexpr std::size_t size_max = 1024;      // groups
  static constexpr std::uint32_t segments_max = 64;  // of one claim
  static constexpr std::uint32_t bytes_max = 64 * 1024;
  static constexpr std::size_t memory_max = std::size_t{4} << 20;  // of all

  // `total_max`: what HalfState::memory_size() may be.
  Claims(BlockSource& source, std::uint64_t seed, std::size_t total_max, std::int64_t timeout_ns)
      : groups_(source),
        segments_(source),
        table_(source, seed),
        total_max_(total_max),
        timeout_ns_(timeout_ns) {}

  [[nodiscard]] ClaimGroup* find(const FlowKey& key, std::uint32_t hash) {
    if (groups_.size() == 0) return nullptr;
    const std::uint32_t number = table_.find(groups_, key, hash);
    return number == none ? nullptr : &groups_[number];
  }

  struct Added {
    Claim* claim = nullptr;  // nullptr: there is no memory
    bool is_new = false;     // its payload is held; else the same claim was there already
  };
  // Makes a claim of a SYN, and sets the SYN aside. `counted` is the direction that its payload is counted
  // in: that of its sender may be another one later, when the roles turn out to be wrong.
  Added add(HalfState& state, const DirectedKey& key, std::uint32_t hash, TcpFlowDirection counted,
            const TcpSegment& syn, const CaptureInfo& info, const CaptureClock& clock);

  // Sets one more segment of the sender aside: its payload is held. False: there is no room.
  bool park(HalfState& state, Claim& claim, TcpFlowDirection counted, const TcpSegment& tcp,
            const CaptureInfo& info);

  // Takes a claim out, with what is set aside; the others in its group are dropped. Then: take_first(),
  // refuse().
  Claim take(HalfState& state, ClaimGroup& group, Claim& claim);

  // What is set aside first, the SYN. Requires: something is.
  [[nodiscard]] const ParkedSegment& first_of(const Claim& claim) const {
    return segments_[claim.head].segment;
  }

  // Takes it out, and counts its payload as never seen: it comes anew. Empty: nothing is left.
  std::optional<ParkedSegment> take_first(HalfState& state, Claim& claim);

  // What is still set aside counts for nothing.
  void refuse(HalfState& state, Claim& claim);

  // Forgets all claims on the same addresses and ports, or all there are.
  void drop(HalfState& state, ClaimGroup& group);
  void clear(HalfState& state);

  // Whether they waited for too long.
  [[nodiscard]] bool is_over(const ClaimGroup& group, const CaptureClock& clock) const {
    return static_cast<std::int16_t>(clock.second() - group.second) > timeout_ns_ >> 30;
  }

  [[nodiscard]] std::size_t segments() const { return segments_.size(); }
  [[nodiscard]] std::size_t memory_size() const {
    return groups_.memory_size() + segments_.memory_size() + table_.memory_size();
  }

 private:
  struct Link {
    ParkedSegment segment;
    TcpFlowDirection counted = TcpFlowDirection::client_to_server;
    std::uint32_t next = none;
  };

  ClaimGroup* make_group(HalfState& state, const DirectedKey& key, std::uint32_t hash);
  [[nodiscard]] bool has_room(const HalfState& state, std::size_t size) const;
  void expire(HalfState& state, const CaptureClock& clock, int count);
  void drop_oldest_of(HalfState& state, ClaimGroup& group);
  Link pop(HalfState& state, Claim& claim);
  [[nodiscard]] std::uint32_t number_of(const ClaimGroup& group) const;
  void link_newest(std::uint32_t number);
  void unlink(const ClaimGroup& group);

  Slab<ClaimGroup> groups_;
  Slab<Link> segments_;
  ConnectionTable table_;
  std::size_t total_max_;
  std::int64_t timeout_ns_;
  std::uint32_t oldest_ = none;
  std::uint32_t newest_ = none;
};

}  // namespace detail
}  // namespace restitch
