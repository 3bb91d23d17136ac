#include "restitch/stream_pool_base.h"

#include <utility>

#include "restitch/detail/require.h"

namespace restitch {

// The sender of the first packet is the client, unless that packet is a SYN-ACK. The factory is asked when
// there is room: each stream that it makes belongs to a connection, which completes it.
auto StreamPoolBase::add(const detail::DirectedKey& key, std::uint32_t hash, const NetFlow& net,
                         const TcpSegment& tcp, AssemblerContext& context) -> std::optional<ConnectionRef> {
  const bool from_server = tcp.syn() && tcp.ack();
  NetFlow client_net = net;
  TransportFlow transport = tcp.transport();
  if (from_server) {
    std::swap(client_net.source, client_net.destination);
    std::swap(transport.source_port, transport.destination_port);
  }
  detail::PoolState::Policies policies{};
  if (const auto& choose = state_.options.choose_receiver) {
    policies = {choose(client_net, transport),
                choose({client_net.destination, client_net.source, client_net.network_tag, client_net.domain},
                       {transport.destination_port, transport.source_port})};
  }
  detail::Connection* connection = state_.add(key.key, hash, key.from_high != from_server, policies);
  if (connection == nullptr) return std::nullopt;
  if (!reserve(connection->slot)) {
    state_.erase(*connection);
    return std::nullopt;
  }
  bool wanted = false;
  try {
    wanted = create(connection->slot, client_net, transport, tcp, context);
  } catch (...) {  // the factory, or the move of a stream: then there is no connection either
    state_.erase(*connection);
    throw;
  }
  connection->last_seen = context.capture_info().timestamp;
  connection->client_known = tcp.syn();
  connection->network_tag = net.network_tag;
  if (wanted) return ref_of(*connection, connection->direction(key.from_high));
  HalfConnection& half = connection->half(connection->direction(key.from_high));
  if (tcp.syn()) half.note_start(tcp.sequence.add(1));
  state_.bury(*connection, true);
  return ConnectionRef{};
}

auto StreamPoolBase::get_connection(const NetFlow& net, bool end, Timestamp timestamp, const TcpSegment& tcp,
                                    AssemblerContext& context) -> ConnectionRef {
  const detail::PoolCall call(state_);
  const detail::DirectedKey key = detail::make_key(net, tcp.transport());
  const std::uint32_t hash = state_.hash(key.key);
  detail::Connection* const found = state_.find(key.key, hash);
  if (found == nullptr) {
    const bool unwanted = end || state_.tombstones.find(key.key, hash) != nullptr || state_.is_full();
    return unwanted ? ConnectionRef{} : add(key, hash, net, tcp, context).value_or(ConnectionRef{});
  }
  if (!state_.expired_ns(*found)) state_.note_seen(*found, timestamp);
  return ref_of(*found, found->direction(key.from_high));
}

void StreamPoolBase::remove(detail::Connection& connection) {
  const detail::PoolCall call(state_);
  RESTITCH_REQUIRE(state_.connections.is_used(connection.slot), "remove() needs a connection of its pool");
  if (detail::ClaimGroup* const claims = state_.claims.find(connection.key, connection.hash)) {
    state_.claims.drop(state_.halves, *claims);
  }
  erase(connection);
}

bool StreamPoolBase::is_alive(const detail::FlowKey& key, Elapsed now) {
  const std::uint32_t hash = state_.hash(key);
  state_.clock.follow(now);
  const detail::Connection* const connection = state_.find(key, hash);
  if (connection != nullptr && !(state_.may_have_expired(*connection) && state_.expired_ns(*connection))) {
    return true;
  }
  const detail::ClaimGroup* const group = state_.claims.find(key, hash);
  return group != nullptr && !state_.claims.is_over(*group, state_.clock);
}

const detail::Tombstone* StreamPoolBase::find_tombstone(const NetFlow& net, TransportFlow ports) {
  const detail::FlowKey key = detail::make_key(net, ports).key;
  return state_.tombstones.find(key, state_.hash(key));
}

void StreamPoolBase::set_tombstones(std::span<const detail::Tombstone> tombstones) {
  state_.tombstones.clear();
  for (const detail::Tombstone& tombstone : tombstones) add_tombstone(tombstone);
}

PoolSize StreamPoolBase::size() const {
  const detail::HalfState& halves = state_.halves;
  return {.connections = state_.connections.size(),
          .tombstones = state_.tombstones.size(),
          .held_segments = halves.segments.size() + state_.claims.segments(),
          .pages = halves.pages,
          .memory_size = state_.connections.memory_size() + state_.table.memory_size() +
                         state_.tombstones.memory_size() + state_.claims.memory_size() +
                         state_.receivers.memory_size() + state_.refused_queues.memory_size() +
                         halves.segments.memory_size() + halves.leaves.memory_size() +
                         halves.blocks.memory_size() + halves.details.memory_size() +
                         halves.elsewheres.memory_size() + halves.delivered.memory_size() +
                         halves.given_up.memory_size() + state_.policies.memory_size()};
}

}  // namespace restitch
