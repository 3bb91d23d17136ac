#include "restitch/detail/claims.h"

#include <algorithm>
#include <utility>

namespace restitch::detail {

auto Claims::add(HalfState& state, const DirectedKey& key, std::uint32_t hash, TcpFlowDirection counted,
                 const TcpSegment& syn, const CaptureInfo& info, const CaptureClock& clock) -> Added {
  expire(state, clock, 2);
  const Sequence first = syn.sequence.add(1);
  ClaimGroup* group = find(key.key, hash);
  if (group == nullptr) {
    group = make_group(state, key, hash);
    if (group == nullptr) return {};
    group->second = clock.second();
  }
  for (Claim& claim : group->claims()) {
    if (claim.from_high == key.from_high && claim.first == first) return {&claim, false};
  }
  if (group->count == ClaimGroup::size_max) drop_oldest_of(state, *group);
  Claim& claim = group->items[group->count];
  claim = {.first = first, .next = first, .from_high = key.from_high};
  if (!park(state, claim, counted, syn, info)) {
    if (group->count == 0) drop(state, *group);
    return {};
  }
  ++group->count;
  return {&claim, true};
}

ClaimGroup* Claims::make_group(HalfState& state, const DirectedKey& key, std::uint32_t hash) {
  if (groups_.size() >= size_max) drop(state, groups_[oldest_]);
  const std::uint32_t number = groups_.allocate();
  if (number == none) return nullptr;
  ClaimGroup& group = groups_[number];
  group.key = key.key;
  group.hash = hash;
  if (!table_.insert(hash, number)) {
    groups_.release(number);
    return nullptr;
  }
  link_newest(number);
  return &group;
}

// Within a limit of its own, and within that on all that is held.
bool Claims::has_room(const HalfState& state, std::size_t size) const {
  return state.parked_size + size <= std::min(memory_max, total_max_ / 16) &&
         state.memory_size() + size <= total_max_;
}

bool Claims::park(HalfState& state, Claim& claim, TcpFlowDirection counted, const TcpSegment& tcp,
                  const CaptureInfo& info) {
  const std::size_t size = tcp.payload.size();
  if (claim.segments == segments_max || claim.bytes + size > bytes_max) return false;
  if (!has_room(state, sizeof(Link) + tcp.options.size() + size)) return false;
  const std::uint32_t number = segments_.allocate(Link{ParkedSegment(tcp, info), counted});
  if (number == none) return false;
  const ParkedSegment& segment = segments_[number].segment;
  if (!segment.is_whole()) {
    segments_.release(number);
    return false;
  }
  (claim.tail == none ? claim.head : segments_[claim.tail].next) = number;
  claim.tail = number;
  ++claim.segments;
  claim.bytes += static_cast<std::uint32_t>(size);
  state.parked_size += segment.memory_size();
  const auto taken = static_cast<std::int64_t>(size) + tcp.missing_size + tcp.syn() + tcp.fin();
  const Sequence end = tcp.sequence.add(taken);
  if (taken != 0 && claim.next.difference(end) > 0) claim.next = end;
  state.counts[static_cast<std::size_t>(counted)].held += size;
  return true;
}

Claim Claims::take(HalfState& state, ClaimGroup& group, Claim& claim) {
  const Claim taken = claim;
  claim.head = claim.tail = none;
  drop(state, group);
  return taken;
}

auto Claims::pop(HalfState& state, Claim& claim) -> Link {
  const std::uint32_t number = claim.head;
  Link link = std::move(segments_[number]);
  claim.head = link.next;
  if (claim.head == none) claim.tail = none;
  segments_.release(number);
  state.parked_size -= link.segment.memory_size();
  return link;
}

std::optional<ParkedSegment> Claims::take_first(HalfState& state, Claim& claim) {
  if (claim.head == none) return std::nullopt;
  Link link = pop(state, claim);
  ByteCounts& counts = state.counts[static_cast<std::size_t>(link.counted)];
  counts.held -= link.segment.size();
  counts.seen -= link.segment.size();
  return std::move(link.segment);
}

void Claims::refuse(HalfState& state, Claim& claim) {
  while (claim.head != none) {
    const Link link = pop(state, claim);
    ByteCounts& counts = state.counts[static_cast<std::size_t>(link.counted)];
    const std::size_t size = link.segment.size();
    counts.held -= size;
    (claim.repeats ? counts.duplicate : counts.refused) += size;
  }
}

void Claims::drop_oldest_of(HalfState& state, ClaimGroup& group) {
  refuse(state, group.items[0]);
  std::move(group.items.begin() + 1, group.items.begin() + group.count, group.items.begin());
  --group.count;
}

void Claims::drop(HalfState& state, ClaimGroup& group) {
  for (Claim& claim : group.claims()) refuse(state, claim);
  const std::uint32_t number = number_of(group);
  unlink(group);
  table_.erase(group.hash, number);
  groups_.release(number);
}

void Claims::clear(HalfState& state) {
  while (oldest_ != none) drop(state, groups_[oldest_]);
}

void Claims::expire(HalfState& state, const CaptureClock& clock, int count) {
  for (; count > 0 && oldest_ != none && is_over(groups_[oldest_], clock); --count)
    drop(state, groups_[oldest_]);
}

// A neighbour in the list knows it.
std::uint32_t Claims::number_of(const ClaimGroup& group) const {
  return group.newer == none ? newest_ : groups_[group.newer].older;
}

void Claims::link_newest(std::uint32_t number) {
  ClaimGroup& group = groups_[number];
  group.older = newest_;
  group.newer = none;
  (newest_ == none ? oldest_ : groups_[newest_].newer) = number;
  newest_ = number;
}

void Claims::unlink(const ClaimGroup& group) {
  (group.newer == none ? newest_ : groups_[group.newer].older) = group.older;
  (group.older == none ? oldest_ : groups_[group.older].newer) = group.newer;
}

}  // namespace restitch::detail
