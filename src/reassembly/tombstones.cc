#include "restitch/detail/tombstones.h"

namespace restitch::detail {
namespace {

// So far may what was on its way at a reset lie beyond it.
constexpr std::int32_t in_flight_max = 1 << 24;

constexpr bool is_set(std::uint8_t bits, unsigned i) { return (unsigned{bits} >> i & 1U) != 0; }

// What one side of a dead connection sent: from its SYN to behind its FIN.
struct Sent {
  bool known;
  Sequence first;
  Sequence next;

  Sent(const Tombstone& stone, unsigned i)
      : known(is_set(stone.known, i)),
        first(is_set(stone.is_long, i) ? stone.halves[i].next.add(-std::int64_t{Tombstone::repeated_max})
                                       : stone.halves[i].start),
        next(stone.halves[i].next) {}

  // Whether a number lies in it; `beyond`: or so far behind it.
  [[nodiscard]] bool has(Sequence number, std::int32_t beyond = 1) const {
    return !known || (first.difference(number) >= -1 && next.difference(number) <= beyond);
  }

  // Whether a FIN behind so many bytes may have stood there. The one that was believed may be forged, so that
  // the last bytes of the host lie before it.
  [[nodiscard]] bool may_end_at(Sequence number, std::int64_t size) const {
    return known && (number == next || (size != 0 && has(number, 0)));
  }

  // Whether these bytes are among its bytes; or a probe (RFC 9293, 3.8.4) on the number of its SYN or FIN.
  [[nodiscard]] bool has_bytes(const TcpSegment& tcp) const {
    if (!known) return false;
    const std::int64_t size = static_cast<std::int64_t>(tcp.payload.size()) + tcp.missing_size;
    const bool probes = size == 1 && (tcp.payload.empty() || tcp.payload[0] == 0);
    return first.difference(tcp.sequence) >= (size == 1 ? -1 : 0) &&
           next.difference(tcp.sequence) + size <= (probes ? 1 : 0);
  }
};

// Whether a dead connection could send this segment once more. It has to fit in both its numbers.
bool could_repeat(const Sent& own, const Sent& other, const TcpSegment& tcp) {
  const bool acks = tcp.ack() && other.has(tcp.acknowledgment);
  if (tcp.rst() && tcp.payload.empty()) return own.has(tcp.sequence) || acks;
  if (tcp.ack() && !acks) return false;
  const auto size = static_cast<std::int64_t>(tcp.payload.size()) + tcp.missing_size;
  if (tcp.fin() && !own.may_end_at(tcp.sequence.add(size), size)) return false;
  return size == 0 ? own.has(tcp.sequence) : own.has_bytes(tcp);
}

// A SYN that cannot belong to the dead connection: it names another start.
bool begins_anew(const Tombstone& stone, unsigned i, const TcpSegment& tcp) {
  const Tombstone::Half& half = stone.halves[i];
  const bool known = is_set(stone.known, i);
  if (tcp.ack()) {
    const Sent other(stone, 1 - i);
    if (other.known && stone.halves[1 - i].start != tcp.acknowledgment) return true;
    return known && tcp.sequence.add(1) != half.start;  // else the answer to a SYN that was seen
  }
  if (!known) return true;
  if (is_set(stone.refuses_syn, i)) {
    // As a host that still waits in TIME-WAIT: the number must lie above the next one, which the FIN moved.
    return !is_set(stone.time_wait, i) || half.next.add(1).difference(tcp.sequence) > 0;
  }
  return HalfConnection::names_another_start(half.start, is_set(stone.by_syn, i), tcp.sequence.add(1));
}

}  // namespace

void Tombstones::add(const Connection& connection, const Rules& rules, const CaptureClock& clock) {
  expire(clock, 2);
  if (size_max_ == 0) return;
  if (stones_.size() >= size_max_) erase(stones_[oldest_]);
  const std::uint32_t number = stones_.allocate();
  if (number == none) return;
  Tombstone& stone = stones_[number];
  stone.key = connection.key;
  stone.hash = connection.hash;
  stone.last_seen = connection.last_seen;
  stone.seen_second = clock.second();
  stone.client_is_high = connection.client_is_high;
  stone.ignored = rules.ignored;
  const HalfConnection* halves = connection.halves;
  const auto bits = [](auto&& holds) {
    return static_cast<std::uint8_t>((holds(0U) ? 1 : 0) | (holds(1U) ? 2 : 0));
  };
  const bool was_reset = halves[0].reset() || halves[1].reset();
  stone.known = bits([&](unsigned i) { return halves[i].known(); }) & 3U;
  stone.by_syn = bits([&](unsigned i) { return halves[i].by_syn(); }) & 3U;
  stone.is_long = bits([&](unsigned i) { return halves[i].next_offset() > Tombstone::repeated_max; }) & 3U;
  stone.deaf = bits([&](unsigned i) { return was_reset && rules.refuse_after_reset[i]; }) & 3U;
  stone.refuses_syn = bits([&](unsigned i) { return rules.refuse_syn[i]; }) & 3U;
  // TIME-WAIT is with the side that sent its FIN first; the other one takes any SYN.
  stone.time_wait =
      bits([&](unsigned i) { return connection.closed_first == 2 - i && !halves[i].reset(); }) & 3U;
  stone.right_sums =
      bits([&](unsigned i) { return connection.checksums.is_right(static_cast<TcpFlowDirection>(i)); }) & 3U;
  for (unsigned i = 0; i < 2; ++i) stone.halves[i] = {halves[i].start(), halves[i].next_seq()};
  if (!table_.insert(stone.hash, number)) return stones_.release(number);
  link_newest(number);
}

void Tombstones::expire(const CaptureClock& clock, int count) {
  // Not before it is over by the times of its packets: a second of the clock may end at any moment.
  const std::int64_t timeout = (timeout_ns_ >> 30) + 1;
  for (; count > 0 && oldest_ != none; --count) {
    Tombstone& oldest = stones_[oldest_];
    // Whoever is fed packets of an earlier time once more sets the clock back: then nothing is old.
    if (static_cast<std::int16_t>(clock.second() - oldest.seen_second) <= timeout) return;
    erase(oldest);
  }
}

// A neighbour in the list knows it.
std::uint32_t Tombstones::number_of(const Tombstone& tombstone) const {
  return tombstone.newer == none ? newest_ : stones_[tombstone.newer].older;
}

void Tombstones::link_newest(std::uint32_t number) {
  Tombstone& stone = stones_[number];
  stone.older = newest_;
  stone.newer = none;
  (newest_ == none ? oldest_ : stones_[newest_].newer) = number;
  newest_ = number;
}

void Tombstones::unlink(const Tombstone& tombstone) {
  (tombstone.newer == none ? newest_ : stones_[tombstone.newer].older) = tombstone.older;
  (tombstone.older == none ? oldest_ : stones_[tombstone.older].newer) = tombstone.newer;
}

void Tombstones::erase(Tombstone& tombstone) {
  const std::uint32_t number = number_of(tombstone);
  unlink(tombstone);
  table_.erase(tombstone.hash, number);
  stones_.release(number);
}

void Tombstones::clear() {
  while (oldest_ != none) erase(stones_[oldest_]);
}

std::vector<Tombstone> Tombstones::all() const {
  std::vector<Tombstone> copies;
  copies.reserve(stones_.size());
  for (std::uint32_t number = oldest_; number != none; number = stones_[number].newer) {
    copies.push_back(stones_[number]);
  }
  return copies;
}

void Tombstones::put(const Tombstone& tombstone, std::uint32_t hash) {
  if (Tombstone* const there = find(tombstone.key, hash)) erase(*there);
  if (size_max_ == 0) return;
  if (stones_.size() >= size_max_) erase(stones_[oldest_]);
  const std::uint32_t number = stones_.allocate();
  if (number == none) return;
  stones_[number] = tombstone;
  stones_[number].hash = hash;
  if (!table_.insert(hash, number)) return stones_.release(number);
  link_newest(number);
}

auto Tombstones::judge(Tombstone& tombstone, TcpFlowDirection direction, const TcpSegment& tcp, Timestamp now,
                       const CaptureClock& clock) -> Verdict {
  if (is_over(tombstone, now)) return Verdict::begins;
  const auto i = static_cast<unsigned>(direction);
  if (tcp.syn() && !tcp.rst()) {
    if (begins_anew(tombstone, i, tcp)) return Verdict::begins;
  } else if (!tombstone.ignored) {
    const Sent own(tombstone, i);
    const Sent other(tombstone, 1 - i);
    const bool too_late = is_set(tombstone.deaf, i) && own.has(tcp.sequence, in_flight_max) &&
                          (!tcp.ack() || other.has(tcp.acknowledgment));
    if (too_late && !tcp.payload.empty()) return Verdict::refuses;
    if (could_repeat(own, other, tcp)) return Verdict::repeats;
    return too_late ? Verdict::refuses : Verdict::begins;
  }
  if (!tombstone.ignored) return Verdict::repeats;
  renew(tombstone, now, clock);
  return Verdict::refuses;
}

bool Tombstones::repeats(const Tombstone& tombstone, TcpFlowDirection direction, const TcpSegment& tcp,
                         Timestamp now) const {
  const auto i = static_cast<unsigned>(direction);
  return !is_over(tombstone, now) && !tombstone.ignored &&
         could_repeat(Sent(tombstone, i), Sent(tombstone, 1 - i), tcp);
}

// By the times of its packets, either way: the pool's clock does not take a long silence for time.
bool Tombstones::is_over(const Tombstone& tombstone, Timestamp now) const {
  const std::int64_t since = nanoseconds_between(tombstone.last_seen, now);
  return since > timeout_ns_ || since < -timeout_ns_;
}

void Tombstones::renew(Tombstone& tombstone, Timestamp now, const CaptureClock& clock) {
  if (tombstone.last_seen < now) tombstone.last_seen = now;
  if (tombstone.seen_second == clock.second()) return;
  tombstone.seen_second = clock.second();
  const std::uint32_t number = number_of(tombstone);
  unlink(tombstone);
  link_newest(number);
}

}  // namespace restitch::detail
