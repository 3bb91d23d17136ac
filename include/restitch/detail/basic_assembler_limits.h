// The bodies of basic_assembler.h that act at a limit.
#pragma once

#include "restitch/basic_assembler.h"

namespace restitch {

template <StreamType S, class Factory>
bool BasicAssembler<S, Factory>::over_limit(const HalfConnection& half) const {
  const detail::HalfState& state = pool_.state_.halves;
  const std::uint32_t pages = half.pages(state);
  const auto per_connection = options_.max_buffered_pages_per_connection();
  const auto total = options_.max_buffered_pages_total();
  const std::uint32_t midstream = pool_.state_.options.midstream_pages_max;
  return (per_connection && pages >= *per_connection) || (total && state.pages >= *total) ||
         (midstream != 0 && !half.known() && pages >= midstream);
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::enforce_limits(const Ref& ref, AssemblerContext* context) {
  while (over_limit(*ref.half) && ref.half->holds(halves()) &&
         ref.half->skip_gap(halves(), *ref.connection->policy, ref.direction)) {
    deliver_ready(ref, context);
  }
  const auto total = options_.max_buffered_pages_total();
  if (total && halves().pages >= *total) {
    ref.half->limit_kept(halves(), ref.direction, 1);
  } else if (const auto pages_max = options_.max_buffered_pages_per_connection()) {
    ref.half->limit_kept(halves(), ref.direction, *pages_max);
  }
  tell_events(ref);
}

}  // namespace restitch
