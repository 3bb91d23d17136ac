// The bodies of BasicStreamPool (basic_assembler.h).
#pragma once

#include <utility>

#include "restitch/basic_assembler.h"

namespace RESTITCH_API restitch {

namespace detail {

// What a factory made, as something to construct a stream from.
template <class S>
S&& unwrap(std::optional<S>& made) {
  return std::move(*made);
}
template <class T>
std::unique_ptr<T>&& unwrap(std::unique_ptr<T>& made) {
  return std::move(made);
}

}  // namespace detail

template <StreamType S, class Factory>
BasicStreamPool<S, Factory>::BasicStreamPool(Factory& factory, const PoolOptions& options)
    : factory_(factory), state_(options) {
  if constexpr (!HearsEvents<S>) state_.halves.events.count_only();
}

template <StreamType S, class Factory>
BasicStreamPool<S, Factory>::~BasicStreamPool() {
  const detail::PoolCall call(state_);
  state_.connections.for_each([this](std::uint32_t, detail::Connection& connection) { erase(connection); });
}

template <StreamType S, class Factory>
auto BasicStreamPool<S, Factory>::find(const detail::DirectedKey& key, std::uint32_t hash) -> ConnectionRef {
  detail::Connection* found = state_.find(key.key, hash);
  return found == nullptr ? ConnectionRef{} : ref_of(*found, found->direction(key.from_high));
}

template <StreamType S, class Factory>
auto BasicStreamPool<S, Factory>::ref_of(detail::Connection& connection, TcpFlowDirection direction)
    -> ConnectionRef {
  return {&connection, &connection.half(direction), &connection.half(reverse(direction)), direction};
}

// The sender of the first packet is the client, unless that packet is a SYN-ACK. The factory is asked when
// there is room: each stream that it makes belongs to a connection, which completes it.
template <StreamType S, class Factory>
auto BasicStreamPool<S, Factory>::create(const detail::DirectedKey& key, std::uint32_t hash,
                                         const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context)
    -> std::optional<ConnectionRef> {
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
  if (!streams_.reserve(connection->slot)) {
    state_.erase(*connection);
    return std::nullopt;
  }
  bool wanted = false;
  try {
    if (auto made = factory_.create(client_net, transport, tcp, context)) {
      streams_.construct(connection->slot, detail::unwrap(made));
      wanted = true;
    }
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

template <StreamType S, class Factory>
auto BasicStreamPool<S, Factory>::get_connection(const NetFlow& net, bool end, Timestamp timestamp,
                                                 const TcpSegment& tcp, AssemblerContext& context)
    -> ConnectionRef {
  const detail::PoolCall call(state_);
  const detail::DirectedKey key = detail::make_key(net, tcp.transport());
  const std::uint32_t hash = state_.hash(key.key);
  const ConnectionRef ref = find(key, hash);
  if (!ref) {
    const bool unwanted = end || state_.tombstones.find(key.key, hash) != nullptr || state_.is_full();
    return unwanted ? ConnectionRef{} : create(key, hash, net, tcp, context).value_or(ConnectionRef{});
  }
  if (!state_.expired_ns(*ref.connection)) state_.note_seen(*ref.connection, timestamp);
  return ref;
}

template <StreamType S, class Factory>
void BasicStreamPool<S, Factory>::remove(detail::Connection& connection) {
  const detail::PoolCall call(state_);
  RESTITCH_REQUIRE(state_.connections.is_used(connection.slot), "remove() needs a connection of its pool");
  if (detail::ClaimGroup* const claims = state_.claims.find(connection.key, connection.hash)) {
    state_.claims.drop(state_.halves, *claims);
  }
  erase(connection);
}

template <StreamType S, class Factory>
void BasicStreamPool<S, Factory>::erase(detail::Connection& connection) {
  streams_.destroy(connection.slot);
  state_.erase(connection);
}

template <StreamType S, class Factory>
bool BasicStreamPool<S, Factory>::is_open(std::uint32_t slot) {
  return state_.connections.is_used(slot) &&
         state_.connections[slot].phase == detail::Connection::Phase::open;
}

template <StreamType S, class Factory>
bool BasicStreamPool<S, Factory>::is_alive(const detail::FlowKey& key, Elapsed now) {
  const std::uint32_t hash = state_.hash(key);
  state_.clock.follow(now);
  const detail::Connection* const connection = state_.find(key, hash);
  if (connection != nullptr && !(state_.may_have_expired(*connection) && state_.expired_ns(*connection))) {
    return true;
  }
  const detail::ClaimGroup* const group = state_.claims.find(key, hash);
  return group != nullptr && !state_.claims.is_over(*group, state_.clock);
}

template <StreamType S, class Factory>
const detail::Tombstone* BasicStreamPool<S, Factory>::find_tombstone(const NetFlow& net,
                                                                     TransportFlow ports) {
  const detail::FlowKey key = detail::make_key(net, ports).key;
  return state_.tombstones.find(key, state_.hash(key));
}

template <StreamType S, class Factory>
void BasicStreamPool<S, Factory>::set_tombstones(std::span<const detail::Tombstone> tombstones) {
  state_.tombstones.clear();
  for (const detail::Tombstone& tombstone : tombstones) add_tombstone(tombstone);
}

template <StreamType S, class Factory>
PoolSize BasicStreamPool<S, Factory>::size() const {
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
