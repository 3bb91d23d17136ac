// The bodies of basic_assembler.h that act at a limit. Who gives way is for PoolState to say.
#include "reassembly/assembly.h"

#include <utility>

namespace restitch::detail {

// The page limit that a half has reached, if any; Limit::count_ for that of a start which is not known.
std::optional<Limit> Assembly::exceeded_pages(const HalfConnection& half) const {
  const HalfState& state = state_.halves;
  const std::uint32_t pages = half.pages(state);
  const auto per_connection = options_.max_buffered_pages_per_connection();
  const auto total = options_.max_buffered_pages_total();
  const std::uint32_t midstream = state_.options.midstream_pages_max;
  if (per_connection && pages >= *per_connection) return Limit::connection_pages;
  if (total && state.pages >= *total) return Limit::total_pages;
  if (midstream != 0 && !half.known() && pages >= midstream) return Limit::count_;
  return std::nullopt;
}

// After a packet that made something wait, or be kept.
void Assembly::enforce_limits(const Ref& ref, AssemblerContext* context) {
  if (exceeded_pages(*ref.half)) enforce_pages(ref, context);
  enforce_bytes(ref, context);
}

void Assembly::enforce_pages(const Ref& ref, AssemblerContext* context) {
  while (const auto limit = exceeded_pages(*ref.half)) {
    if (!skip_at_limit(ref, *limit, context)) break;
  }
  halves().attend(ref.connection->slot, ref.direction);
  const auto total = options_.max_buffered_pages_total();
  if (total && halves().pages >= *total) {
    ref.half->limit_kept(halves(), ref.direction, 1, Limit::total_pages);
  } else if (const auto pages_max = options_.max_buffered_pages_per_connection()) {
    ref.half->limit_kept(halves(), ref.direction, *pages_max, Limit::connection_pages);
  }
  tell_events(ref);
}

void Assembly::enforce_bytes(const Ref& ref, AssemblerContext* context) {
  const PoolLimits& limits = state_.options.limits;
  for (;;) {
    const std::size_t memory = state_.held_memory(*ref.connection);
    if (memory <= limits.connection_bytes_max) break;
    const Ref greedier = greedier_half(*ref.connection);
    if (!give_way(greedier, memory - limits.connection_bytes_max, Limit::connection_bytes, context)) break;
  }
  const std::uint32_t slot = ref.connection->slot;
  if (halves().memory_size() > limits.total_bytes_max) state_.discard_refused();
  while (halves().memory_size() > limits.total_bytes_max && give_way_in_total(slot, context)) {
  }
}

// One step towards the total limit; false when there is none left.
bool Assembly::give_way_in_total(std::uint32_t at_hand, AssemblerContext* context) {
  PoolState& state = state_;
  const std::size_t excess = state.halves.memory_size() - state.options.limits.total_bytes_max;
  const auto at_hand_gives_way = [&] {
    return is_open(at_hand) &&
           give_way(greedier_half(state.connections[at_hand]), excess, Limit::total_bytes, context);
  };
  if (state.options.limits.at_total_bytes == LimitPolicy::skip_greediest) {
    const std::uint32_t detail = state.halves.greed.greediest();
    if (detail != none) {
      const Ref ref = holder_of(detail);
      const bool here = ref.connection->slot == at_hand;
      if (give_way(ref, excess, Limit::total_bytes, here ? context : nullptr)) {
        if (!here) finish_if_ended(ref, nullptr);
        return true;
      }
    }
  } else if (state.options.limits.at_total_bytes == LimitPolicy::ignore_new && at_hand_gives_way()) {
    return true;
  }
  Connection* const holder = state.idlest_holder(at_hand);
  if (holder == nullptr) return at_hand_gives_way();  // nobody else holds anything
  expel_at_limit(*holder, Limit::total_bytes);
  return true;
}

// Frees some of what a half holds, what waits behind a hole first; false when it holds nothing.
bool Assembly::give_way(const Ref& ref, std::size_t excess, Limit limit, AssemblerContext* context) {
  if (skip_at_limit(ref, limit, context)) return true;
  halves().attend(ref.connection->slot, ref.direction);
  if (ref.half->undelivered_bytes(halves()) != 0) {  // not acknowledged yet
    note_limit(ref, limit, context);
    deliver_ready(ref, context, true);
    return true;
  }
  if (ref.half->drop_elsewhere(halves(), ref.direction)) {
    note_limit(ref, limit, context);
    tell_events(ref);
    return true;
  }
  if (!ref.half->drop_kept(halves(), ref.direction, excess, limit)) return false;
  tell_events(ref);
  return true;
}

bool Assembly::skip_at_limit(const Ref& ref, Limit limit, AssemblerContext* context) {
  if (!ref.half->holds(halves()) || !skip_gap(ref, context)) return false;
  if (limit != Limit::count_) note_limit(ref, limit, context);
  deliver_ready(ref, context);
  return true;
}

void Assembly::note_limit(const Ref& ref, Limit limit, const AssemblerContext* context) {
  ++halves().limits[static_cast<std::size_t>(limit)];
  halves().events.add({.kind = EventKind::limit,
                       .direction = ref.direction,
                       .offset = ref.half->next_offset(),
                       .info = context == nullptr ? CaptureInfo{} : context->capture_info(),
                       .limit = limit});
}

// For one more connection; false when it has to be ignored.
bool Assembly::make_room() {
  PoolState& state = state_;
  const PoolLimits& limits = state.options.limits;
  const bool too_many = state.connections.size() >= limits.connections_max;
  const Limit limit = too_many ? Limit::connections : Limit::total_bytes;
  Connection* victim =
      too_many && limits.at_connections != LimitPolicy::ignore_new ? state.idlest() : nullptr;
  if (victim == nullptr) {
    ++state.halves.limits[static_cast<std::size_t>(limit)];
    return false;
  }
  expel_at_limit(*victim, limit);
  return true;
}

void Assembly::expel_at_limit(Connection& connection, Limit limit) {
  const Ref ref = ref_of(connection, TcpFlowDirection::client_to_server);
  note_limit(ref, limit, nullptr);
  tell_events(ref);
  expel(connection, EndReason::evicted);
}

void Assembly::evict(const FlowKey& key, Limit limit) {
  PoolState& state = state_;
  const std::uint32_t hash = state.hash(key);
  if (ClaimGroup* const claims = state.claims.find(key, hash)) state.claims.drop(halves(), *claims);
  Connection* const connection = state.find(key, hash);
  if (connection == nullptr) return;
  if (connection->phase == Connection::Phase::open) return expel_at_limit(*connection, limit);
  user_.erase(*connection);
}

auto Assembly::greedier_half(Connection& connection) -> Ref {
  const bool server = connection.halves[1].memory_size(halves()) > connection.halves[0].memory_size(halves());
  return ref_of(connection, server ? TcpFlowDirection::server_to_client : TcpFlowDirection::client_to_server);
}

auto Assembly::holder_of(std::uint32_t detail) -> Ref {
  Connection& connection = state_.connections[halves().details[detail].connection];
  const bool client = connection.halves[0].detail_number() == detail;
  return ref_of(connection, client ? TcpFlowDirection::client_to_server : TcpFlowDirection::server_to_client);
}

}  // namespace restitch::detail
