#include "restitch/detail/pool_state.h"

#include <algorithm>
#include <random>
#include <utility>

namespace restitch::detail {
namespace {

// A quarter of a time that is set.
std::int64_t quarter(std::int64_t ns) { return (ns + 3) / 4; }

// The shortest time that a connection may be silent; 0: for ever.
std::int64_t shortest_silence(const PoolOptions& options) {
  const Ageing& ageing = options.ageing;
  std::int64_t least = 0;
  for (const std::int64_t ns : {ageing.idle_ns, ageing.half_open_ns, ageing.half_closed_ns, ageing.closing_ns,
                                options.reset_doubt_ns}) {
    if (ns != 0 && (least == 0 || ns < least)) least = ns;
  }
  return least;
}

const ReceiverPolicy& usual_policy(const PoolOptions& options) {
  RESTITCH_REQUIRE(options.receiver != nullptr, "PoolOptions::receiver must not be null");
  return *options.receiver;
}

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

PoolState::PoolState(const PoolOptions& pool_options)
    : PoolState(pool_options, pool_options.hash_seed ? *pool_options.hash_seed : random_seed()) {}

PoolState::PoolState(const PoolOptions& pool_options, std::uint64_t seed)
    : options(pool_options),
      connections(memory),
      table(memory, seed),
      tombstones(memory, seed, options.tombstones_max, options.tombstone_timeout_ns),
      claims(memory, seed, options.limits.total_bytes_max, options.tombstone_timeout_ns),
      policies(memory, seed, usual_policy(options)),
      halves(memory),
      receivers(memory),
      refused_queues(memory),
      connection_round_ns_(quarter(shortest_silence(options))),
      hole_round_ns_(quarter(options.ageing.hole_ns)) {
  halves.clock = &clock;
  if (const std::int64_t ns = shortest_silence(options); ns != 0) {
    silent_ticks_max_ =
        static_cast<std::int32_t>(std::min<std::int64_t>(CaptureClock::ticks(ns), silent_ticks_max_));
  }
  note_aged();
  halves.tells_copies = options.tell_copies;
  halves.delivered.set_limits(options.history_bytes_max, options.limits.total_history_bytes_max);
  halves.delivery_segments_max = std::max<std::uint32_t>(options.delivery_segments_max, 1);
}

Connection* PoolState::add(const FlowKey& key, std::uint32_t hash, bool client_is_high,
                           const Policies& chosen) {
  const std::uint32_t slot = connections.allocate();
  if (slot == none) return nullptr;
  Connection& connection = connections[slot];
  for (std::size_t i = 0; i < 2; ++i) connection.policies[i] = policies.take(chosen[i]);
  const bool has_policies = connection.policies[0] != none && connection.policies[1] != none;
  if (!has_policies || !table.insert(hash, slot)) {
    give_back_policies(connection);
    connections.release(slot);
    return nullptr;
  }
  connection.key = key;
  connection.hash = hash;
  connection.slot = slot;
  connection.client_is_high = client_is_high;
  connection.watched = options.observe || options.acknowledged_tolerance_ns;
  for (const std::uint32_t number : connection.policies) {
    connection.watched |= policies[number].refusals.any();
  }
  connection.seen_tick = clock.tick();
  return &connection;
}

void PoolState::give_back_policies(const Connection& connection) {
  for (const std::uint32_t number : connection.policies) policies.give_back(number);
}

void PoolState::erase(Connection& connection) {
  forget_receiver(connection);
  for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    halves.attend(connection.slot, direction);
    connection.half(direction).clear(halves);
  }
  give_back_policies(connection);
  table.erase(connection.hash, connection.slot);
  connections.release(connection.slot);
}

void PoolState::bury(Connection& connection, bool ignored) {
  Tombstones::Rules rules{.ignored = ignored};
  for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    const ReceiverPolicy& receiver = policy(connection, direction);
    const auto i = static_cast<std::size_t>(direction);
    rules.refuse_syn[i] = receiver.refusals.has(Refusal::syn);
    rules.refuse_after_reset[i] = receiver.after_rst == AfterEnd::refuse;
  }
  tombstones.add(connection, rules, clock);
  erase(connection);
}

bool PoolState::correct_client(Connection& connection, bool from_high, const TcpSegment& tcp) {
  if (!tcp.syn() || tcp.rst() || connection.client_known) return false;
  connection.client_known = true;
  const bool client_is_high = from_high != tcp.ack();
  if (client_is_high == connection.client_is_high) return false;
  connection.client_is_high = client_is_high;
  swap_counts(connection);
  std::swap(connection.halves[0], connection.halves[1]);
  halves.delivered.swap(connection.slot);
  halves.given_up.swap(connection.slot);
  std::swap(connection.policies[0], connection.policies[1]);
  if (connection.closed_first != 0)
    connection.closed_first = static_cast<std::uint8_t>(3 - connection.closed_first);
  connection.fins_acked =
      static_cast<std::uint8_t>((connection.fins_acked << 1 | connection.fins_acked >> 1) & 3);
  connection.checksums.swap_roles();
  if (connection.receiver != none) receivers[connection.receiver].swap_roles();
  return true;
}

// What waits will be delivered in the other direction than it was seen in.
void PoolState::swap_counts(const Connection& connection) {
  for (unsigned i = 0; i < 2; ++i) {
    std::uint64_t waits = connection.halves[i].undelivered_bytes(halves);
    if (connection.receiver != none) {
      const ReceiverState& receiver = receivers[connection.receiver];
      if (receiver.syn_data != none && receiver.syn_data_direction == static_cast<TcpFlowDirection>(i)) {
        waits += halves.segments[receiver.syn_data].size;
      }
      const std::uint64_t refused = receiver.kept[i] == none ? 0 : refused_queues[receiver.kept[i]].bytes();
      halves.counts[i].seen -= refused;
      halves.counts[i].refused -= refused;
      halves.counts[1 - i].seen += refused;
      halves.counts[1 - i].refused += refused;
    }
    halves.counts[i].seen -= waits;
    halves.counts[i].held -= waits;
    halves.counts[1 - i].seen += waits;
    halves.counts[1 - i].held += waits;
  }
}

}  // namespace restitch::detail
