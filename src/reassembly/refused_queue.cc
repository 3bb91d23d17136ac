#include "restitch/detail/refused_queue.h"

#include <algorithm>
#include <utility>

#include "restitch/detail/half_state.h"

namespace restitch::detail {
namespace {

// Numbers farther apart than this have no order before long.
constexpr std::int32_t spread_max = 1 << 29;

}  // namespace

std::size_t RefusedQueue::memory_size() const {
  return memory_for(std::size_t{generations_[0].segments} + generations_[1].segments, bytes());
}

void RefusedQueue::hold(HalfState& state, Sequence first, Bytes payload, bool fin, const CaptureInfo& info) {
  if (!is_near(generations_[0], first) || !is_near(generations_[1], first)) return;
  Generation& young = generations_[0];
  while (!payload.empty()) {
    const Bytes part = payload.first(std::min(payload.size(), SegmentStore::segment_size_max));
    const std::uint32_t segment = state.segments.hold(first, part, info);
    if (segment == none) return;
    const auto before = young.order.at_or_before(state.leaves, first);
    if (!young.order.insert_behind(state.leaves, before, first, segment, part.size()).exists()) {
      return state.segments.release(segment);
    }
    ++young.segments;
    young.bytes += part.size();
    first = first.add(static_cast<std::int64_t>(part.size()));
    payload = payload.subspan(part.size());
  }
  if (!fin) return;
  young.fin = first;
  young.fin_info = info;
}

bool RefusedQueue::is_near(const Generation& generation, Sequence first) {
  if (generation.segments == 0) return true;
  const std::int32_t ahead = generation.order.lowest().difference(first);
  return ahead < spread_max && ahead > -spread_max;
}

// The generation with the lowest segment. Requires: one of them has segments.
RefusedQueue::Generation& RefusedQueue::lower() {
  auto& [young, old] = generations_;
  if (young.segments == 0 || old.segments == 0) return young.segments != 0 ? young : old;
  return is_before(young.order.lowest(), old.order.lowest()) ? young : old;
}

std::optional<RefusedQueue::Piece> RefusedQueue::take(HalfState& state, Sequence acked,
                                                      std::uint8_t* buffer) {
  Generation& next = lower();
  if (next.segments != 0 && is_before(next.order.lowest(), acked)) {
    const std::uint32_t segment = SegmentOrder::entry(state.leaves, next.order.first(state.leaves)).segment;
    const Bytes bytes = state.segments.bytes(segment);
    const Sequence first = state.segments[segment].first;
    const auto size = std::min(bytes.size(), static_cast<std::size_t>(first.difference(acked)));
    std::copy_n(bytes.begin(), size, buffer);
    const Piece piece{.first = first, .size = size, .info = state.segments[segment].info};
    trim(state, next, static_cast<std::uint32_t>(size));
    return piece;
  }
  for (Generation& generation : generations_) {
    if (!generation.fin || !is_before(*generation.fin, acked)) continue;
    const Sequence fin = *std::exchange(generation.fin, std::nullopt);
    return Piece{.first = fin, .fin = true, .info = generation.fin_info};
  }
  return std::nullopt;
}

void RefusedQueue::discard_before(HalfState& state, Sequence next, std::uint64_t offset) {
  if (offset - std::exchange(offset_, offset) >= std::uint64_t{spread_max}) return discard_all(state);
  for (Generation& generation : generations_) {
    if (generation.fin && is_before(*generation.fin, next)) generation.fin.reset();
    while (generation.segments != 0 && is_before(generation.order.lowest(), next)) {
      const std::uint32_t segment =
          SegmentOrder::entry(state.leaves, generation.order.first(state.leaves)).segment;
      const auto before = static_cast<std::uint32_t>(state.segments[segment].first.difference(next));
      trim(state, generation, std::min(before, std::uint32_t{state.segments[segment].size}));
    }
  }
}

// Cuts `size` bytes off the front of the lowest segment.
void RefusedQueue::trim(HalfState& state, Generation& generation, std::uint32_t size) {
  const auto place = generation.order.first(state.leaves);
  const std::uint32_t segment = SegmentOrder::entry(state.leaves, place).segment;
  generation.bytes -= size;
  if (size == state.segments[segment].size) {
    --generation.segments;
    generation.order.pop(state.leaves);
    return state.segments.release(segment);
  }
  // Behind those that begin between here and there, so that the order stays.
  state.segments.trim_front(segment, size);
  generation.order.pop(state.leaves);
  const Sequence first = state.segments[segment].first;
  const auto before = generation.order.at_or_before(state.leaves, first);
  const std::size_t left = state.segments[segment].size;
  if (generation.order.insert_behind(state.leaves, before, first, segment, left).exists()) return;
  --generation.segments;
  generation.bytes -= left;
  state.segments.release(segment);
}

void RefusedQueue::age(HalfState& state, std::uint32_t tick, std::uint32_t ticks) {
  if (tick - since_tick_ < ticks) return;
  discard(state, generations_[1]);
  if (tick - since_tick_ < 2 * ticks) {
    generations_[1] = std::exchange(generations_[0], Generation{});
  } else {
    discard(state, generations_[0]);
  }
  since_tick_ = tick;
}

void RefusedQueue::discard_all(HalfState& state) {
  for (Generation& generation : generations_) discard(state, generation);
}

void RefusedQueue::discard(HalfState& state, Generation& generation) {
  while (generation.segments != 0) {
    --generation.segments;
    state.segments.release(generation.order.pop(state.leaves));
  }
  generation = {};
}

}  // namespace restitch::detail
