// The bodies of basic_assembler.h for what has waited too long: clock hands go round connections and holes, a
// few at a time.
#pragma once

#include "restitch/basic_assembler.h"

namespace restitch {

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::age() {
  detail::PoolState& state = pool_.state_;
  state.tombstones.expire(state.clock, detail::ClockHand::acts_max);
  go_round(state.connection_hand, state.connections, [&](std::uint32_t slot) {
    Connection& connection = state.connections[slot];
    if (!state.has_expired(connection)) return false;
    expel(connection, EndReason::timeout);
    return true;
  });
  go_round(state.hole_hand, state.halves.details, [&](std::uint32_t detail) { return age_hole(detail); });
}

// Calls act(number), which says whether there was something to do, for the objects whose turn it is.
template <StreamType S, class Factory>
template <class Objects, class Function>
void BasicAssembler<S, Factory>::go_round(detail::ClockHand& hand, Objects& objects, Function&& act) {
  const std::uint32_t bound = objects.bound();
  std::uint32_t visits = hand.begin(pool_.state_.clock, bound, pool_.state_.round_ns());
  std::uint32_t acts = 0;
  for (; visits != 0 && acts < detail::ClockHand::acts_max; --visits) {
    const std::uint32_t number = hand.next(bound);
    if (objects.is_used(number) && act(number)) ++acts;
  }
  hand.put_off(visits);
}

// Skips the hole that was waited for too long, and those behind it that are as old.
template <StreamType S, class Factory>
bool BasicAssembler<S, Factory>::age_hole(std::uint32_t detail) {
  detail::HalfDetail& waiting = halves().details[detail];
  if (waiting.connection == detail::none || !pool_.is_open(waiting.connection)) return false;
  const Ref ref = holder_of(detail);
  const auto overdue_ns = pool_.state_.expired_hole_ns(waiting, *ref.half);
  if (!overdue_ns) return false;
  const Timestamp first = ref.half->oldest_held(halves());
  while (skip_at_limit(ref, Limit::hole_age, nullptr) && ref.half->holds(halves()) &&
         detail::nanoseconds_between(first, ref.half->oldest_held(halves())) <= *overdue_ns) {
  }
  finish_if_ended(ref, nullptr);
  return true;
}

}  // namespace restitch
