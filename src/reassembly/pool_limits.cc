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
constexpr std::size_t candidates_max = 32;

// How many places may be passed over for that.
constexpr std::uint32_t probes_max = 4096;

// Calls look(number) for objects from all over their places, until it has said yes candidates_max times or
// all were seen: scattered ones, and where these are hard to hit, because few are left of many, one after the
// other.
template <class Objects, class Look>
void sample(const Objects& objects, ScatteredHand& hand, Look&& look) {
  if (objects.size() == 0) return;
  const std::uint32_t bound = objects.bound();
  const std::uint32_t probes = objects.size() <= candidates_max ? 0 : std::min(probes_max, bound);
  std::size_t candidates = 0;
  for (std::uint32_t i = 0; i < probes && candidates < candidates_max; ++i) {
    const std::uint32_t number = hand.next(bound);
    if (objects.is_used(number) && look(number)) ++candidates;
  }
  const std::uint32_t middle = hand.next(bound);
  for (const auto& [begin, end] : {std::pair{middle, bound}, std::pair{std::uint32_t{0}, middle}}) {
    for (std::uint32_t number = objects.next_used(begin); number < end && candidates < candidates_max;
         number = objects.next_used(number + 1)) {
      if (look(number)) ++candidates;
    }
  }
}

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
  sample(connections, idle_hand_, [&](std::uint32_t slot) {
    candidates[count++] = &connections[slot];
    prefetch_object(connections[slot]);
    return true;
  });
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
  sample(halves.details, idle_holder_hand_, [&](std::uint32_t number) {
    const std::uint32_t slot = halves.details[number].connection;
    if (slot == none || slot == not_this) return false;
    Connection& candidate = connections[slot];
    if (found == nullptr || idleness(candidate) > idleness(*found)) found = &candidate;
    return true;
  });
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
