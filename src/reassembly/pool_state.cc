#include "restitch/detail/pool_state.h"

#include <algorithm>
#include <random>
#include <utility>

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
  forget_receiver(connection);
  table.erase(connection.hash, connection.slot);
  connections.release(connection.slot);
}

void PoolState::bury(Connection& connection) {
  for (HalfConnection& half : connection.halves) half.clear(halves);
  forget_receiver(connection);
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
  HalfConnection& answered = connection.half(reverse(direction));
  ReceiverState& receiver = receivers[connection.receiver];
  const ReceiverState::Verdict verdict =
      receiver.judge(halves, *connection.policy, half, net, tcp, direction);
  auto report = [&](EventKind kind, TcpFlowDirection of, std::uint64_t size,
                    Refusal refusal = Refusal::count_) {
    halves.events.add({.kind = kind,
                       .direction = of,
                       .offset = connection.half(of).next_offset(),
                       .size = size,
                       .info = info,
                       .refusal = refusal});
  };
  if (verdict.refused) report(EventKind::refused, direction, tcp.payload.size(), *verdict.refused);
  if (verdict.zero_window_probe) report(EventKind::zero_window_probe, direction, tcp.payload.size());
  if (verdict.window_full) report(EventKind::window_full, direction, 0);
  if (!verdict.refused && tcp.ack() && answered.known() && !tcp.rst()) {
    const std::int32_t unseen =
        answered.next_seq().difference(tcp.acknowledgment) - (answered.ended() ? 1 : 0);
    if (unseen > 0 && receiver.first_to_acknowledge(direction, tcp.acknowledgment)) {
      report(EventKind::acked_unseen, reverse(direction), static_cast<std::uint64_t>(unseen));
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
  std::swap(connection.halves[0], connection.halves[1]);
  if (connection.receiver != none) receivers[connection.receiver].swap_roles();
  return true;
}

std::optional<Sequence> PoolState::delivery_limit(Connection& connection, TcpFlowDirection direction) {
  if (!options.acknowledged_tolerance_ns || connection.receiver == none) return std::nullopt;
  return receivers[connection.receiver].acknowledged(direction).value_or(connection.half(direction).start());
}

std::optional<Sequence> PoolState::lost_until(Connection& connection, TcpFlowDirection direction,
                                              Timestamp now) {
  if (!options.acknowledged_tolerance_ns || connection.receiver == none) return std::nullopt;
  ReceiverState& receiver = receivers[connection.receiver];
  const HalfConnection& half = connection.half(direction);
  const auto acked = receiver.acknowledged(direction);
  if (!acked || !half.known() || half.ended() || half.next_seq().difference(*acked) <= 0) {
    receiver.hole_since(direction) = {};
    return std::nullopt;
  }
  Timestamp& since = receiver.hole_since(direction);
  if (since == Timestamp{}) since = now;
  if (now.ns - since.ns < *options.acknowledged_tolerance_ns) return std::nullopt;
  return acked;
}

void PoolState::hold_syn_data(Connection& connection, const TcpSegment& tcp, TcpFlowDirection direction,
                              const CaptureInfo& info) {
  drop_syn_data(connection);
  ReceiverState& receiver = receivers[connection.receiver];
  const Bytes bytes = tcp.payload.first(std::min(tcp.payload.size(), SegmentStore::segment_size_max));
  halves.bytes.refused += tcp.payload.size() - bytes.size();
  receiver.syn_data = halves.segments.hold(tcp.sequence.add(1), bytes, info);
  receiver.syn_data_direction = direction;
  (receiver.syn_data == none ? halves.bytes.dropped : halves.bytes.held) += bytes.size();
}

void PoolState::drop_syn_data(Connection& connection) {
  if (connection.receiver == none || receivers[connection.receiver].syn_data == none) return;
  halves.bytes.refused += halves.segments[receivers[connection.receiver].syn_data].size;
  release_syn_data(connection);
}

void PoolState::release_syn_data(Connection& connection) {
  ReceiverState& receiver = receivers[connection.receiver];
  halves.bytes.held -= halves.segments[receiver.syn_data].size;
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

// A SYN that cannot belong to this connection, living or dead: it names another start.
bool PoolState::begins_anew(Connection& connection, TcpFlowDirection direction, const TcpSegment& tcp) {
  HalfConnection& half = connection.half(direction);
  const bool dead = connection.phase == Connection::Phase::tombstone;
  if (connection.policy->refusals.has(Refusal::syn)) {
    // As a host that still waits in TIME-WAIT: the number must lie above the next one, which the FIN moved.
    if (!dead || tcp.ack()) return false;
    if (!half.known()) return true;
    // TIME-WAIT is with the side that sent its FIN first; the other one takes any SYN.
    if (connection.closed_first != 1 + static_cast<int>(reverse(direction))) return true;
    return half.reset() || half.next_seq().add(1).difference(tcp.sequence) > 0;
  }
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
