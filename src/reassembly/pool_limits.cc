// The part of PoolState that says who has to give way: at a limit, or by age.
#include <algorithm>
#include <array>
#include <limits>
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

std::optional<std::int64_t> PoolState::expired_ns(const Connection& connection) const {
  if (is_in_doubt(connection))
    return past(receivers[connection.receiver].reset->tick, options.reset_doubt_ns);
  const Ageing& ageing = options.ageing;
  std::int64_t age_max = 0;
  if (connection.closing()) {
    age_max = ageing.closing_ns;
  } else if (connection.half_open()) {
    age_max = ageing.half_open_ns;
  } else if (connection.half_closed()) {
    age_max = ageing.half_closed_ns;
  }
  return past(connection.seen_tick, age_max != 0 ? age_max : ageing.idle_ns);
}

std::optional<std::int64_t> PoolState::expired_hole_ns(const HalfConnection& half) const {
  const HoleAge* const hole = half.hole(halves);
  return hole == nullptr ? std::nullopt : past(hole->since(), options.ageing.hole_ns);
}

// By how much something that began at a tick has passed its age; 0: it has none.
std::optional<std::int64_t> PoolState::past(std::uint32_t since, std::int64_t age_max) const {
  if (age_max == 0) return std::nullopt;
  const std::int64_t past_ns = clock.ns_since(since) - age_max;
  return past_ns < 0 ? std::nullopt : std::optional(past_ns);
}

bool PoolState::note_odd_time(const AssemblerContext& context) {
  if (!context.elapsed().known()) {
    ahead.observe(context.capture_info().timestamp);
    clock.follow(ahead.elapsed());
  }
  return ageing_is_due();
}

// Without a hand that goes round, there is nothing to do until the end of time.
void PoolState::note_aged() {
  constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  const std::int64_t due_ns = std::min(connection_round_ns_ == 0 ? never : connection_hand.due_ns(),
                                       hole_round_ns_ == 0 ? never : hole_hand.due_ns());
  ageing_due_ = static_cast<std::uint64_t>(std::max<std::int64_t>(CaptureClock::ticks(due_ns), 0));
}

}  // namespace restitch::detail
