// The bodies of basic_assembler.h that end connections: drained and completed, flushed by age, or all at
// once.
#include "reassembly/assembly.h"

namespace restitch::detail {

// After a segment that may have been the last of its half, or acknowledge the last of the other.
void Assembly::finish_after(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context) {
  note_fin_acked(ref, tcp);
  finish_if_ended(ref, &context);
}

void Assembly::note_fin_acked(const Ref& ref, const TcpSegment& tcp) {
  const TcpFlowDirection acked = reverse(ref.direction);
  const HalfConnection& half = ref.connection->half(acked);
  if (!tcp.ack() || !half.ended() || half.reset()) return;
  if (half.next_seq().difference(tcp.acknowledgment) != 1) return;
  ref.connection->fins_acked |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(acked));
}

// Completes a connection of which a half may just have reached its end.
void Assembly::finish_if_ended(const Ref& ref, AssemblerContext* context) {
  if (!ref.half->ended()) return;
  Connection& connection = *ref.connection;
  connection.note_closed(ref.direction);
  const Ref other = ref_of(connection, reverse(ref.direction));
  // A half that takes bytes after its end keeps the connection there for them, until both sides know that
  // none can follow; a reset that counts ends both.
  const auto goes_on = [this](const Ref& one) {
    return policy(one).after_end(one.half->reset()) == AfterEnd::deliver;
  };
  const bool final_reset = ref.half->reset() && !goes_on(ref);
  if (final_reset && !other.half->ended()) drain(other, context);
  const bool stays = !final_reset && !connection.agreed_to_end() && (goes_on(ref) || goes_on(other));
  // Bytes before the FIN may still be acknowledged.
  const auto waits = [this](const Ref& one) { return one.half->undelivered_bytes(halves()) != 0; };
  const bool owes = !final_reset && state_.options.acknowledged_tolerance_ns && (waits(ref) || waits(other));
  if (connection.ended() && !stays && !owes) complete(connection, context, EndReason::fin);
}

// The same after what may have moved the other half, too: an acknowledgement that gave up a hole of it, or a
// limit of both.
void Assembly::finish_either(const Ref& ref, AssemblerContext* context) {
  const std::uint32_t slot = ref.connection->slot;
  finish_if_ended(ref, context);
  if (is_open(slot)) finish_if_ended(ref_of(*ref.connection, reverse(ref.direction)), context);
}

// Delivers all that waits in one half, across its gaps, and closes it.
void Assembly::drain(const Ref& ref, AssemblerContext* context) {
  deliver_ready(ref, context);
  while (state_.may_skip(*ref.connection, ref.direction) && skip_gap(ref, context)) {
    deliver_ready(ref, context);
  }
  if (const auto position = ref.half->uncontradicted(halves())) {
    go_to(ref, *position, context);
    while (skip_gap(ref, context)) deliver_ready(ref, context);
  }
  halves().attend(ref.connection->slot, ref.direction);
  if (ref.half->drop_elsewhere(halves(), ref.direction)) tell_events(ref);
  ref.half->refuse_held(halves());
  ref.half->close(halves());
  deliver_ready(ref, context);
}

// Gives up the bytes before the lowest that waits. Those in order are delivered first: not acknowledged ones,
// as whoever is not waited for any longer is not asked any longer either, and those left by a callback that
// threw.
bool Assembly::skip_gap(const Ref& ref, AssemblerContext* context) {
  deliver_ready(ref, context, true);
  if (ref.half->skip_gap(halves(), policy(ref), ref.direction)) return true;
  tell_events(ref);  // of what turned out to be no gap
  return false;
}

void Assembly::complete(Connection& connection, AssemblerContext* context, EndReason reason) {
  abort_reset(connection, context);
  const bool was_reset = connection.halves[0].reset() || connection.halves[1].reset();
  const bool had_ended = connection.ended();
  state_.refuse_syn_data(connection);
  drain(ref_of(connection, TcpFlowDirection::client_to_server), context);
  drain(ref_of(connection, TcpFlowDirection::server_to_client), context);
  if (was_reset || connection.halves[0].reset() || connection.halves[1].reset()) {
    reason = EndReason::rst;
  } else if (had_ended) {
    reason = EndReason::fin;
  }
  connection.phase = Connection::Phase::completed;
  if (!user_.complete(connection.slot, context, reason)) return;
  user_.destroy(connection.slot);
  if (reason == EndReason::fin || reason == EndReason::rst) return state_.bury(connection);
  state_.erase(connection);
}

// The same whatever the stream answers: it has to go.
void Assembly::expel(Connection& connection, EndReason reason) {
  const std::uint32_t slot = connection.slot;
  if (connection.phase == Connection::Phase::open) complete(connection, nullptr, reason);
  if (state_.connections.is_used(slot)) user_.erase(connection);
}

FlushResult Assembly::flush_with_options(const FlushOptions& options) {
  FlushResult result;
  state_.connections.for_each([&](std::uint32_t slot, Connection& connection) {
    const bool old = options.tc.ns != 0 && connection.last_seen < options.tc;
    if (connection.phase != Connection::Phase::open) {
      if (old) user_.erase(connection);
      return;
    }
    if (options.t.ns != 0 && flush_older(connection, options.t)) ++result.flushed;
    if (!is_open(slot)) {
      ++result.closed;
      return;
    }
    const bool holds = connection.halves[0].holds(halves()) || connection.halves[1].holds(halves());
    if (old && !holds) {
      ++result.closed;
      complete(connection, nullptr, EndReason::timeout);
    }
  });
  return result;
}

// Skips the gaps of both halves that something older than `t` waits behind. The connection may be over then.
bool Assembly::flush_older(Connection& connection, Timestamp t) {
  const std::uint32_t slot = connection.slot;
  bool flushed = false;
  for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    if (!is_open(slot)) break;
    const Ref ref = ref_of(connection, direction);
    while (ref.half->holds(halves()) && ref.half->oldest_held(halves()) < t && skip_gap(ref, nullptr)) {
      flushed = true;
      deliver_ready(ref, nullptr);
    }
    finish_if_ended(ref, nullptr);
  }
  return flushed;
}

void Assembly::tell_all(EventKind kind, std::uint64_t size) {
  state_.connections.for_each([&](std::uint32_t, Connection& connection) {
    if (connection.phase != Connection::Phase::open) return;
    const Ref ref = ref_of(connection, TcpFlowDirection::client_to_server);
    halves().events.add(
        {.kind = kind, .direction = ref.direction, .offset = ref.half->next_offset(), .size = size});
    tell_events(ref);
  });
}

std::size_t Assembly::flush_all(EndReason reason) {
  // Side by side in their slab, connections lie anywhere in the table.
  constexpr std::uint32_t ahead = 16;
  std::size_t closed = 0;
  PoolState& state = state_;
  state.connections.for_each([&](std::uint32_t slot, Connection& connection) {
    if (state.connections.is_used(slot + ahead)) {
      state.table.prefetch_entry(state.connections[slot + ahead].hash);
    }
    if (connection.phase == Connection::Phase::open) ++closed;
    age_connection(connection);
    if (is_open(slot)) complete(connection, nullptr, reason);
    if (state.connections.is_used(slot)) user_.erase(connection);
  });
  state.tombstones.clear();
  state.claims.clear(halves());
  return closed;
}

}  // namespace restitch::detail
