// Tombstones: what is left of connections that ended or were ignored, so that their stray packets make no new
// stream. A dead connection takes back only what it could repeat, and only for a time after its end; an
// ignored one takes all, as long as it is alive. Bounded by number. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "restitch/detail/capture_clock.h"
#include "restitch/detail/connection.h"
#include "restitch/detail/connection_table.h"
#include "restitch/detail/slab.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {
namespace detail {

// As little of a connection as tells what repeats it from what begins another one. Bits are by direction.
struct Tombstone {
  // Nobody repeats a byte with so many behind it: no window is larger.
  static constexpr std::uint32_t repeated_max = std::uint32_t{1} << 30;

  struct Half {
    Sequence start;
    Sequence next;  // where its FIN stands, or behind the last byte before the reset
  };

  FlowKey key;
  Timestamp last_seen;  // of a dead connection its end
  Half halves[2];
  std::uint32_t hash = 0;
  std::uint32_t older = none;  // tombstones form a list by their last packet
  std::uint32_t newer = none;
  std::uint16_t seen_second = 0;  // of the pool's clock
  std::uint8_t known : 2 = 0;
  std::uint8_t by_syn : 2 = 0;
  std::uint8_t is_long : 2 = 0;      // more bytes than a sender can repeat
  std::uint8_t deaf : 2 = 0;         // what comes after its reset counts for nothing
  std::uint8_t refuses_syn : 2 = 0;  // the policy of the receiver has Refusal::syn
  std::uint8_t time_wait : 2 = 0;    // and it waits for strays, so that a SYN has to name a number above
  std::uint8_t right_sums : 2 = 0;   // its checksums meant something (checksum_record.h)
  bool client_is_high : 1 = false;
  bool ignored : 1 = false;  // nobody wants it: it may be alive

  [[nodiscard]] TcpFlowDirection direction(bool from_high) const {
    return from_high == client_is_high ? TcpFlowDirection::client_to_server
                                       : TcpFlowDirection::server_to_client;
  }
  [[nodiscard]] bool knows(TcpFlowDirection direction) const { return has(known, direction); }
  [[nodiscard]] bool saw_syn(TcpFlowDirection direction) const { return has(by_syn, direction); }
  [[nodiscard]] bool had_right_sums(TcpFlowDirection direction) const { return has(right_sums, direction); }

 private:
  static bool has(std::uint8_t bits, TcpFlowDirection direction) {
    return (unsigned{bits} >> static_cast<unsigned>(direction) & 1U) != 0;
  }
};
static_assert(sizeof(Tombstone) == 80);

class Tombstones {
 public:
  Tombstones(BlockSource& source, std::uint64_t seed, std::size_t size_max, std::int64_t timeout_ns)
      : stones_(source), table_(source, seed), size_max_(size_max), timeout_ns_(timeout_ns) {}

  // What the receivers of both directions do, and whether anybody wanted the connection.
  struct Rules {
    std::array<bool, 2> refuse_syn{};
    std::array<bool, 2> refuse_after_reset{};
    bool ignored = false;
  };

  // Puts one in place of a connection; the oldest goes when there are too many, and two that are out of time.
  // Requires: none with this key is there.
  void add(const Connection& connection, const Rules& rules, const CaptureClock& clock);

  // Forgets some that are out of time, at most `count`.
  void expire(const CaptureClock& clock, int count);

  [[nodiscard]] Tombstone* find(const FlowKey& key, std::uint32_t hash) {
    if (stones_.size() == 0) return nullptr;
    const std::uint32_t number = table_.find(stones_, key, hash);
    return number == none ? nullptr : &stones_[number];
  }

  // The same at the time of a packet. What is over by then goes, so that it does not matter when that is
  // found out.
  [[nodiscard]] Tombstone* find_living(const FlowKey& key, std::uint32_t hash, Timestamp now) {
    Tombstone* const found = find(key, hash);
    if (found == nullptr || !is_over(*found, now)) return found;
    erase(*found);
    return nullptr;
  }

  enum class Verdict : std::uint8_t {
    repeats,  // the dead connection may have sent it before: its bytes came already
    refuses,  // it counts for nothing: nobody wants it, or it comes after a reset that is final
    begins,   // it is of another connection
  };
  [[nodiscard]] Verdict judge(Tombstone& tombstone, TcpFlowDirection direction, const TcpSegment& tcp,
                              Timestamp now, const CaptureClock& clock);

  // The same for one that is not to be changed: whether the dead connection may have sent it.
  [[nodiscard]] bool repeats(const Tombstone& tombstone, TcpFlowDirection direction, const TcpSegment& tcp,
                             Timestamp now) const;

  void erase(Tombstone& tombstone);
  void clear();

  // Copies of all, the one whose last packet came first before the others; and one of them put where it is
  // the newest, in place of one with its key. `hash` is that of the key here.
  [[nodiscard]] std::vector<Tombstone> all() const;
  void put(const Tombstone& tombstone, std::uint32_t hash);

  [[nodiscard]] std::size_t size() const { return stones_.size(); }
  [[nodiscard]] std::size_t memory_size() const { return stones_.memory_size() + table_.memory_size(); }

 private:
  void link_newest(std::uint32_t number);
  void unlink(const Tombstone& tombstone);
  [[nodiscard]] std::uint32_t number_of(const Tombstone& tombstone) const;
  void renew(Tombstone& tombstone, Timestamp now, const CaptureClock& clock);
  [[nodiscard]] bool is_over(const Tombstone& tombstone, Timestamp now) const;

  Slab<Tombstone> stones_;
  ConnectionTable table_;
  std::size_t size_max_;
  std::int64_t timeout_ns_;
  std::uint32_t oldest_ = none;
  std::uint32_t newest_ = none;
};

}  // namespace detail
}  // namespace restitch
