// PoolState, third part: which SYNs, resets and checksums are believed. The others are pool_state.cc and
// pool_limits.cc.
#include <algorithm>
#include <cstdlib>

#include "restitch/detail/pool_state.h"

namespace restitch::detail {
namespace {

// How far beyond the next byte a sender may be whose receiver was never seen.
constexpr std::int32_t reach_unknown = 1 << 20;

// What is no farther than this from where a stream was seen is of that stream, and not of another one that a
// SYN named.
constexpr std::int32_t close_reach = 1 << 16;

// Receivers take a little more than they offer; and what is assumed of a window that is not known.
constexpr std::uint32_t reach_min = 65535;
constexpr std::int64_t window_unknown = std::int64_t{1} << 30;

// Whether nothing can follow the end of a half. A FIN that its receiver heard of, and did not acknowledge,
// may be forged.
bool is_over(const HalfConnection& half) {
  return half.ended() && (half.reset() || !half.heard() || half.acked() == half.next_seq().add(1));
}

std::int32_t reach_of(const HalfConnection& half) {
  if (is_over(half)) return 1;  // the number of its FIN
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
  if (!half.heard() && !half.holds(state)) return true;
  if (half.heard()) {
    const std::int64_t distance = half.acked().difference(number);
    if (distance >= -reach_of(half) && distance <= reach_of(half)) return true;
  }
  return half.holds_near(state, number, reach_of(half));
}

// A FIN was seen, and its receiver has acknowledged nothing behind it.
bool lies_behind_end(const HalfState& state, const HalfConnection& half, Sequence number) {
  const auto end = half.pending_end(state);
  return end && end->difference(number) > 1 && !(half.heard() && end->difference(half.acked()) > 1);
}

// The same as may_reach() for one that a SYN has named for another connection: it is of the old one only if
// it lies close to what was seen of that. Behind an end, which may be forged, it has to lie closer to the old
// one than to what the SYN names; and where that is the same start, nothing is of the old one.
bool lies_close(HalfState& state, const HalfConnection& half, Sequence number,
                std::optional<Sequence> rival) {
  const auto follows = [&](Sequence place) { return place.difference(number) <= close_reach; };
  if (half.known() && is_over(half) && rival && *rival != half.start()) {
    const std::int64_t ahead = half.next_seq().difference(number);
    if (ahead > 0) return ahead <= close_reach && ahead < rival->difference(number);
  }
  if (!may_reach(state, half, number)) return false;
  if (lies_behind_end(state, half, number)) {
    const std::int64_t ahead = half.pending_end(state)->difference(number);
    return rival && half.known() && *rival != half.start() && ahead < rival->difference(number);
  }
  if ((half.known() && follows(half.next_seq())) || (half.heard() && follows(half.acked()))) return true;
  return (!half.known() && !half.heard() && !half.holds(state)) ||
         half.holds_near(state, number, close_reach);
}

// Whether a number is closer to the start that a SYN names than to all that is known of the old connection.
bool is_closer(HalfState& state, const Claim& claim, const HalfConnection& half, Sequence number) {
  const std::int32_t distance = claim.first.difference(number);
  const auto is_near = [&](Sequence place) {
    return std::abs(std::int64_t{place.difference(number)}) <= std::int64_t{distance};
  };
  return !(half.known() && is_near(half.next_seq())) && !(half.heard() && is_near(half.acked())) &&
         !half.holds_near(state, number, distance);
}

// Whether what is acknowledged is of bytes that the sender of a half was seen to send, or closer to what its
// receiver acknowledged before than to the start that a SYN names.
bool was_sent(HalfState& state, const HalfConnection& half, Sequence acknowledgment, Sequence rival) {
  if (half.heard()) {
    const std::int64_t distance = std::abs(std::int64_t{half.acked().difference(acknowledgment)});
    const std::int64_t behind_rival = rival.difference(acknowledgment);
    if (distance <= close_reach && (behind_rival < 0 || distance <= behind_rival)) return true;
  }
  const auto lowest = half.known() ? std::optional(half.start()) : half.lowest_held(state);
  if (!lowest) return false;
  const Sequence end = half.highest_held(state).value_or(half.next_seq());
  return lowest->difference(acknowledgment) >= 0 && end.difference(acknowledgment) <= 1;
}

// Of a half with a start that is certain: bytes were delivered, or the receiver acknowledged it, or the end
// has come.
bool is_settled(const HalfState& state, const HalfConnection& half) {
  return !half.known() || half.next_offset() != 0 || half.start_acked() || half.ended() ||
         half.pending_end(state);
}

bool names_another(HalfState& state, const HalfConnection& half, Sequence syn) {
  return half.contradicts_syn(state, syn) && is_settled(state, half);
}

// Whether a SYN-ACK answers another SYN than that of a half. It may acknowledge what came with it (RFC 7413).
bool answers_another(HalfState& state, const HalfConnection& half, Sequence acknowledgment) {
  if (!names_another(state, half, acknowledgment.add(-1))) return false;
  const std::int32_t distance = half.known() ? half.start().difference(acknowledgment) : -1;
  return distance < 0 || static_cast<std::uint64_t>(distance) > half.next_offset();
}

// A side that has sent its FIN sends no SYN, but for another connection; or once more the one that it began
// with, while nobody has answered it.
bool comes_behind_end(const HalfState& state, const HalfConnection& half, Sequence syn) {
  if (!half.heard() && half.by_syn() && half.start() == syn.add(1)) return false;
  if (half.ended()) return half.known() && !half.reset() && is_over(half);
  const auto end = half.pending_end(state);
  return end && !(half.heard() && end->difference(half.acked()) > 1);
}

}  // namespace

bool PoolState::is_claim(const Connection& connection, TcpFlowDirection direction, const TcpSegment& tcp) {
  if (!tcp.syn() || tcp.rst()) return false;
  const HalfConnection& half = connection.half(direction);
  const HalfConnection& other = connection.half(reverse(direction));
  const bool answers = tcp.ack() && !half.known() && other.known() && other.start() == tcp.acknowledgment &&
                       !connection.syn_was_late && !half.is_joined(halves);
  if (!answers && names_another(halves, half, tcp.sequence)) return true;
  if (tcp.ack()) return answers_another(halves, connection.half(reverse(direction)), tcp.acknowledgment);
  return repeats_over(connection, direction, tcp) || comes_behind_end(halves, half, tcp.sequence);
}

// A SYN with the number of a connection that is over, as far as was seen; and not the one of this connection,
// which comes late where two taps are skewed.
bool PoolState::repeats_over(const Connection& connection, TcpFlowDirection direction,
                             const TcpSegment& syn) {
  const HalfConnection& half = connection.half(direction);
  const HalfConnection& other = connection.half(reverse(direction));
  const bool over = connection.halves[0].reset() || connection.halves[1].reset() ||
                    (is_over(half) && (is_over(other) || (half.heard() && !other.known())));
  return over && half.known() && half.by_syn() && half.start() == syn.sequence.add(1);
}

void PoolState::note_late_syn(Connection& connection, TcpFlowDirection direction,
                              const TcpSegment& syn) const {
  if (syn.ack() || connection.half(direction).known()) return;
  connection.syn_was_late |= connection.halves[0].holds(halves) || connection.halves[1].holds(halves);
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
  const auto repeats_dead = [&] {
    return dead != nullptr && tombstones.repeats(*dead, dead->direction(key.from_high), tcp, now);
  };
  for (std::size_t i = group.count; i > 0; --i) {  // the newest first
    Claim& claim = group.items[i - 1];
    const auto from = [&] { return old->direction(key.from_high); };
    const auto fits_old = [&] {
      return old == nullptr ? repeats_dead() : may_follow(claim, *old, from(), tcp);
    };
    if (claim.from_high != key.from_high) {
      const bool answers = old == nullptr ? claim.is_acknowledged_by(tcp) && (tcp.syn() || !repeats_dead())
                                          : is_answer(claim, *old, from(), tcp);
      if (answers) return {ClaimFate::begins, &claim};
      continue;
    }
    if (old != nullptr && confirms(claim, *old, from(), tcp)) return {ClaimFate::begins, &claim};
    if (tcp.syn() || !claim.holds(tcp) || !is_closest(group, claim, tcp)) continue;
    if (!claim.repeats && fits_old()) continue;
    if (may_answer(claim, old, dead)) return {ClaimFate::waits, &claim};
    if (!fits_old()) return {ClaimFate::begins, &claim};
  }
  return {};
}

// Of several SYNs of one sender, a segment follows the one that names the closest start.
bool PoolState::is_closest(ClaimGroup& group, const Claim& claim, const TcpSegment& tcp) {
  const std::int32_t distance = claim.first.difference(tcp.sequence);
  const std::span<Claim> all = group.claims();
  return std::none_of(all.begin(), all.end(), [&](const Claim& other) {
    return other.from_high == claim.from_high && other.holds(tcp) &&
           other.first.difference(tcp.sequence) < distance;
  });
}

// Whether a segment of the sender of a claim may belong to the old connection all the same. One that goes on
// exactly where that is, and not where the claim is, does, though it may acknowledge anything.
bool PoolState::may_follow(const Claim& claim, const Connection& old, TcpFlowDirection direction,
                           const TcpSegment& tcp) {
  const HalfConnection& half = old.half(direction);
  if (half.known() && half.next_seq() == tcp.sequence && !claim.has_sent(tcp.sequence)) return true;
  if (!lies_close(halves, half, tcp.sequence, claim.first)) return false;
  const HalfConnection& other = old.half(reverse(direction));
  if (!tcp.ack() || lies_close(halves, other, tcp.acknowledgment, std::nullopt)) return true;
  return may_reach(halves, other, tcp.acknowledgment) && !is_closer(halves, claim, half, tcp.sequence);
}

// Whether a segment answers the SYN of the other side. It does not if the old connection was seen to send
// what it acknowledges, or something close to that; for then its number alone speaks for the claim, and that
// can be forged: the claim waits until its sender acknowledges the answer.
bool PoolState::is_answer(Claim& claim, const Connection& old, TcpFlowDirection direction,
                          const TcpSegment& tcp) {
  if (tcp.syn() && !tcp.ack()) {  // the SYN that the claim itself answers, which comes later from another tap
    const TcpSegment& syn_ack = claims.first_of(claim).segment();
    return syn_ack.ack() && syn_ack.acknowledgment == tcp.sequence.add(1) && is_claim(old, direction, tcp);
  }
  if (!claim.is_acknowledged_by(tcp)) return false;
  if (tcp.syn()) return true;
  const bool in_place = lies_close(halves, old.half(direction), tcp.sequence, std::nullopt);
  const bool acks_old = was_sent(halves, old.half(reverse(direction)), tcp.acknowledgment, claim.first);
  if (!acks_old && (!in_place || claim.has_sent(tcp.acknowledgment))) return true;
  if (!in_place) {
    claim.answer = tcp.sequence;
    claim.answered = true;
  }
  return false;
}

// Whether the sender of a claim acknowledges what seemed to answer it, and nothing of the old connection.
bool PoolState::confirms(const Claim& claim, const Connection& old, TcpFlowDirection direction,
                         const TcpSegment& tcp) {
  if (!claim.is_confirmed_by(tcp)) return false;
  const HalfConnection& half = old.half(direction);
  const HalfConnection& answering = old.half(reverse(direction));
  if (!claim.has_sent(tcp.sequence) && lies_close(halves, half, tcp.sequence, claim.first)) return false;
  return !was_sent(halves, answering, tcp.acknowledgment, claim.answer) &&
         !lies_close(halves, answering, tcp.acknowledgment, std::nullopt);
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
