// The part of PoolState that knows the receiving hosts: what they refuse, what they acknowledge, and what was
// refused until they do.
#include <algorithm>
#include <utility>

#include "restitch/detail/pool_state.h"

namespace restitch::detail {
namespace {

std::uint32_t ticks(std::int64_t ns) { return static_cast<std::uint32_t>(CaptureClock::ticks(ns)); }

}  // namespace

std::optional<Sequence> PoolState::hear(Connection& connection, const NetFlow& net, const TcpSegment& tcp,
                                        TcpFlowDirection direction) {
  if (connection.receiver == none) connection.receiver = receivers.allocate();
  if (connection.receiver == none) return std::nullopt;
  ReceiverState& receiver = receivers[connection.receiver];
  const HalfConnection& answered = connection.half(reverse(direction));
  receiver.hear(connection.half(direction), answered, net, tcp, direction, counts_acks(connection));
  return receiver.disproved_until(answered, reverse(direction));
}

ReceiverState::Verdict PoolState::judge(Connection& connection, const NetFlow& net, const TcpSegment& tcp,
                                        TcpFlowDirection direction, const CaptureInfo& info) {
  if (connection.receiver == none) return {};
  HalfConnection& half = connection.half(direction);
  HalfConnection& answered = connection.half(reverse(direction));
  ReceiverState& receiver = receivers[connection.receiver];
  ReceiverState::Verdict verdict =
      receiver.judge(halves, policy(connection, direction), half, net, tcp, direction);
  if (receiver.reset) verdict = {.refused = Refusal::handshake, .payload_counts = false};
  auto report = [&](EventKind kind, TcpFlowDirection of, std::uint64_t size, std::int64_t distance = 0,
                    Refusal refusal = Refusal::count_) {
    halves.events.add({.kind = kind,
                       .direction = of,
                       .offset = connection.half(of).next_offset() + static_cast<std::uint64_t>(distance),
                       .size = size,
                       .info = info,
                       .refusal = refusal});
  };
  if (verdict.refused) report(EventKind::refused, direction, tcp.payload.size(), 0, *verdict.refused);
  if (verdict.zero_window_probe) report(EventKind::zero_window_probe, direction, tcp.payload.size());
  if (verdict.window_full) report(EventKind::window_full, direction, 0);
  if (!verdict.refused && tcp.ack() && answered.known() && !tcp.rst()) {
    const std::int64_t distance = answered.next_seq().difference(tcp.acknowledgment);
    const std::int64_t unseen = distance - (answered.ended() ? 1 : 0);
    if (unseen > 0 && receiver.first_to_acknowledge(direction, tcp.acknowledgment)) {
      report(EventKind::acked_unseen, reverse(direction), static_cast<std::uint64_t>(unseen));
    }
  }
  if (verdict.sack && answered.known()) {
    const Sequence seen = answered.highest_held(halves).value_or(answered.next_seq());
    const std::int32_t unseen =
        std::min(seen.difference(verdict.sack->right), verdict.sack->left.difference(verdict.sack->right));
    if (unseen > 0 && receiver.first_to_acknowledge_block(direction, verdict.sack->right)) {
      const std::int64_t distance =
          std::int64_t{answered.next_seq().difference(verdict.sack->right)} - unseen;
      report(EventKind::acked_unseen, reverse(direction), static_cast<std::uint64_t>(unseen), distance);
    }
  }
  return verdict;
}

// ---- where a stream starts ---------------------------------------------------------------------------

bool PoolState::may_believe(const Connection& connection, const NetFlow& net, const TcpSegment& tcp,
                            TcpFlowDirection direction) const {
  if (connection.receiver == none || !counts_acks(connection)) return true;
  return receivers[connection.receiver].may_believe(net, tcp, direction);
}

void PoolState::agree_on_start(Connection& connection, TcpFlowDirection direction) {
  const HalfConnection& half = connection.half(direction);
  if (connection.receiver == none || half.start_in_doubt()) return;
  receivers[connection.receiver].agree_on_start(direction, half.next_seq());
}

bool PoolState::name_start(Connection& connection, TcpFlowDirection direction, const TcpSegment& tcp,
                           Refusal rule) {
  if (rule < Refusal::handshake) return false;  // it is wrong in itself
  receivers[connection.receiver].name_start(direction, tcp);
  return true;
}

// ---- what was refused --------------------------------------------------------------------------------

std::optional<Sequence> PoolState::keep_refused(Connection& connection, const TcpSegment& tcp, Refusal rule,
                                                TcpFlowDirection direction, const CaptureInfo& info) {
  if (connection.receiver == none || options.refused_ns == 0) return std::nullopt;
  ReceiverState& receiver = receivers[connection.receiver];
  HalfConnection& half = connection.half(direction);
  if (!receiver.may_be_wrong(rule, half, tcp, direction)) return std::nullopt;
  std::uint32_t& number = receiver.kept[static_cast<std::size_t>(direction)];
  if (number == none) number = refused_queues.allocate();
  if (number != none) {
    RefusedQueue& queue = refused_queues[number];
    queue.age(halves, clock.tick(), ticks(options.refused_ns));
    if (half.known()) queue.discard_before(halves, half.next_seq(), half.next_offset());
    const std::size_t size = memory_for(1, tcp.payload.size());
    const bool has_room = queue.memory_size() + size <= options.refused_bytes_max &&
                          halves.memory_size() + size <= options.limits.total_bytes_max / 2;
    if (has_room) queue.hold(halves, tcp.sequence, tcp.payload, tcp.fin() && tcp.missing_size == 0, info);
  }
  return receiver.disproved_until(half, direction);
}

bool PoolState::correct(Connection& connection, TcpFlowDirection direction, Sequence acked) {
  ReceiverState& receiver = receivers[connection.receiver];
  receiver.correct(direction, acked);
  const std::uint32_t number = receiver.kept[static_cast<std::size_t>(direction)];
  const HalfConnection& half = connection.half(direction);
  if (number != none) {
    refused_queues[number].age(halves, clock.tick(), ticks(options.refused_ns));
    if (half.known()) refused_queues[number].discard_before(halves, half.next_seq(), half.next_offset());
  }
  return std::exchange(receiver.reset, std::nullopt).has_value();
}

std::optional<RefusedQueue::Piece> PoolState::take_refused(Connection& connection, TcpFlowDirection direction,
                                                           Sequence acked, std::uint8_t* buffer) {
  ReceiverState& receiver = receivers[connection.receiver];
  std::uint32_t& number = receiver.kept[static_cast<std::size_t>(direction)];
  std::optional<RefusedQueue::Piece> piece;
  if (number != none) {
    piece = refused_queues[number].take(halves, acked, buffer);
    if (refused_queues[number].empty()) refused_queues.release(std::exchange(number, none));
  }
  if (!piece) {
    receiver.note_taken(direction, acked);
    return std::nullopt;
  }
  halves.attend(connection.slot, direction);
  halves.bytes().refused -= piece->size;
  const HalfConnection& half = connection.half(direction);
  const std::int64_t distance = half.known() ? half.next_seq().difference(piece->first) : 0;
  halves.events.add({.kind = EventKind::refusal_disproved,
                     .direction = direction,
                     .offset = half.next_offset() + static_cast<std::uint64_t>(distance),
                     .size = piece->size,
                     .info = piece->info});
  return piece;
}

void PoolState::discard_refused() {
  refused_queues.for_each([this](std::uint32_t, RefusedQueue& queue) { queue.discard_all(halves); });
}

bool PoolState::believe_reset(Connection& connection, TcpFlowDirection direction, bool told) {
  if (connection.receiver == none) return false;
  ReceiverState& receiver = receivers[connection.receiver];
  receiver.reset = ReceiverState::Reset{direction, told, clock.tick()};
  return options.reset_doubt_ns == 0;
}

std::optional<ReceiverState::Reset> PoolState::take_reset(Connection& connection) {
  if (connection.receiver == none) return std::nullopt;
  return std::exchange(receivers[connection.receiver].reset, std::nullopt);
}

bool PoolState::is_in_doubt(const Connection& connection) const {
  return connection.receiver != none && receivers[connection.receiver].reset;
}

// ---- what was acknowledged ---------------------------------------------------------------------------

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
  refuse_syn_data(connection);
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

void PoolState::refuse_syn_data(Connection& connection) {
  if (connection.receiver == none) return;
  const ReceiverState& receiver = receivers[connection.receiver];
  if (receiver.syn_data == none) return;
  halves.events.add({.kind = EventKind::refused,
                     .direction = receiver.syn_data_direction,
                     .size = halves.segments[receiver.syn_data].size,
                     .info = halves.segments[receiver.syn_data].info,
                     .refusal = Refusal::syn_data});
  drop_syn_data(connection);
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
  for (const std::uint32_t queue : receivers[connection.receiver].kept) {
    if (queue == none) continue;
    refused_queues[queue].discard_all(halves);
    refused_queues.release(queue);
  }
  receivers.release(connection.receiver);
  connection.receiver = none;
}

bool PoolState::may_skip(Connection& connection, TcpFlowDirection direction) {
  const bool watched_only =
      !options.acknowledged_tolerance_ns && !policy(connection, direction).refusals.any();
  if (watched_only || connection.receiver == none) return true;
  const auto lowest = connection.half(direction).lowest_held(halves);
  return lowest && receivers[connection.receiver].may_have_read(direction, *lowest);
}

}  // namespace restitch::detail
