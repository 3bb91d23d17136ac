// The bodies of basic_assembler.h for what has waited too long. It ends before the next packet of its
// connection is taken in, so what is delivered depends on these packets and the clock alone. Clock hands go
// round connections and holes, a few at a time, so that it is told soon also when no packet comes.
#include "reassembly/assembly.h"

#include <limits>

namespace restitch::detail {

void Assembly::advance(Elapsed elapsed) {
  if (elapsed.known()) state_.clock.follow(elapsed);
  if (state_.ageing_is_due()) age();
}

void Assembly::advance_all(Elapsed elapsed) {
  PoolState& state = state_;
  if (elapsed.known()) state.clock.follow(elapsed);
  state.connections.for_each([&](std::uint32_t, Connection& connection) { age_connection(connection); });
  state.tombstones.expire(state.clock, std::numeric_limits<int>::max());
}

void Assembly::age() {
  PoolState& state = state_;
  state.tombstones.expire(state.clock, ClockHand::acts_max);
  const auto age_slot = [&](std::uint32_t slot) { return age_connection(state.connections[slot]); };
  go_round(state.connection_hand, state.connections, state.connection_round_ns(), age_slot);
  go_round(state.hole_hand, state.halves.details, state.hole_round_ns(), [&](std::uint32_t detail) {
    const std::uint32_t slot = state.halves.details[detail].connection;
    return slot != none && age_slot(slot);
  });
  state.note_aged();
}

// Its next packet has come. nullptr: too late, the connection is over.
auto Assembly::age_before_packet(Connection& connection) -> Connection* {
  const std::uint32_t slot = connection.slot;
  age_connection(connection);
  return state_.connections.is_used(slot) ? &connection : nullptr;
}

// Ends what has expired of a connection, what expired first before the rest, so that it does not matter when
// this is called. False: there was nothing to do. Else the connection may be gone.
bool Assembly::age_connection(Connection& connection) {
  PoolState& state = state_;
  const std::uint32_t slot = connection.slot;
  bool acted = false;
  while (state.connections.is_used(slot) && state.may_have_expired(connection)) {
    const auto whole_ns = state.expired_ns(connection);
    const auto client_ns = state.expired_hole_ns(connection.halves[0]);
    const auto server_ns = state.expired_hole_ns(connection.halves[1]);
    if (!whole_ns && !client_ns && !server_ns) {
      state.note_holding(connection);
      break;
    }
    acted = true;
    if (whole_ns >= std::max(client_ns, server_ns)) {
      expel(connection, EndReason::timeout);
    } else if (!age_hole(ref_of(connection, static_cast<TcpFlowDirection>(server_ns > client_ns)))) {
      if (whole_ns && state.connections.is_used(slot)) expel(connection, EndReason::timeout);
      break;
    }
  }
  return acted;
}

// Skips the hole that was waited for too long. False: it cannot be.
bool Assembly::age_hole(const Ref& ref) {
  const bool skipped = skip_at_limit(ref, Limit::hole_age, nullptr);
  finish_if_ended(ref, nullptr);
  return skipped;
}

}  // namespace restitch::detail
