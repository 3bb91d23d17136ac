// The bodies of basic_assembler.h for connections whose hosts are watched: what a receiver refuses, and what
// it acknowledged.
#pragma once

#include <algorithm>
#include <memory>
#include <new>

#include "restitch/basic_assembler.h"

namespace restitch {

// For a connection whose hosts are watched: asks first whether the receiver takes this one in.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::judge_and_insert(const Ref& ref, const NetFlow& net, const TcpSegment& tcp,
                                                  AssemblerContext& context, bool start) {
  Connection& connection = *ref.connection;
  halves().attend(connection.slot, ref.direction);
  auto verdict = pool_.state_.judge(connection, net, tcp, ref.direction, context.capture_info());
  if (!policy(ref).refusals.any()) verdict = {};  // it was only watched
  if (verdict.refused || verdict.resets) {
    halves().bytes().refused += tcp.payload.size();
    if (verdict.resets) tell_refused_payload(ref, tcp, Refusal::rst_data, context);
    tell_events(ref);
    if (!verdict.resets) return;
    ref.half->abort(halves(), verdict.tells_reset);  // its receiver is told; the sender gave up by itself
    halves().attend(connection.slot, reverse(ref.direction));
    const Ref other = ref_of(connection, reverse(ref.direction));
    if (policy(other).refusals.any()) other.half->refuse_held(halves());
    deliver_ready(ref, &context);
    return complete(connection, &context, EndReason::rst);
  }
  if (!learn(ref, tcp, context)) {
    halves().attend(detail::none, ref.direction);
    halves().bytes().refused += tcp.payload.size();
    return;
  }
  TcpSegment counted = tcp;
  if (tcp.syn() && tcp.ack()) {
    try {
      settle_syn_data(connection, tcp, context);
    } catch (...) {
      halves().attend(connection.slot, ref.direction);
      halves().bytes().dropped += tcp.payload.size();
      throw;
    }
  }
  halves().attend(connection.slot, ref.direction);
  if (!verdict.payload_counts) {
    if (tcp.syn() && !tcp.ack() && !tcp.payload.empty()) {
      pool_.state_.hold_syn_data(connection, tcp, ref.direction, context.capture_info());
    } else {
      halves().bytes().refused += tcp.payload.size();
      tell_refused_payload(ref, tcp, Refusal::syn_data, context);
    }
    counted.payload = {};
    counted.missing_size = 0;
  }
  const std::uint32_t slot = connection.slot;
  insert_slow(ref, counted, context, start);
  if (tcp.ack() && pool_.state_.options.acknowledged_tolerance_ns && pool_.is_open(slot)) {
    deliver_acknowledged(ref_of(connection, reverse(ref.direction)), context);
  }
}

// The segment counts, but not the bytes it carries.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::tell_refused_payload(const Ref& ref, const TcpSegment& tcp, Refusal rule,
                                                      AssemblerContext& context) {
  if (tcp.payload.empty()) return;
  halves().events.add({.kind = EventKind::refused,
                       .direction = ref.direction,
                       .offset = ref.half->next_offset(),
                       .size = tcp.payload.size(),
                       .info = context.capture_info(),
                       .refusal = rule});
}

// The other side acknowledged bytes of this half: those that are here may be delivered, and those that are
// not will not come any more.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::deliver_acknowledged(const Ref& ref, AssemblerContext& context) {
  deliver_ready(ref, &context);
  const Timestamp now = context.capture_info().timestamp;
  const auto lost = pool_.state_.lost_until(*ref.connection, ref.direction, now);
  while (lost && ref.half->skip_gap(halves(), policy(ref), ref.direction, lost)) {
    deliver_ready(ref, &context);
  }
}

// A SYN-ACK tells how much of the other side's SYN data counts (RFC 7413).
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::settle_syn_data(Connection& connection, const TcpSegment& syn_ack,
                                                 AssemblerContext& context) {
  if (connection.receiver == detail::none) return;
  const detail::ReceiverState& receiver = pool_.state_.receivers[connection.receiver];
  if (receiver.syn_data == detail::none) return;
  const CaptureInfo info = halves().segments[receiver.syn_data].info;
  const Sequence first = halves().segments[receiver.syn_data].first;
  const TcpFlowDirection direction = receiver.syn_data_direction;
  const std::int32_t acked = first.difference(syn_ack.acknowledgment);
  if (acked <= 0) {
    halves().events.add({.kind = EventKind::refused,
                         .direction = direction,
                         .size = halves().segments[receiver.syn_data].size,
                         .info = info,
                         .refusal = Refusal::syn_data});
    return pool_.state_.drop_syn_data(connection);
  }
  const Bytes held = halves().segments.bytes(receiver.syn_data);
  const std::unique_ptr<std::uint8_t[]> copy(new (std::nothrow) std::uint8_t[held.size()]);
  if (!copy) return pool_.state_.drop_syn_data(connection);
  std::copy(held.begin(), held.end(), copy.get());
  const Bytes bytes(copy.get(), held.size());
  pool_.state_.release_syn_data(connection);
  TcpSegment data;
  data.sequence = first;
  data.flags = TcpFlags{} | TcpFlag::ack;
  data.payload = bytes.first(std::min(bytes.size(), static_cast<std::size_t>(acked)));
  halves().attend(connection.slot, direction);
  halves().bytes().refused += bytes.size() - data.payload.size();
  const Ref ref = ref_of(connection, direction);
  ref.half->insert(halves(), policy(ref), data, info, direction, false);
  const Owning owning{*this, ref};
  deliver_ready(ref, &context);
}

}  // namespace restitch
