// PoolState, third part: which SYNs, resets and checksums are believed. The others are pool_state.cc and
// pool_limits.cc.
#include <algorithm>
#include <cstdlib>

#include "restitch/detail/pool_state.h"

namespace restitch::detail {
namespace {

// How far beyond the next byte a sender may be whose receiver was never seen.
constexpr std::int32_t reach_unknown = 1 << 20;

// Receivers take a little more than they offer; and what is assumed of a window that is not known.
constexpr std::uint32_t reach_min = 65535;
constexpr std::int64_t window_unknown = std::int64_t{1} << 30;

std::int32_t reach_of(const HalfConnection& half) {
  if (half.ended()) return 1;  // the number of its FIN
  if (!half.heard()) return reach_unknown;
  return static_cast<std::int32_t>(std::max(half.window_max(), reach_min));
}

// Whether the sender of a half may be at this number, or have been, by what is known.
bool may_reach(HalfState& state, const HalfConnection& half, Sequence number) {
  if (half.known()) {
    const std::int64_t distance = half.next_seq().difference(number);
    const auto sent =
        static_cast<std::int64_t>(std::min(half.next_offset() + 1, std::uint64_t{Tombstone::repeated_max}));
    return distance >= -sent && distance <= reach_of(half);
  }
  const auto near = half.heard() ? half.acked() : half.lowest_held(state);
  if (!near) return true;
  const std::int32_t distance = near->difference(number);
  return distance >= -reach_of(half) && distance <= reach_of(half);
}

// Whether what is acknowledged is of bytes that the sender of a half was seen to send, or close to what its
// receiver acknowledged before.
bool was_sent(HalfState& state, const HalfConnection& half, Sequence acknowledgment) {
  constexpr std::int32_t close = 1 << 16;
  if (half.heard() && std::abs(std::int64_t{half.acked().difference(acknowledgment)}) <= close) return true;
  const auto lowest = half.known() ? std::optional(half.start()) : half.lowest_held(state);
  if (!lowest) return false;
  const Sequence end = half.highest_held(state).value_or(half.next_seq());
  return lowest->difference(acknowledgment) >= 0 && end.difference(acknowledgment) <= 1;
}

// Of a half with a start that is certain: bytes were delivered, or the receiver acknowledged it.
bool is_settled(const HalfConnection& half) {
  return !half.known() || half.next_offset() != 0 || half.start_acked() || half.ended();
}

bool names_another(HalfState& state, const HalfConnection& half, Sequence syn) {
  return half.contradicts_syn(state, syn) && is_settled(half);
}

// Whether a SYN-ACK answers another SYN than that of a half. It may acknowledge what came with it (RFC 7413).
bool answers_another(HalfState& state, const HalfConnection& half, Sequence acknowledgment) {
  if (!names_another(state, half, acknowledgment.add(-1))) return false;
  const std::int32_t distance = half.known() ? half.start().difference(acknowledgment) : -1;
  return distance < 0 || static_cast<std::uint64_t>(distance) > half.next_offset();
}

}  // namespace

bool PoolState::is_claim(const Connection& connection, TcpFlowDirection direction, const TcpSegment& tcp) {
  if (!tcp.syn() || tcp.rst()) return false;
  const HalfConnection& half = connection.half(direction);
  const HalfConnection& other = connection.half(reverse(direction));
  const bool answers = tcp.ack() && !half.known() && other.known() && other.start() == tcp.acknowledgment;
  if (!answers && names_another(halves, half, tcp.sequence)) return true;
  if (tcp.ack()) return answers_another(halves, connection.half(reverse(direction)), tcp.acknowledgment);
  return repeats_over(connection, direction, tcp);
}

// A SYN with the number of a connection that is over, as far as was seen; and not the one of this connection,
// which comes late where two taps are skewed.
bool PoolState::repeats_over(const Connection& connection, TcpFlowDirection direction,
                             const TcpSegment& syn) {
  const HalfConnection& half = connection.half(direction);
  const bool over = connection.ended() || connection.halves[0].reset() || connection.halves[1].reset();
  return over && half.known() && half.by_syn() && half.start() == syn.sequence.add(1);
}

bool PoolState::may_belong(const Connection& connection, TcpFlowDirection direction, const TcpSegment& tcp) {
  if (!may_reach(halves, connection.half(direction), tcp.sequence)) return false;
  return !tcp.ack() || may_reach(halves, connection.half(reverse(direction)), tcp.acknowledgment);
}

bool PoolState::admits(Connection& connection, TcpFlowDirection direction, const NetFlow& net,
                       const TcpSegment& tcp) {
  if (options.checksums == Checksums::ignore || tcp.bytes.empty() || tcp.missing_size != 0) return true;
  const ChecksumState sum = tcp.network_ok ? checksum_state(net, tcp) : ChecksumState::wrong;
  if (options.checksums == Checksums::verify) return sum == ChecksumState::right;
  return connection.checksums.admits(direction, sum, tcp);
}

bool PoolState::admits_stray(const Tombstone* dead, TcpFlowDirection direction, const NetFlow& net,
                             const TcpSegment& tcp) const {
  const bool matters =
      options.checksums == Checksums::verify ||
      (options.checksums == Checksums::by_direction && dead != nullptr && dead->had_right_sums(direction));
  return !matters || (tcp.network_ok && checksum_ok(net, tcp));
}

bool PoolState::may_reset(const Connection& connection, TcpFlowDirection direction, const TcpSegment& tcp) {
  const HalfConnection& half = connection.half(direction);
  if (half.reset()) return true;         // it was believed already
  if (!half.known() && !half.heard()) {  // it answers what the other side sent, if that
    return !tcp.ack() || may_reach(halves, connection.half(reverse(direction)), tcp.acknowledgment);
  }
  // From what the receiver has, as far as it told, to the end of its window.
  const Sequence next = half.known() ? half.next_seq() : half.acked();
  const bool heard = half.heard();
  const auto sent =
      static_cast<std::int64_t>(std::min<std::uint64_t>(half.next_offset(), Tombstone::repeated_max));
  const std::int64_t taken = heard ? next.difference(half.acked()) : -sent;
  const std::int64_t window = heard ? std::max(half.window_max(), reach_min) : window_unknown;
  const std::int64_t at = next.difference(tcp.sequence);
  return at >= std::min<std::int64_t>(taken, 0) && at <= std::max<std::int64_t>(taken, 0) + window;
}

ClaimGroup* PoolState::find_claims(const FlowKey& key, std::uint32_t hash, Connection* met) {
  if (met != nullptr && !met->claimed) return nullptr;
  ClaimGroup* const group = claims.find(key, hash);
  if (group != nullptr && !claims.is_over(*group, clock)) return group;
  if (group != nullptr) claims.drop(halves, *group);
  if (met != nullptr) met->claimed = false;
  return nullptr;
}

// Whether the side that a claim was sent to was seen in the old connection, so that an answer would be seen,
// too.
bool PoolState::may_answer(const Claim& claim, const Connection* old, const Tombstone* dead) {
  if (old != nullptr) {
    const TcpFlowDirection direction = old->direction(claim.from_high);
    return old->half(direction).heard() || old->half(reverse(direction)).known();
  }
  return dead != nullptr && dead->knows(reverse(dead->direction(claim.from_high)));
}

auto PoolState::judge_claims(ClaimGroup& group, const DirectedKey& key, const Connection* old,
                             const Tombstone* dead, const TcpSegment& tcp, Timestamp now) -> ClaimVerdict {
  const auto fits_old = [&] {
    if (old != nullptr) return may_belong(*old, old->direction(key.from_high), tcp);
    return dead != nullptr && tombstones.repeats(*dead, dead->direction(key.from_high), tcp, now);
  };
  // The old connection was seen to send what is acknowledged, or something close to it.
  const auto acks_old = [&](const TcpSegment& ack) {
    return old == nullptr ||
           was_sent(halves, old->half(reverse(old->direction(key.from_high))), ack.acknowledgment);
  };
  for (std::size_t i = group.count; i > 0; --i) {  // the newest first
    Claim& claim = group.items[i - 1];
    if (claim.from_high != key.from_high) {
      if (claim.is_acknowledged_by(tcp) && (tcp.syn() || !fits_old() || !acks_old(tcp))) {
        return {ClaimFate::begins, &claim};
      }
      continue;
    }
    if (tcp.syn() || !claim.holds(tcp) || (!claim.repeats && fits_old())) continue;
    if (may_answer(claim, old, dead)) return {ClaimFate::waits, &claim};
    if (!fits_old()) return {ClaimFate::begins, &claim};
  }
  return {};
}

// An acknowledgement that only repeats where the old connection stands is the answer to a SYN that is not
// believed (RFC 5961, section 4).
bool PoolState::is_challenge(ClaimGroup& group, const DirectedKey& key, const Connection& old,
                             const TcpSegment& tcp) {
  if (!tcp.ack() || tcp.syn() || tcp.fin() || tcp.rst() || !tcp.payload.empty()) return false;
  const TcpFlowDirection direction = old.direction(key.from_high);
  const HalfConnection& claimed = old.half(reverse(direction));
  if (!claimed.has_ack() || claimed.acked() != tcp.acknowledgment) return false;
  for (Claim& claim : group.claims()) {
    if (claim.from_high == key.from_high || claim.challenged) continue;
    return claim.challenged = true;
  }
  return false;
}

}  // namespace restitch::detail
