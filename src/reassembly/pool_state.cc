#include "restitch/detail/pool_state.h"

#include <random>

namespace restitch::detail {
namespace {

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

PoolState::PoolState(const PoolOptions& pool_options)
    : options(pool_options), table(options.hash_seed ? *options.hash_seed : random_seed()) {}

Connection* PoolState::add(const FlowKey& key, std::uint32_t hash, bool client_is_high) {
  const std::uint32_t slot = connections.allocate();
  if (slot == none) return nullptr;
  Connection& connection = connections[slot];
  connection.key = key;
  connection.hash = hash;
  connection.slot = slot;
  connection.client_is_high = client_is_high;
  connection.policy = options.receiver;
  table.insert(hash, slot);
  return &connection;
}

void PoolState::erase(Connection& connection) {
  for (HalfConnection& half : connection.halves) half.clear(halves);
  if (connection.phase == Connection::Phase::tombstone) unlink_tombstone(connection);
  if (connection.receiver != none) receivers.release(connection.receiver);
  table.erase(connection.hash, connection.slot);
  connections.release(connection.slot);
}

void PoolState::bury(Connection& connection) {
  for (HalfConnection& half : connection.halves) half.clear(halves);
  if (connection.receiver != none) receivers.release(connection.receiver);
  connection.receiver = none;
  connection.phase = Connection::Phase::tombstone;
  connection.older = newest_;
  connection.newer = none;
  (newest_ == none ? oldest_ : connections[newest_].newer) = connection.slot;
  newest_ = connection.slot;
  ++tombstones;
  if (tombstones > options.tombstones_max) erase(connections[oldest_]);
}

void PoolState::unlink_tombstone(Connection& connection) {
  (connection.newer == none ? newest_ : connections[connection.newer].older) = connection.older;
  (connection.older == none ? oldest_ : connections[connection.older].newer) = connection.newer;
  --tombstones;
}

ReceiverState::Verdict PoolState::judge(Connection& connection, const NetFlow& net, const TcpSegment& tcp,
                                        TcpFlowDirection direction, const CaptureInfo& info) {
  if (connection.receiver == none) connection.receiver = receivers.allocate();
  if (connection.receiver == none) return {};
  HalfConnection& half = connection.half(direction);
  const ReceiverState::Verdict verdict =
      receivers[connection.receiver].judge(halves, *connection.policy, half, net, tcp, direction);
  if (verdict.refused) {
    halves.events.add({.kind = EventKind::refused,
                       .direction = direction,
                       .offset = half.next_offset(),
                       .size = tcp.payload.size(),
                       .info = info,
                       .refusal = *verdict.refused});
  }
  return verdict;
}

bool PoolState::may_skip(Connection& connection, TcpFlowDirection direction) {
  if (connection.receiver == none) return true;
  const auto lowest = connection.half(direction).lowest_held(halves);
  return lowest && receivers[connection.receiver].may_have_read(direction, *lowest);
}

// A SYN that cannot belong to this connection, living or dead: it names another start.
bool PoolState::begins_anew(Connection& connection, TcpFlowDirection direction, const TcpSegment& tcp) {
  HalfConnection& half = connection.half(direction);
  const bool dead = connection.phase == Connection::Phase::tombstone;
  if (half.known() || !dead) return half.contradicts_syn(halves, tcp.sequence);
  return !tcp.ack();  // the answer to a SYN that was seen
}

PoolState::Meeting PoolState::meet(Connection& connection, TcpFlowDirection direction, const TcpSegment& tcp,
                                   Timestamp now) {
  const bool dead = connection.phase == Connection::Phase::tombstone;
  if (tcp.syn() && !tcp.rst()) {
    if ((dead || !tcp.ack()) && begins_anew(connection, direction, tcp)) return Meeting::begins;
  } else if (dead && !tcp.rst() && now.ns - connection.last_seen.ns > options.tombstone_timeout_ns) {
    return Meeting::begins;
  }
  if (dead && connection.last_seen < now) connection.last_seen = now;
  return dead ? Meeting::stray : Meeting::belongs;
}

}  // namespace restitch::detail
