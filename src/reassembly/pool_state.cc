#include "restitch/detail/pool_state.h"

#include <algorithm>
#include <random>
#include <utility>

namespace restitch::detail {
namespace {

// The shortest time that is set; 0: none is.
std::int64_t shortest(const Ageing& ageing) {
  std::int64_t least = 0;
  for (const std::int64_t ns : {ageing.hole_ns, ageing.idle_ns, ageing.half_open_ns, ageing.closing_ns}) {
    if (ns != 0 && (least == 0 || ns < least)) least = ns;
  }
  return least;
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
      halves(memory),
      receivers(memory),
      policies_{options.receiver},
      policy_numbers_{{options.receiver, 0}},
      round_ns_(shortest(options.ageing) / 4) {
  halves.tells_copies = options.tell_copies;
  halves.delivery_segments_max = std::max<std::uint32_t>(options.delivery_segments_max, 1);
}

Connection* PoolState::add(const FlowKey& key, std::uint32_t hash, bool client_is_high,
                           const Policies& policies) {
  const std::uint32_t slot = connections.allocate();
  if (slot == none) return nullptr;
  if (!table.insert(hash, slot)) {
    connections.release(slot);
    return nullptr;
  }
  Connection& connection = connections[slot];
  connection.key = key;
  connection.hash = hash;
  connection.slot = slot;
  connection.client_is_high = client_is_high;
  connection.watched = options.observe || options.acknowledged_tolerance_ns;
  for (std::size_t i = 0; i < 2; ++i) {
    connection.policies[i] = policies[i] == nullptr ? 0 : number_of(policies[i]);
    connection.watched |= policies_[connection.policies[i]]->refusals.any();
  }
  connection.seen_tick = clock.tick();
  return &connection;
}

std::uint32_t PoolState::number_of(const ReceiverPolicy* policy) {
  const auto [known, is_new] =
      policy_numbers_.try_emplace(policy, static_cast<std::uint32_t>(policies_.size()));
  if (is_new) policies_.push_back(policy);
  return known->second;
}

void PoolState::erase(Connection& connection) {
  forget_receiver(connection);
  for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    halves.attend(connection.slot, direction);
    connection.half(direction).clear(halves);
  }
  table.erase(connection.hash, connection.slot);
  connections.release(connection.slot);
}

void PoolState::bury(Connection& connection) {
  const auto refuses_syn = [&](TcpFlowDirection direction) {
    return policy(connection, direction).refusals.has(Refusal::syn);
  };
  tombstones.add(
      connection,
      {refuses_syn(TcpFlowDirection::client_to_server), refuses_syn(TcpFlowDirection::server_to_client)},
      clock);
  erase(connection);
}

ReceiverState::Verdict PoolState::judge(Connection& connection, const NetFlow& net, const TcpSegment& tcp,
                                        TcpFlowDirection direction, const CaptureInfo& info) {
  if (connection.receiver == none) connection.receiver = receivers.allocate();
  if (connection.receiver == none) return {};
  HalfConnection& half = connection.half(direction);
  HalfConnection& answered = connection.half(reverse(direction));
  ReceiverState& receiver = receivers[connection.receiver];
  const ReceiverState::Verdict verdict =
      receiver.judge(halves, policy(connection, direction), half, net, tcp, direction);
  auto report = [&](EventKind kind, TcpFlowDirection of, std::uint64_t size, std::int64_t ahead = 0,
                    Refusal refusal = Refusal::count_) {
    halves.events.add({.kind = kind,
                       .direction = of,
                       .offset = connection.half(of).next_offset() + static_cast<std::uint64_t>(ahead),
                       .size = size,
                       .info = info,
                       .refusal = refusal});
  };
  if (verdict.refused) report(EventKind::refused, direction, tcp.payload.size(), 0, *verdict.refused);
  if (verdict.zero_window_probe) report(EventKind::zero_window_probe, direction, tcp.payload.size());
  if (verdict.window_full) report(EventKind::window_full, direction, 0);
  if (!verdict.refused && tcp.ack() && answered.known() && !tcp.rst()) {
    const std::int64_t ahead = answered.next_seq().difference(tcp.acknowledgment);
    const std::int64_t unseen = ahead - (answered.ended() ? 1 : 0);
    if (unseen > 0 && receiver.first_to_acknowledge(direction, tcp.acknowledgment)) {
      report(EventKind::acked_unseen, reverse(direction), static_cast<std::uint64_t>(unseen));
    }
  }
  if (verdict.sack && answered.known()) {
    const Sequence seen = answered.highest_held(halves).value_or(answered.next_seq());
    const std::int32_t unseen =
        std::min(seen.difference(verdict.sack->right), verdict.sack->left.difference(verdict.sack->right));
    if (unseen > 0 && receiver.first_to_acknowledge_block(direction, verdict.sack->right)) {
      const std::int64_t ahead = std::int64_t{answered.next_seq().difference(verdict.sack->right)} - unseen;
      report(EventKind::acked_unseen, reverse(direction), static_cast<std::uint64_t>(unseen), ahead);
    }
  }
  return verdict;
}

bool PoolState::correct_client(Connection& connection, bool from_high, const TcpSegment& tcp) {
  if (!tcp.syn() || tcp.rst() || connection.client_known) return false;
  connection.client_known = true;
  const bool client_is_high = from_high != tcp.ack();
  if (client_is_high == connection.client_is_high) return false;
  connection.client_is_high = client_is_high;
  swap_counts(connection);
  std::swap(connection.halves[0], connection.halves[1]);
  std::swap(connection.policies[0], connection.policies[1]);
  if (connection.closed_first != 0)
    connection.closed_first = static_cast<std::uint8_t>(3 - connection.closed_first);
  connection.fins_acked =
      static_cast<std::uint8_t>((connection.fins_acked << 1 | connection.fins_acked >> 1) & 3);
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
    }
    halves.counts[i].seen -= waits;
    halves.counts[i].held -= waits;
    halves.counts[1 - i].seen += waits;
    halves.counts[1 - i].held += waits;
  }
}

std::optional<Sequence> PoolState::delivery_limit(Connection& connection, TcpFlowDirection direction) {
  if (!options.acknowledged_tolerance_ns || connection.receiver == none) return std::nullopt;
  return receivers[connection.receiver].acknowledged(direction).value_or(connection.half(direction).start());
}

std::optional<Sequence> PoolState::lost_until(Connection& connection, TcpFlowDirection direction,
                                              Timestamp now) {
  if (!options.acknowledged_tolerance_ns || connection.receiver == none) return std::nullopt;
  const HalfConnection& half = connection.half(direction);
  if (!half.known() || half.ended()) return std::nullopt;
  return receivers[connection.receiver].lost_until(direction, half.next_seq(), now,
                                                   *options.acknowledged_tolerance_ns);
}

void PoolState::hold_syn_data(Connection& connection, const TcpSegment& tcp, TcpFlowDirection direction,
                              const CaptureInfo& info) {
  drop_syn_data(connection);
  halves.attend(connection.slot, direction);
  ReceiverState& receiver = receivers[connection.receiver];
  const Bytes bytes = tcp.payload.first(std::min(tcp.payload.size(), SegmentStore::segment_size_max));
  halves.bytes().refused += tcp.payload.size() - bytes.size();
  if (halves.memory_size() + memory_for(1, bytes.size()) > options.limits.total_bytes_max) {
    ++halves.limits[static_cast<std::size_t>(Limit::total_bytes)];
    halves.bytes().dropped += bytes.size();
    return;
  }
  receiver.syn_data = halves.segments.hold(tcp.sequence.add(1), bytes, info);
  receiver.syn_data_direction = direction;
  (receiver.syn_data == none ? halves.bytes().dropped : halves.bytes().held) += bytes.size();
}

void PoolState::drop_syn_data(Connection& connection) {
  if (connection.receiver == none || receivers[connection.receiver].syn_data == none) return;
  halves.attend(connection.slot, receivers[connection.receiver].syn_data_direction);
  halves.bytes().refused += halves.segments[receivers[connection.receiver].syn_data].size;
  release_syn_data(connection);
}

void PoolState::release_syn_data(Connection& connection) {
  ReceiverState& receiver = receivers[connection.receiver];
  halves.attend(connection.slot, receiver.syn_data_direction);
  halves.bytes().held -= halves.segments[receiver.syn_data].size;
  halves.segments.release(receiver.syn_data);
  receiver.syn_data = none;
}

void PoolState::forget_receiver(Connection& connection) {
  if (connection.receiver == none) return;
  drop_syn_data(connection);
  receivers.release(connection.receiver);
  connection.receiver = none;
}

bool PoolState::may_skip(Connection& connection, TcpFlowDirection direction) {
  if (connection.receiver == none) return true;
  const auto lowest = connection.half(direction).lowest_held(halves);
  return lowest && receivers[connection.receiver].may_have_read(direction, *lowest);
}

bool PoolState::begins_anew(Connection& connection, TcpFlowDirection direction, const TcpSegment& tcp) {
  if (!tcp.syn() || tcp.rst() || tcp.ack()) return false;
  if (policy(connection, direction).refusals.has(Refusal::syn)) return false;
  return connection.half(direction).contradicts_syn(halves, tcp.sequence);
}

}  // namespace restitch::detail
