#include <algorithm>
#include <iterator>
#include <new>
#include <utility>

#include "restitch/detail/require.h"
#include "restitch/detail/segment_run.h"
#include "restitch/stream.h"

namespace restitch {

// So that the bytes of one packet always find room.
ScatterGather::ScatterGather() {
  constexpr std::size_t chunks_at_first = 16;
  chunks_.resize(chunks_at_first);
  packets_.reserve(chunks_at_first);
}

bool ScatterGather::grow() {
  const std::size_t size = 2 * count_ + 1;
  try {
    packets_.reserve(size);
    if (chunks_.size() < size) chunks_.resize(size);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// The first bytes available are the first `size` of a run. Requires: nothing was appended yet.
void ScatterGather::show_saved(const detail::SegmentRun& run, detail::SegmentStore& segments,
                               std::size_t size) {
  saved_run_ = size == 0 ? nullptr : &run;
  segments_ = &segments;
  available_ = saved_ = size;
}

void ScatterGather::load_saved() const {
  std::vector<Chunk> all;
  std::size_t offset = 0;
  saved_run_->for_each_of_first(*segments_, saved_, [&](Bytes bytes, const detail::HeldSegment& segment) {
    all.push_back({bytes, &segment.info, offset, segment.transmission});
    offset += bytes.size();
  });
  const std::span<const Chunk> fresh(chunks_.data(), count_);
  all.insert(all.end(), fresh.begin(), fresh.end());
  chunks_.swap(all);
  count_ = chunks_.size();
  saved_run_ = nullptr;
}

// Counts the chunks and packets of the new bytes. Pieces of one packet may lie apart, with bytes of others
// between them, so packets are counted by value: first by number, so that most of them need not be looked at.
void ScatterGather::count_new() {
  if (count_ <= 1) {
    stats_.chunks = stats_.packets = static_cast<std::uint32_t>(count_);
    return;
  }
  packets_.clear();
  for (const Chunk& chunk : std::span(chunks_).first(count_))
    packets_.push_back({chunk.info->packet_number, chunk.info});
  stats_.chunks = static_cast<std::uint32_t>(packets_.size());
  const auto less = [](const Packet& a, const Packet& b) {
    return a.number != b.number ? a.number < b.number : *a.info < *b.info;
  };
  const auto equal = [](const Packet& a, const Packet& b) {
    return a.number == b.number && *a.info == *b.info;
  };
  if (!std::is_sorted(packets_.begin(), packets_.end(), less)) {
    std::sort(packets_.begin(), packets_.end(), less);
  }
  stats_.packets =
      static_cast<std::uint32_t>(std::unique(packets_.begin(), packets_.end(), equal) - packets_.begin());
}

Bytes ScatterGather::fetch(std::size_t size) {
  RESTITCH_REQUIRE(size <= available_, "fetch() must not ask for more than lengths().available");
  if (size == 0) return {};
  const std::span<const Chunk> all = chunks();
  if (size <= all.front().bytes.size()) return all.front().bytes.first(size);
  if (size > joined_size_) join(size);
  return Bytes(joined_).first(size);
}

// Copies the first `size` bytes to one place. What fetch() answered before stays where it lies: a copy that
// gets too small is put aside, and the next one is twice as large, so all together take twice the largest.
void ScatterGather::join(std::size_t size) {
  if (joined_size_ == 0) {  // of another delivery
    joined_.clear();
    outgrown_.clear();
  }
  if (size > joined_.capacity()) {
    std::vector<std::uint8_t> larger;
    larger.reserve(std::max(size, std::min(available_, 2 * joined_.capacity())));
    larger.assign(joined_.begin(), joined_.end());
    if (joined_size_ != 0) outgrown_.push_back(std::move(joined_));
    joined_ = std::move(larger);
  }
  const std::span<const Chunk> all = chunks();
  for (const Chunk& chunk : all.subspan(static_cast<std::size_t>(chunk_of(joined_size_) - all.data()))) {
    const Bytes fresh = chunk.bytes.subspan(joined_.size() - chunk.offset);
    const Bytes part = fresh.first(std::min(fresh.size(), size - joined_.size()));
    joined_.insert(joined_.end(), part.begin(), part.end());
    if (joined_.size() == size) break;
  }
  joined_size_ = size;
}

void ScatterGather::keep_from(std::size_t offset) {
  RESTITCH_REQUIRE(offset <= available_, "keep_from() must not go beyond lengths().available");
  keep_from_ = offset;
  keeps_ = true;
}

const ScatterGather::Chunk* ScatterGather::chunk_of(std::size_t offset) const {
  if (offset >= available_) return nullptr;
  if (saved_run_ != nullptr && offset < saved_) load_saved();
  const std::span<const Chunk> loaded(chunks_.data(), count_);
  const auto behind = std::upper_bound(loaded.begin(), loaded.end(), offset,
                                       [](std::size_t at, const Chunk& chunk) { return at < chunk.offset; });
  return &*std::prev(behind);
}

// The first of the saved bytes are in reach without the others: a flush takes its context from them, and must
// not fail before the stream was offered them.
CaptureInfo ScatterGather::capture_info(std::size_t offset) const {
  if (offset == 0 && saved_run_ != nullptr) return saved_run_->first(*segments_).info;
  const Chunk* const chunk = chunk_of(offset);
  return chunk == nullptr ? CaptureInfo{} : *chunk->info;
}

Transmission ScatterGather::transmission(std::size_t offset) const {
  const Chunk* const chunk = chunk_of(offset);
  return chunk == nullptr ? Transmission::first : chunk->transmission;
}

std::string_view to_string(Transmission transmission) {
  switch (transmission) {
    case Transmission::first:
      return "first";
    case Transmission::late:
      return "late";
    case Transmission::again:
      return "again";
  }
  return "unknown";
}

std::string_view to_string(EndReason reason) {
  switch (reason) {
    case EndReason::fin:
      return "fin";
    case EndReason::rst:
      return "rst";
    case EndReason::timeout:
      return "timeout";
    case EndReason::flush:
      return "flush";
    case EndReason::evicted:
      return "evicted";
    case EndReason::port_reuse:
      return "port_reuse";
    case EndReason::end_of_input:
      return "end_of_input";
    case EndReason::interrupted:
      return "interrupted";
  }
  return "unknown";
}

}  // namespace restitch
