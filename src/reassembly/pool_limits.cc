// The part of PoolState that says who has to give way: at a limit, or by age.
#include <algorithm>
#include <array>
#include <utility>

#include "restitch/detail/pool_state.h"
#include "restitch/detail/prefetch.h"

namespace restitch::detail {
namespace {

// How many are looked at to find the idlest.
constexpr int candidates_max = 32;

// How many places may be passed over for that.
constexpr int probes_max = 4096;

}  // namespace

bool PoolState::is_full() const {
  const PoolLimits& limits = options.limits;
  if (connections.size() >= limits.connections_max) return true;
  return limits.at_total_bytes == LimitPolicy::ignore_new &&
         halves.memory_size() > limits.total_bytes_max / 16 * 15;
}

// Nobody speaks for half-open connections, so they are the idlest, however young: a flood of them must not
// drive out a connection that is only silent.
PoolState::Idleness PoolState::idleness(const Connection& connection) const {
  const std::uint64_t half_open = connection.half_open() ? 1 : 0;
  return {half_open << 32 | static_cast<std::uint32_t>(clock.tick() - connection.seen_tick),
          ~connection.last_seen.ns};
}

// Half-open ones that were found and not needed yet are kept for the next times: in a flood each costs
// little.
Connection* PoolState::idlest() {
  while (spare_victims_ != 0) {
    const Victim& spare = victims_[--spare_victims_];
    if (!connections.is_used(spare.slot)) continue;
    Connection& connection = connections[spare.slot];
    if (connection.half_open() && connection.seen_tick == spare.seen_tick) return &connection;
  }
  std::array<Connection*, candidates_max> candidates;
  std::size_t count = 0;
  // All of a small table are looked at; of a large one, whose slots are in use, few are passed over.
  for (int probes = 0; probes < probes_max && count < candidates.size(); ++probes) {
    const std::uint32_t slot = idle_hand_.next(connections.bound());
    if (!connections.is_used(slot)) continue;
    candidates[count++] = &connections[slot];
    prefetch_object(connections[slot]);
  }
  std::array<std::pair<Idleness, Connection*>, candidates_max> found;
  for (std::size_t i = 0; i < count; ++i) found[i] = {idleness(*candidates[i]), candidates[i]};
  std::sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count),
            [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::size_t i = std::min(count, victims_.size() + 1); i-- > 1;) {
    const Connection& spare = *found[i].second;
    if (!spare.half_open()) continue;
    victims_[spare_victims_++] = {spare.slot, spare.seen_tick};
    table.prefetch_entry(spare.hash);  // soon to be erased
  }
  return count == 0 ? nullptr : found[0].second;
}

Connection* PoolState::idlest_holder(std::uint32_t not_this) {
  Connection* found = nullptr;
  int candidates = 0;
  for (int probes = 0; probes < probes_max && candidates < candidates_max; ++probes) {
    const std::uint32_t number = idle_holder_hand_.next(halves.details.bound());
    if (!halves.details.is_used(number)) continue;
    const HalfDetail& detail = halves.details[number];
    if (detail.connection == none || detail.connection == not_this) continue;
    Connection& candidate = connections[detail.connection];
    if (found == nullptr || idleness(candidate) > idleness(*found)) found = &candidate;
    ++candidates;
  }
  return found;
}

bool PoolState::has_expired(const Connection& connection) const {
  if (is_in_doubt(connection)) {
    const std::uint32_t since = clock.tick() - receivers[connection.receiver].reset->tick;
    return since > CaptureClock::ticks(options.reset_doubt_ns);
  }
  const Ageing& ageing = options.ageing;
  std::int64_t age_max = ageing.idle_ns;
  if (connection.closing()) {
    if (ageing.closing_ns != 0) age_max = ageing.closing_ns;
  } else if (ageing.half_open_ns != 0 && connection.half_open()) {
    age_max = ageing.half_open_ns;
  }
  return age_max != 0 && clock.tick() - connection.seen_tick > CaptureClock::ticks(age_max);
}

std::optional<std::int64_t> PoolState::expired_hole_ns(HalfDetail& detail, const HalfConnection& half) {
  if (options.ageing.hole_ns == 0 || detail.held.empty()) {
    detail.hole_seen = false;
    return std::nullopt;
  }
  if (!detail.hole_seen || detail.hole_at != half.next_seq()) {
    detail.hole_seen = true;
    detail.hole_at = half.next_seq();
    detail.hole_tick = clock.tick();
  }
  const std::int64_t waited_ns = CaptureClock::nanoseconds(clock.tick() - detail.hole_tick);
  return waited_ns < options.ageing.hole_ns ? std::nullopt
                                            : std::optional(waited_ns - options.ageing.hole_ns);
}

}  // namespace restitch::detail
