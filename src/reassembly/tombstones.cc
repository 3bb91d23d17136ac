#include "restitch/detail/tombstones.h"

namespace restitch::detail {

void Tombstones::add(const Connection& connection, std::array<bool, 2> refuses_syn,
                     const CaptureClock& clock) {
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
  stone.closed_first = connection.closed_first & 3U;
  const HalfConnection* halves = connection.halves;
  const auto bits = [](bool first, bool second) {
    return static_cast<std::uint8_t>((first ? 1 : 0) | (second ? 2 : 0));
  };
  stone.known = bits(halves[0].known(), halves[1].known()) & 3U;
  stone.by_syn = bits(halves[0].by_syn(), halves[1].by_syn()) & 3U;
  stone.reset = bits(halves[0].reset(), halves[1].reset()) & 3U;
  stone.refuses_syn = bits(refuses_syn[0], refuses_syn[1]) & 3U;
  for (unsigned i = 0; i < 2; ++i) stone.halves[i] = {halves[i].start(), halves[i].next_seq()};
  if (!table_.insert(stone.hash, number)) return stones_.release(number);
  link_newest(number);
}

void Tombstones::expire(const CaptureClock& clock, int count) {
  const std::int64_t timeout = timeout_ns_ >> 30;
  for (; count > 0 && oldest_ != none; --count) {
    Tombstone& oldest = stones_[oldest_];
    if (static_cast<std::uint16_t>(clock.second() - oldest.seen_second) <= timeout) return;
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

bool Tombstones::absorbs(Tombstone& tombstone, TcpFlowDirection direction, const TcpSegment& tcp,
                         Timestamp now, const CaptureClock& clock) {
  if (tcp.syn() && !tcp.rst()) {
    if (begins_anew(tombstone, direction, tcp)) return false;
  } else if (!tcp.rst() && nanoseconds_between(tombstone.last_seen, now) > timeout_ns_) {
    return false;
  }
  if (tombstone.last_seen < now) tombstone.last_seen = now;
  if (tombstone.seen_second != clock.second()) {
    tombstone.seen_second = clock.second();
    const std::uint32_t number = number_of(tombstone);
    unlink(tombstone);
    link_newest(number);
  }
  return true;
}

// A SYN that cannot belong to the dead connection: it names another start.
bool Tombstones::begins_anew(const Tombstone& tombstone, TcpFlowDirection direction, const TcpSegment& tcp) {
  const auto i = static_cast<unsigned>(direction);
  const bool known = (unsigned{tombstone.known} >> i & 1U) != 0;
  const Tombstone::Half& half = tombstone.halves[i];
  if ((unsigned{tombstone.refuses_syn} >> i & 1U) != 0) {
    // As a host that still waits in TIME-WAIT: the number must lie above the next one, which the FIN moved.
    if (tcp.ack()) return false;
    if (!known) return true;
    // TIME-WAIT is with the side that sent its FIN first; the other one takes any SYN.
    if (tombstone.closed_first != 1 + static_cast<int>(reverse(direction))) return true;
    return (unsigned{tombstone.reset} >> i & 1U) != 0 || half.next.add(1).difference(tcp.sequence) > 0;
  }
  if (!known) return !tcp.ack();  // with it: the answer to a SYN that was seen
  return HalfConnection::names_another_start(half.start, (unsigned{tombstone.by_syn} >> i & 1U) != 0,
                                             tcp.sequence.add(1));
}

}  // namespace restitch::detail
