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
  table.erase(connection.hash, connection.slot);
  connections.release(connection.slot);
}

void PoolState::bury(Connection& connection) {
  for (HalfConnection& half : connection.halves) half.clear(halves);
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

PoolState::Meeting PoolState::meet(Connection& connection, TcpFlowDirection direction, const TcpSegment& tcp,
                                   Timestamp now) {
  const bool dead = connection.phase == Connection::Phase::tombstone;
  HalfConnection& half = connection.half(direction);
  if (tcp.syn() && !tcp.rst()) {
    const bool other = half.known() ? half.contradicts_syn(halves, tcp.sequence)
                                    : dead || half.contradicts_syn(halves, tcp.sequence);
    if (other && (dead || !tcp.ack())) return Meeting::begins;
  } else if (dead && !tcp.rst() && now.ns - connection.last_seen.ns > options.tombstone_timeout_ns) {
    return Meeting::begins;
  }
  return dead ? Meeting::stray : Meeting::belongs;
}

}  // namespace restitch::detail
