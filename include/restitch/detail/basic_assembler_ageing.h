// The bodies of basic_assembler.h for what has waited too long: clock hands go round connections and holes, a
// few at a time.
#pragma once

#include "restitch/basic_assembler.h"

namespace restitch {

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::age() {
  const Call call(pool_.state_);
  detail::PoolState& state = pool_.state_;
  const std::uint32_t slots = state.connections.bound();
  for (auto left = state.connection_hand.begin(state.clock, slots, state.round_ns()); left != 0; --left) {
    const std::uint32_t slot = state.connection_hand.next(slots);
    if (!state.connections.is_used(slot)) continue;
    Connection& connection = state.connections[slot];
    if (state.has_expired(connection)) expel(connection, EndReason::timeout);
  }
  const std::uint32_t details = state.halves.details.bound();
  for (auto left = state.hole_hand.begin(state.clock, details, state.round_ns()); left != 0; --left) {
    const std::uint32_t detail = state.hole_hand.next(details);
    if (state.halves.details.is_used(detail)) age_hole(detail);
  }
}

// Skips the hole that was waited for too long, and those behind it that are as old.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::age_hole(std::uint32_t detail) {
  detail::HalfDetail& waiting = halves().details[detail];
  if (waiting.connection == detail::none || !pool_.is_open(waiting.connection)) return;
  const Ref ref = holder_of(detail);
  const auto overdue_ns = pool_.state_.expired_hole_ns(waiting, *ref.half);
  if (!overdue_ns) return;
  const Timestamp first = ref.half->oldest_held(halves());
  while (skip_at_limit(ref, Limit::hole_age, nullptr) && ref.half->holds(halves()) &&
         ref.half->oldest_held(halves()).ns - first.ns <= *overdue_ns) {
  }
  finish_if_ended(ref, nullptr);
}

}  // namespace restitch
