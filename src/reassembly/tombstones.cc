#include "restitch/detail/tombstones.h"

namespace restitch::detail {

void Tombstones::add(const Connection& connection) {
  if (size_max_ == 0) return;
  if (stones_.size() >= size_max_) erase(stones_[oldest_]);
  const std::uint32_t number = stones_.allocate();
  if (number == none) return;
  Tombstone& stone = stones_[number];
  stone.key = connection.key;
  stone.hash = connection.hash;
  stone.last_seen = connection.last_seen;
  stone.client_is_high = connection.client_is_high;
  stone.closed_first = connection.closed_first & 3U;
  stone.refuses_syn = connection.policy->refusals.has(Refusal::syn);
  for (unsigned i = 0; i < 2; ++i) {
    const HalfConnection& half = connection.halves[i];
    stone.halves[i] = {half.start(), half.next_seq()};
    stone.known = static_cast<std::uint8_t>(stone.known | unsigned{half.known()} << i);
    stone.by_syn = static_cast<std::uint8_t>(stone.by_syn | unsigned{half.by_syn()} << i);
    stone.reset = static_cast<std::uint8_t>(stone.reset | unsigned{half.reset()} << i);
  }
  stone.older = newest_;
  (newest_ == none ? oldest_ : stones_[newest_].newer) = number;
  newest_ = number;
  table_.insert(stone.hash, number);
}

void Tombstones::erase(Tombstone& tombstone) {
  const std::uint32_t number =
      tombstone.newer == none ? newest_ : stones_[tombstone.newer].older;  // the neighbour knows it
  (tombstone.newer == none ? newest_ : stones_[tombstone.newer].older) = tombstone.older;
  (tombstone.older == none ? oldest_ : stones_[tombstone.older].newer) = tombstone.newer;
  table_.erase(tombstone.hash, number);
  stones_.release(number);
}

void Tombstones::clear() {
  while (oldest_ != none) erase(stones_[oldest_]);
}

bool Tombstones::absorbs(Tombstone& tombstone, TcpFlowDirection direction, const TcpSegment& tcp,
                         Timestamp now) {
  if (tcp.syn() && !tcp.rst()) {
    if (begins_anew(tombstone, direction, tcp)) return false;
  } else if (!tcp.rst() && now.ns - tombstone.last_seen.ns > timeout_ns_) {
    return false;
  }
  if (tombstone.last_seen < now) tombstone.last_seen = now;
  return true;
}

// A SYN that cannot belong to the dead connection: it names another start.
bool Tombstones::begins_anew(const Tombstone& tombstone, TcpFlowDirection direction, const TcpSegment& tcp) {
  const auto i = static_cast<unsigned>(direction);
  const bool known = (tombstone.known >> i & 1) != 0;
  const Tombstone::Half& half = tombstone.halves[i];
  if (tombstone.refuses_syn) {
    // As a host that still waits in TIME-WAIT: the number must lie above the next one, which the FIN moved.
    if (tcp.ack()) return false;
    if (!known) return true;
    // TIME-WAIT is with the side that sent its FIN first; the other one takes any SYN.
    if (tombstone.closed_first != 1 + static_cast<int>(reverse(direction))) return true;
    return (tombstone.reset >> i & 1) != 0 || half.next.add(1).difference(tcp.sequence) > 0;
  }
  if (!known) return !tcp.ack();  // with it: the answer to a SYN that was seen
  return HalfConnection::names_another_start(half.start, (tombstone.by_syn >> i & 1) != 0,
                                             tcp.sequence.add(1));
}

}  // namespace restitch::detail
