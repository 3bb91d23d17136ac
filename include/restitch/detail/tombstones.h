// Tombstones: what is left of connections that ended or were ignored, so that their stray packets make no new
// stream. Bounded by number, and by time after their last packet. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "restitch/detail/capture_clock.h"
#include "restitch/detail/connection.h"
#include "restitch/detail/connection_table.h"
#include "restitch/detail/slab.h"
#include "restitch/packet.h"

namespace restitch::detail {

// As little of a connection as decides whether a packet belongs to it or begins another one.
struct Tombstone {
  struct Half {
    Sequence start;
    Sequence next;
  };

  FlowKey key;
  Timestamp last_seen;
  Half halves[2];
  std::uint32_t hash = 0;
  std::uint32_t older = none;  // tombstones form a list by their last packet
  std::uint32_t newer = none;
  std::uint16_t seen_second = 0;  // of the pool's clock
  std::uint8_t known : 2 = 0;     // bits by direction
  std::uint8_t by_syn : 2 = 0;
  std::uint8_t reset : 2 = 0;
  bool client_is_high : 1 = false;
  std::uint8_t closed_first : 2 = 0;
  std::uint8_t refuses_syn : 2 = 0;  // the policy of the receiver has Refusal::syn

  [[nodiscard]] TcpFlowDirection direction(bool from_high) const {
    return from_high == client_is_high ? TcpFlowDirection::client_to_server
                                       : TcpFlowDirection::server_to_client;
  }
};
static_assert(sizeof(Tombstone) == 80);

class Tombstones {
 public:
  Tombstones(BlockSource& source, std::uint64_t seed, std::size_t size_max, std::int64_t timeout_ns)
      : stones_(source), table_(source, seed), size_max_(size_max), timeout_ns_(timeout_ns) {}

  // Puts one in place of a connection; the oldest goes when there are too many, and two that are out of time.
  // Requires: none with this key is there.
  // `refuses_syn`: whether the receiver of each direction has Refusal::syn.
  void add(const Connection& connection, std::array<bool, 2> refuses_syn, const CaptureClock& clock);

  // Forgets some that are out of time, at most `count`.
  void expire(const CaptureClock& clock, int count);

  [[nodiscard]] Tombstone* find(const FlowKey& key, std::uint32_t hash) {
    if (stones_.size() == 0) return nullptr;
    const std::uint32_t number = table_.find(stones_, key, hash);
    return number == none ? nullptr : &stones_[number];
  }

  // Whether a packet is a stray one of the dead connection; else it begins another one.
  [[nodiscard]] bool absorbs(Tombstone& tombstone, TcpFlowDirection direction, const TcpSegment& tcp,
                             Timestamp now, const CaptureClock& clock);

  void erase(Tombstone& tombstone);
  void clear();

  [[nodiscard]] std::size_t size() const { return stones_.size(); }
  [[nodiscard]] std::size_t memory_size() const { return stones_.memory_size() + table_.memory_size(); }

 private:
  void link_newest(std::uint32_t number);
  void unlink(const Tombstone& tombstone);
  [[nodiscard]] std::uint32_t number_of(const Tombstone& tombstone) const;
  [[nodiscard]] static bool begins_anew(const Tombstone& tombstone, TcpFlowDirection direction,
                                        const TcpSegment& tcp);

  Slab<Tombstone> stones_;
  ConnectionTable table_;
  std::size_t size_max_;
  std::int64_t timeout_ns_;
  std::uint32_t oldest_ = none;
  std::uint32_t newest_ = none;
};

}  // namespace restitch::detail
