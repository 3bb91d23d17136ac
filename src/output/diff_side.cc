#include "output/diff_side.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace restitch {
namespace {

constexpr std::uint64_t without_end = std::numeric_limits<std::uint64_t>::max();

}  // namespace

DiffSide::~DiffSide() {
  budget_.undecided -= undecided_;
  budget_.shown -= shown_;
}

// ---- the way in ------------------------------------------------------------------------------------

void DiffSide::append(std::size_t receiver, const ScatterGather& sg) {
  Track& track = tracks_[receiver];
  const std::uint64_t offset = sg.info().offset + track.taken_out;
  if (track.reached < offset) {
    put(track, {track.reached, offset - track.reached, DiffKind::missing, {}, {}});
  }
  for (const ScatterGather::Chunk& chunk : sg.chunks()) {
    Bytes rest = chunk.bytes;
    while (!rest.empty()) {
      put_out_of_band(track, track.reached, *chunk.info);
      std::size_t size = rest.size();
      const auto next = track.to_take_out.upper_bound(track.reached);
      if (next != track.to_take_out.end()) size = std::min<std::uint64_t>(size, *next - track.reached);
      put(track, {track.reached,
                  size,
                  DiffKind::bytes,
                  {rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size)},
                  *chunk.info});
      rest = rest.subspan(size);
    }
  }
  put_out_of_band(track, track.reached, sg.chunks().empty() ? CaptureInfo{} : *sg.chunks().back().info);
}

// The bytes out of band that lie where the track has come to.
void DiffSide::put_out_of_band(Track& track, std::uint64_t until, const CaptureInfo& info) {
  while (!track.to_take_out.empty() && *track.to_take_out.begin() <= until) {
    const std::uint64_t at = *track.to_take_out.begin();
    track.to_take_out.erase(track.to_take_out.begin());
    if (at != track.reached) continue;
    ++track.taken_out;
    put(track, {at, 1, DiffKind::out_of_band, {}, info});
    until = track.reached;
  }
}

void DiffSide::take_out(std::size_t receiver, std::uint64_t offset) {
  Track& track = tracks_[receiver];
  constexpr std::size_t waiting_max = 64;
  if (track.to_take_out.size() < waiting_max) track.to_take_out.insert(offset + track.taken_out);
}

// Offsets of events do not count bytes out of band, which are in their place here.
void DiffSide::reread(std::size_t receiver, const Event& conflict) {
  const DiffOptions& options = budget_.options;
  if (found_.later_copies.size() >= options.differences_max ||
      !take_shown(sizeof(LaterCopy) + 2 * options.shown_max)) {
    ++found_.later_unlisted;
    return;
  }
  found_.later_copies.push_back({conflict.offset + tracks_[receiver].taken_out, conflict.size, receiver,
                                 shown_of(conflict.held, conflict.held_info),
                                 shown_of(conflict.arrived, conflict.info)});
}

DiffContent DiffSide::shown_of(Bytes copy, const CaptureInfo& info) {
  const Bytes shown = copy.first(std::min(copy.size(), budget_.options.shown_max));
  return {DiffKind::bytes, {shown.begin(), shown.end()}, info};
}

// Room on a list, which grows by doubling. False: there is none.
bool DiffSide::take_shown(std::size_t size) {
  size *= 2;
  if (budget_.shown + size > budget_.options.shown_total_max) return false;
  shown_ += size;
  budget_.shown += size;
  return true;
}

void DiffSide::put(Track& track, Run run) {
  track.reached += run.size;
  if (found_.digested_from) return digest(track, run);
  undecided_ += cost(run);
  budget_.undecided += cost(run);
  track.runs.push_back(std::move(run));
}

// ---- comparing -------------------------------------------------------------------------------------

void DiffSide::settle() {
  if (found_.digested_from) return;
  std::uint64_t until = without_end;
  std::uint64_t last = 0;
  for (const Track& track : tracks_) {
    if (!track.ended) until = std::min(until, track.reached);
    last = std::max(last, track.reached);
  }
  until = std::min(until, last);
  while (settled_ < until) {
    std::uint64_t end = until;
    for (const Track& track : tracks_) end = std::min(end, end_of_front(track));
    compare(end - settled_);
    drop(end - settled_);
  }
  const DiffOptions& options = budget_.options;
  if (undecided_ > options.undecided_max || budget_.undecided > options.undecided_total_max) digest_all();
}

std::uint64_t DiffSide::end_of_front(const Track& track) const {
  return track.runs.empty() ? without_end : track.runs.front().offset + track.runs.front().size;
}

DiffSide::Front DiffSide::front_of(const Track& track) const {
  if (track.runs.empty()) return {};
  const Run& run = track.runs.front();
  const Bytes bytes = run.kind == DiffKind::bytes ? Bytes(run.bytes).subspan(settled_ - run.offset) : Bytes{};
  return {run.kind, bytes, &run.info};
}

// The next `size` bytes: each track has one kind of content in them.
void DiffSide::compare(std::uint64_t size) {
  fronts_.clear();
  for (const Track& track : tracks_) fronts_.push_back(front_of(track));
  const Front& first = fronts_.front();
  const auto same_kind = [&](const Front& front) { return front.kind == first.kind; };
  if (!std::all_of(fronts_.begin(), fronts_.end(), same_kind)) return note(0, size);
  if (first.kind != DiffKind::bytes) return;
  const auto same_bytes = [&](const Front& front) {
    return std::equal(front.bytes.begin(), front.bytes.begin() + static_cast<std::ptrdiff_t>(size),
                      first.bytes.begin());
  };
  if (std::all_of(fronts_.begin(), fronts_.end(), same_bytes)) return;
  const auto differs_at = [&](std::uint64_t i) {
    return !std::all_of(fronts_.begin(), fronts_.end(),
                        [&](const Front& front) { return front.bytes[i] == first.bytes[i]; });
  };
  for (std::uint64_t begin = 0; begin < size; ++begin) {
    if (!differs_at(begin)) continue;
    std::uint64_t end = begin + 1;
    while (end < size && differs_at(end)) ++end;
    note(begin, end);
    begin = end;
  }
}

// Lists the difference [begin, end) behind settled_, or makes the last one longer.
void DiffSide::note(std::uint64_t begin, std::uint64_t end) {
  const DiffOptions& options = budget_.options;
  const std::uint64_t offset = settled_ + begin;
  Difference* last = found_.differences.empty() ? nullptr : &found_.differences.back();
  if (last != nullptr && last->offset + last->size == offset) {
    for (std::size_t i = 0; i < fronts_.size(); ++i) {
      if (last->contents[i].kind != fronts_[i].kind) last = nullptr;
      if (last == nullptr) break;
    }
  } else {
    last = nullptr;
  }
  if (last == nullptr) {
    const std::size_t size =
        sizeof(Difference) + tracks_.size() * (sizeof(DiffContent) + options.shown_max + 32);
    if (found_.differences.size() >= options.differences_max || !take_shown(size)) {
      ++found_.unlisted;
      found_.unlisted_bytes += end - begin;
      return;
    }
    last = &found_.differences.emplace_back(Difference{offset, 0, {}});
    for (const Front& front : fronts_) {
      last->contents.push_back({front.kind, {}, front.info == nullptr ? CaptureInfo{} : *front.info});
    }
  }
  last->size += end - begin;
  for (std::size_t i = 0; i < fronts_.size(); ++i) {
    if (fronts_[i].kind != DiffKind::bytes) continue;
    std::vector<std::uint8_t>& shown = last->contents[i].bytes;
    const std::size_t room = std::min<std::uint64_t>(end - begin, options.shown_max - shown.size());
    const Bytes more = fronts_[i].bytes.subspan(begin, room);
    shown.insert(shown.end(), more.begin(), more.end());
  }
}

// The next `size` bytes are settled.
void DiffSide::drop(std::uint64_t size) {
  settled_ += size;
  for (Track& track : tracks_) {
    if (end_of_front(track) != settled_) continue;
    undecided_ -= cost(track.runs.front());
    budget_.undecided -= cost(track.runs.front());
    track.runs.pop_front();
  }
}

// ---- when too much is undecided --------------------------------------------------------------------

void DiffSide::digest_all() {
  found_.digested_from = settled_;
  for (Track& track : tracks_) {
    track.digesting = std::make_unique<Digesting>();
    for (Run& run : track.runs) {
      const std::uint64_t behind = settled_ > run.offset ? settled_ - run.offset : 0;
      if (run.kind == DiffKind::bytes) {
        run.bytes.erase(run.bytes.begin(), run.bytes.begin() + static_cast<std::ptrdiff_t>(behind));
      }
      run.offset += behind;
      run.size -= behind;
      digest(track, run);
    }
    track.runs = {};
  }
  budget_.undecided -= std::exchange(undecided_, 0);
}

// The layout is where bytes are out of band, and where gaps begin and end: how a gap was cut into deliveries
// must not show.
void DiffSide::digest(Track& track, const Run& run) {
  Digesting& digesting = *track.digesting;
  const bool changes = (run.kind == DiffKind::missing) != digesting.in_gap;
  if (changes || run.kind == DiffKind::out_of_band) {
    const std::array<std::uint64_t, 2> place = {static_cast<std::uint64_t>(run.kind), run.offset};
    digesting.layout.update({reinterpret_cast<const std::uint8_t*>(place.data()), sizeof place});
  }
  digesting.in_gap = run.kind == DiffKind::missing;
  if (run.kind == DiffKind::bytes) digesting.data.update(run.bytes);
}

DirectionDiff& DiffSide::finish() {
  for (std::size_t i = 0; i < tracks_.size(); ++i) found_.lengths[i] = tracks_[i].reached;
  if (!found_.digested_from) return found_;
  std::vector<std::tuple<Digest, Digest, std::uint64_t>> digests;
  for (Track& track : tracks_) {
    digests.emplace_back(track.digesting->data.finish(), track.digesting->layout.finish(), track.reached);
  }
  const auto same = [&](const auto& one) { return one == digests.front(); };
  found_.digests_differ = !std::all_of(digests.begin(), digests.end(), same);
  return found_;
}

}  // namespace restitch
