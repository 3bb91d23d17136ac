#include "restitch/detail/elsewhere.h"

#include <algorithm>
#include <cstdlib>

#include "restitch/detail/half_state.h"

namespace restitch::detail {
namespace {

// Acknowledgements agree only if they come from one place in the other stream.
constexpr std::uint32_t claimant_reach = std::uint32_t{1} << 24;

// Whether two positions are at most `reach` apart, whichever comes first.
bool are_near(Sequence a, Sequence b, std::uint32_t reach) {
  const std::int64_t distance = a.difference(b);
  return static_cast<std::uint64_t>(std::abs(distance)) <= reach;
}

}  // namespace

std::size_t Elsewhere::memory_size() const { return memory_for(count_, bytes_); }

void Elsewhere::add(HalfState& state, Sequence first, Bytes bytes, const CaptureInfo& info) {
  const Bytes part = bytes.first(std::min(bytes.size(), SegmentStore::segment_size_max));
  state.bytes().dropped += bytes.size() - part.size();
  const std::uint32_t segment = state.segments.hold(first, part, info);
  if (segment == none) {
    state.bytes().dropped += part.size();
    return;
  }
  adopt(state, segment);
}

void Elsewhere::adopt(HalfState& state, std::uint32_t segment) {
  segments_[count_++] = segment;
  if (fresh_ < count_) ++fresh_;
  bytes_ += state.segments[segment].size;
  state.bytes().held += state.segments[segment].size;
}

std::uint32_t Elsewhere::take(HalfState& state, std::size_t at) {
  const std::uint32_t segment = segments_[at];
  std::copy(segments_.begin() + at + 1, segments_.begin() + count_, segments_.begin() + at);
  --count_;
  fresh_ = std::min(fresh_, count_);
  bytes_ -= state.segments[segment].size;
  state.bytes().held -= state.segments[segment].size;
  return segment;
}

bool Elsewhere::claim(Sequence acknowledgment, Sequence sequence, std::uint32_t reach) {
  const auto ahead = static_cast<std::uint32_t>(claim_.difference(acknowledgment));
  const bool agrees =
      claimed_ && ahead != 0 && ahead <= reach && are_near(claimant_, sequence, claimant_reach);
  claimed_ = true;
  claim_ = acknowledgment;
  claimant_ = sequence;
  return agrees;
}

std::optional<Sequence> Elsewhere::agreed(const HalfState& state, std::uint32_t reach) const {
  if (fresh_ < agreeing_min) return std::nullopt;
  const Sequence newest = state.segments[segments_[count_ - 1]].first;
  Sequence lowest = newest;
  int near = 0;
  for (std::size_t i = count_ - fresh_; i < count_; ++i) {
    const Sequence first = state.segments[segments_[i]].first;
    if (!are_near(first, newest, reach)) continue;
    ++near;
    if (is_before(first, lowest)) lowest = first;
  }
  return near >= agreeing_min ? std::optional(lowest) : std::nullopt;
}

std::optional<Sequence> Elsewhere::lowest_near(const HalfState& state, Sequence position,
                                               std::uint32_t reach) const {
  std::optional<Sequence> lowest;
  for (std::size_t i = 0; i < count_; ++i) {
    const Sequence first = state.segments[segments_[i]].first;
    if (are_near(first, position, reach) && (!lowest || is_before(first, *lowest))) lowest = first;
  }
  return lowest;
}

}  // namespace restitch::detail
