// The bodies of basic_assembler.h for connections whose hosts are watched: what a receiver refuses, and what
// it acknowledged.
#include "reassembly/assembly.h"

#include <algorithm>
#include <memory>
#include <new>

namespace restitch::detail {

// For a connection whose hosts are watched. Whatever becomes of the segment, what it acknowledged may have
// brought either half to its end.
void Assembly::insert_judged(const Ref& ref, const NetFlow& net, const TcpSegment& tcp,
                             AssemblerContext& context, bool start) {
  const std::uint32_t slot = ref.connection->slot;
  judge_and_insert(ref, net, tcp, context, start);
  if (is_open(slot)) finish_either(ref, &context);
}

// Hears first what the sender acknowledges, then asks whether its receiver takes this one in.
void Assembly::judge_and_insert(const Ref& ref, const NetFlow& net, const TcpSegment& tcp,
                                AssemblerContext& context, bool start) {
  Connection& connection = *ref.connection;
  bool learned = false;
  if (!deliver_before(ref, tcp, [&] { learned = hear(ref, net, tcp, context); })) return;
  auto verdict = state_.judge(connection, net, tcp, ref.direction, context.capture_info());
  const bool only_watched = !policy(ref).refusals.any() && !state_.is_in_doubt(connection);
  if (only_watched) verdict = {};
  if (verdict.resets) return reset(ref, tcp, verdict.tells_reset, context);
  if (verdict.refused) return refuse(ref, tcp, *verdict.refused, context);
  if (!deliver_before(ref, tcp, [&] {
        if (!learned) listen(ref, net, tcp, context);
        if (tcp.syn() && tcp.ack()) settle_syn_data(connection, tcp, context);
      })) {
    return;
  }
  TcpSegment counted = tcp;
  if (!verdict.payload_counts) {
    if (tcp.syn() && !tcp.ack() && !tcp.payload.empty()) {
      state_.hold_syn_data(connection, tcp, ref.direction, context.capture_info());
    } else {
      halves().bytes().refused += tcp.payload.size();
      tell_refused_payload(ref, tcp, Refusal::syn_data, context);
    }
    counted.payload = {};
    counted.missing_size = 0;
  }
  const std::uint32_t slot = connection.slot;
  insert_slow(ref, net, counted, context, start);
  if (tcp.ack() && state_.options.acknowledged_tolerance_ns && is_open(slot)) {
    const Ref acked = ref_of(connection, reverse(ref.direction));
    deliver_acknowledged(acked, context);
    if (is_open(slot)) finish_if_ended(acked, &context);
  }
}

// What a segment acknowledges is heard whatever its own receiver makes of it. True: it had to be learned at
// once, to know where the other stream starts.
bool Assembly::hear(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context) {
  Connection& connection = *ref.connection;
  const Ref other = ref_of(connection, reverse(ref.direction));
  const bool learned =
      tcp.ack() && other.half->start_in_doubt() && state_.may_believe(connection, net, tcp, ref.direction);
  if (learned) {
    listen(ref, net, tcp, context);
    state_.agree_on_start(connection, other.direction);
  }
  const auto acked = state_.hear(connection, net, tcp, ref.direction);
  if (acked) take_refused(other, *acked, context);
  return learned;
}

// Counts for nothing, as it seems. The start that it names may yet be the one that counts, and its payload is
// kept.
void Assembly::refuse(const Ref& ref, const TcpSegment& tcp, Refusal rule, AssemblerContext& context) {
  halves().bytes().refused += tcp.payload.size();
  ref.half->compare_refused(halves(), tcp, context.capture_info());
  if (tcp.syn() && ref.half->start_in_doubt() &&
      state_.name_start(*ref.connection, ref.direction, tcp, rule)) {
    TcpSegment syn = tcp;
    syn.payload = {};
    ref.half->insert(halves(), policy(ref), syn, context.capture_info(), ref.direction, false);
  }
  tell_events(ref);
  const auto acked = state_.keep_refused(*ref.connection, tcp, rule, ref.direction, context.capture_info());
  if (acked) take_refused(ref, *acked, context);
}

// The receiver believes this reset. It counts at once, or when nothing has disproved it.
void Assembly::reset(const Ref& ref, const TcpSegment& tcp, bool told, AssemblerContext& context) {
  halves().bytes().refused += tcp.payload.size();
  ref.half->compare_refused(halves(), tcp, context.capture_info());
  tell_refused_payload(ref, tcp, Refusal::rst_data, context);
  tell_events(ref);
  if (!state_.believe_reset(*ref.connection, ref.direction, told)) return;
  abort_reset(*ref.connection, &context);
  complete(*ref.connection, &context, EndReason::rst);
}

// Ends both halves by the reset that was believed, if one was.
void Assembly::abort_reset(Connection& connection, AssemblerContext* context) {
  const auto reset = state_.take_reset(connection);
  if (!reset) return;
  const Ref ref = ref_of(connection, reset->direction);
  const Ref other = ref_of(connection, reverse(reset->direction));
  deliver_read(ref, context);
  deliver_read(other, context);
  halves().attend(connection.slot, ref.direction);
  ref.half->abort(halves(), reset->told);  // its receiver is told; the sender gave up by itself
  halves().attend(connection.slot, other.direction);
  if (policy(other).refusals.any()) other.half->refuse_held(halves());
  deliver_ready(ref, context);
}

// What its receiver acknowledged it has read, or will, though a reset ends the connection: across the gaps of
// the capture, and from wherever the capture begins.
void Assembly::deliver_read(const Ref& ref, AssemblerContext* context) {
  HalfConnection& half = *ref.half;
  if (!half.has_ack()) return;
  halves().attend(ref.connection->slot, ref.direction);
  if (!half.known() && half.begin_midstream(halves(), ref.direction, false)) deliver_ready(ref, context);
  while (half.known() && half.skip_gap(halves(), policy(ref), ref.direction, half.acked())) {
    deliver_ready(ref, context);
  }
  tell_events(ref);  // also of what turned out to be no gap
}

// The receiver acknowledged what it seemed to refuse: it is taken in now.
void Assembly::take_refused(const Ref& ref, Sequence acked, AssemblerContext& context) {
  const std::uint32_t slot = ref.connection->slot;
  if (state_.correct(*ref.connection, ref.direction, acked)) {
    halves().events.add({.kind = EventKind::reset_disproved,
                         .direction = ref.direction,
                         .offset = ref.half->next_offset(),
                         .info = context.capture_info()});
    tell_events(ref);
  }
  constexpr std::size_t size_max = SegmentStore::segment_size_max;
  const std::unique_ptr<std::uint8_t[]> buffer(new (std::nothrow) std::uint8_t[size_max]);
  while (buffer && is_open(slot)) {
    const auto piece = state_.take_refused(*ref.connection, ref.direction, acked, buffer.get());
    if (!piece) return;
    insert_apart(ref, piece->first, Bytes(buffer.get(), piece->size), piece->fin, piece->info, context);
  }
}

// Puts in bytes, or a FIN, of an earlier packet that was set apart until now.
void Assembly::insert_apart(const Ref& ref, Sequence first, Bytes bytes, bool fin, const CaptureInfo& info,
                            AssemblerContext& context) {
  TcpSegment data;
  data.sequence = first;
  data.flags = fin ? TcpFlag::ack | TcpFlag::fin : TcpFlags{} | TcpFlag::ack;
  data.payload = bytes;
  const std::uint32_t slot = ref.connection->slot;
  halves().attend(slot, ref.direction);
  ref.half->insert(halves(), policy(ref), data, info, ref.direction, false);
  {
    const Owning owning{*this, ref};
    deliver_ready(ref, &context);
    if (ref.half->busy()) {
      follow_evidence(ref, &context);
      enforce_limits(ref, &context);
    }
  }
  if (is_open(slot)) finish_either(ref, &context);
}

// The segment counts, but not the bytes it carries.
void Assembly::tell_refused_payload(const Ref& ref, const TcpSegment& tcp, Refusal rule,
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
void Assembly::deliver_acknowledged(const Ref& ref, AssemblerContext& context) {
  deliver_ready(ref, &context);
  const Timestamp now = context.capture_info().timestamp;
  const auto lost = state_.lost_until(*ref.connection, ref.direction, now);
  if (!lost) return;
  while (ref.half->skip_gap(halves(), policy(ref), ref.direction, lost)) deliver_ready(ref, &context);
  tell_events(ref);  // also of what turned out to be no gap
}

// A SYN-ACK tells how much of the other side's SYN data counts (RFC 7413).
void Assembly::settle_syn_data(Connection& connection, const TcpSegment& syn_ack, AssemblerContext& context) {
  if (connection.receiver == none) return;
  const ReceiverState& receiver = state_.receivers[connection.receiver];
  if (receiver.syn_data == none) return;
  const CaptureInfo info = halves().segments[receiver.syn_data].info;
  const Sequence first = halves().segments[receiver.syn_data].first;
  const TcpFlowDirection direction = receiver.syn_data_direction;
  const std::int32_t acked = first.difference(syn_ack.acknowledgment);
  if (acked <= 0) return state_.refuse_syn_data(connection);
  const Bytes held = halves().segments.bytes(receiver.syn_data);
  const std::unique_ptr<std::uint8_t[]> copy(new (std::nothrow) std::uint8_t[held.size()]);
  if (!copy) return state_.drop_syn_data(connection);
  std::copy(held.begin(), held.end(), copy.get());
  const Bytes bytes(copy.get(), held.size());
  state_.release_syn_data(connection);
  const Bytes counted = bytes.first(std::min(bytes.size(), static_cast<std::size_t>(acked)));
  halves().attend(connection.slot, direction);
  if (const std::size_t rest = bytes.size() - counted.size()) {
    halves().bytes().refused += rest;
    halves().events.add({.kind = EventKind::refused,
                         .direction = direction,
                         .offset = counted.size(),
                         .size = rest,
                         .info = info,
                         .refusal = Refusal::syn_data});
  }
  insert_apart(ref_of(connection, direction), first, counted, false, info, context);
}

}  // namespace restitch::detail
