// PoolState: all of a StreamPool but the streams: connections, the table that finds them, what waits, and
// the tombstones. It knows no user code. One thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "restitch/detail/connection.h"
#include "restitch/detail/connection_table.h"
#include "restitch/detail/half_state.h"
#include "restitch/detail/receiver_state.h"
#include "restitch/options.h"

namespace restitch::detail {

class PoolState {
 public:
  explicit PoolState(const PoolOptions& options);

  [[nodiscard]] std::uint32_t hash(const FlowKey& key) const { return table.hash(key); }
  [[nodiscard]] Connection* find(const FlowKey& key, std::uint32_t hash) {
    const std::uint32_t slot = table.find(connections, key, hash);
    return slot == none ? nullptr : &connections[slot];
  }

  // A new connection in the table, open, with nothing known; nullptr when memory is exhausted.
  Connection* add(const FlowKey& key, std::uint32_t hash, bool client_is_high);

  // Forgets a connection and all that waits in it.
  void erase(Connection& connection);

  // Leaves a tombstone in place of a connection, and drops the oldest one when there are too many.
  void bury(Connection& connection);

  // What a packet that meets a connection means: it belongs to it, it is stray and counts for nothing
  // (the connection is dead), or it begins a new one in its place.
  enum class Meeting { belongs, stray, begins };
  [[nodiscard]] Meeting meet(Connection& connection, TcpFlowDirection direction, const TcpSegment& tcp,
                             Timestamp now);

  // The judgement of the receiving host, for a connection whose policy refuses segments.
  ReceiverState::Verdict judge(Connection& connection, const NetFlow& net, const TcpSegment& tcp,
                               TcpFlowDirection direction, const CaptureInfo& info);

  // Whether the two hosts of a connection are watched at all.
  [[nodiscard]] bool watches(const Connection& connection) const {
    return options.observe || options.acknowledged_tolerance_ns || connection.policy->refusals.any();
  }

  // Turns client and server of a connection round when a handshake shows that they were guessed wrong.
  bool correct_client(Connection& connection, bool from_high, const TcpSegment& tcp);

  // Up to where a half may be delivered: what its receiver acknowledged, if that is asked for.
  [[nodiscard]] std::optional<Sequence> delivery_limit(Connection& connection, TcpFlowDirection direction);

  // The position up to which bytes of this half are lost for good: acknowledged, never captured, and not
  // waited for any longer.
  [[nodiscard]] std::optional<Sequence> lost_until(Connection& connection, TcpFlowDirection direction,
                                                   Timestamp now);

  // Sets the payload of a SYN apart, counts it as refused, or only gives its memory back.
  // Requires: the connection was judged.
  void hold_syn_data(Connection& connection, const TcpSegment& tcp, TcpFlowDirection direction,
                     const CaptureInfo& info);
  void drop_syn_data(Connection& connection);
  void release_syn_data(Connection& connection);

  // What waits in a half behind a gap may have been read all the same: the gap is the capture's.
  [[nodiscard]] bool may_skip(Connection& connection, TcpFlowDirection direction);

  PoolOptions options;
  ConnectionTable::Connections connections;
  ConnectionTable table;
  HalfState halves;
  Slab<ReceiverState> receivers;
  std::size_t tombstones = 0;
  bool in_call = false;  // a callback runs: the pool must not be entered again

 private:
  bool begins_anew(Connection& connection, TcpFlowDirection direction, const TcpSegment& tcp);
  void forget_receiver(Connection& connection);
  void unlink_tombstone(Connection& connection);

  std::uint32_t oldest_ = none;
  std::uint32_t newest_ = none;
};

}  // namespace restitch::detail
