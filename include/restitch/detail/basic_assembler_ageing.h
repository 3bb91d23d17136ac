// The bodies of basic_assembler.h for what has waited too long. It ends before the next packet of its
// connection is taken in, so what is delivered depends on these packets and the clock alone. Clock hands go
// round connections and holes, a few at a time, so that it is told soon also when no packet comes.
#pragma once

#include <limits>

#include "restitch/basic_assembler.h"

namespace RESTITCH_API restitch {

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::advance(Elapsed elapsed) {
  const Call call(pool_.state_);
  if (elapsed.known()) pool_.state_.clock.follow(elapsed);
  if (pool_.state_.ageing_is_due()) age();
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::advance_all(Elapsed elapsed) {
  const Call call(pool_.state_);
  detail::PoolState& state = pool_.state_;
  if (elapsed.known()) state.clock.follow(elapsed);
  state.connections.for_each([&](std::uint32_t, Connection& connection) { age_connection(connection); });
  state.tombstones.expire(state.clock, std::numeric_limits<int>::max());
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::age() {
  detail::PoolState& state = pool_.state_;
  state.tombstones.expire(state.clock, detail::ClockHand::acts_max);
  const auto age_slot = [&](std::uint32_t slot) { return age_connection(state.connections[slot]); };
  go_round(state.connection_hand, state.connections, state.connection_round_ns(), age_slot);
  go_round(state.hole_hand, state.halves.details, state.hole_round_ns(), [&](std::uint32_t detail) {
    const std::uint32_t slot = state.halves.details[detail].connection;
    return slot != detail::none && age_slot(slot);
  });
  state.note_aged();
}

// Calls act(number), which says whether there was something to do, for the objects whose turn it is.
template <StreamType S, class Factory>
template <class Objects, class Function>
void BasicAssembler<S, Factory>::go_round(detail::ClockHand& hand, Objects& objects, std::int64_t round_ns,
                                          Function&& act) {
  if (round_ns == 0) return;
  const std::uint32_t bound = objects.bound();
  std::uint32_t visits = hand.begin(pool_.state_.clock, bound, round_ns);
  std::uint32_t acts = 0;
  for (; visits != 0 && acts < detail::ClockHand::acts_max; --visits) {
    const std::uint32_t number = hand.next(bound);
    if (objects.is_used(number) && act(number)) ++acts;
  }
  hand.put_off(visits);
}

// Its next packet has come. nullptr: too late, the connection is over.
template <StreamType S, class Factory>
[[gnu::noinline]] auto BasicAssembler<S, Factory>::age_before_packet(Connection& connection) -> Connection* {
  const std::uint32_t slot = connection.slot;
  age_connection(connection);
  return pool_.state_.connections.is_used(slot) ? &connection : nullptr;
}

// Ends what has expired of a connection, what expired first before the rest, so that it does not matter when
// this is called. False: there was nothing to do. Else the connection may be gone.
template <StreamType S, class Factory>
bool BasicAssembler<S, Factory>::age_connection(Connection& connection) {
  detail::PoolState& state = pool_.state_;
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
template <StreamType S, class Factory>
bool BasicAssembler<S, Factory>::age_hole(const Ref& ref) {
  const bool skipped = skip_at_limit(ref, Limit::hole_age, nullptr);
  finish_if_ended(ref, nullptr);
  return skipped;
}

}  // namespace restitch
