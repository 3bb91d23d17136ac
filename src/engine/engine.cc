#include "restitch/engine.h"

#include <algorithm>
#include <utility>

namespace restitch {

namespace {

template <class Counts>
void add_each(Counts& counts, const Counts& others) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += others[i];
}

// What is read at once: headers are looked at when they are still in the cache that the system copied them
// to.
constexpr std::size_t buffer_size = std::size_t{1} << 18;

// Of something that may be unlimited, but is never nothing.
std::size_t part_of(std::size_t whole, unsigned parts) {
  return whole == PoolLimits::unlimited ? whole : std::max<std::size_t>(1, whole / parts);
}

}  // namespace

PoolCounts& PoolCounts::operator+=(const PoolCounts& other) {
  add_each(bytes, other.bytes);
  add_each(events, other.events);
  add_each(limits, other.limits);
  size.connections += other.size.connections;
  size.tombstones += other.size.tombstones;
  size.held_segments += other.size.held_segments;
  size.pages += other.size.pages;
  size.memory_size += other.size.memory_size;
  return *this;
}

namespace detail {

PoolOptions share_of(PoolOptions options, unsigned shards) {
  options.limits.total_bytes_max = part_of(options.limits.total_bytes_max, shards);
  options.limits.total_history_bytes_max = part_of(options.limits.total_history_bytes_max, shards);
  options.limits.connections_max = part_of(options.limits.connections_max, shards);
  if (options.tombstones_max != 0) options.tombstones_max = part_of(options.tombstones_max, shards);
  return options;
}

AssemblerOptions share_of(AssemblerOptions options, unsigned shards) {
  if (const auto pages = options.max_buffered_pages_total()) {
    options.max_buffered_pages_total(static_cast<int>(part_of(*pages, shards)));
  }
  return options;
}

EngineBase::EngineBase(const EngineOptions& options, EngineListener& listener)
    : listener_(listener),
      crew_(options.threads, options.shards),
      intakes_(crew_.shards()),
      counts_(crew_.shards()) {
  for (std::size_t slot = 0; slot < crew_.slots(); ++slot) {
    chunks_.emplace_back(crew_.shards(), options.hosts_together ? FlowGroup::hosts : FlowGroup::connection);
  }
}

const CaptureEnd& EngineBase::feed(CaptureReader& reader, Decoder& decoder, FeedCounts& counts) {
  // Also when a callback throws.
  struct Counting {
    EngineBase& engine;
    ~Counting() {
      for (unsigned shard = 0; shard < engine.counts_.size(); ++shard) engine.note_counts(shard);
      engine.take_counts();
    }
  } counting{*this};
  reader_ = &reader;
  decoder_ = &decoder;
  fed_ = &counts;
  keeps_ = reader.keep_records();
  copies_ = !keeps_ && crew_.slots() > 1;
  look_for_copies(decoder.options().copies_window_ns);
  if (!reader.finished()) crew_.work(*this);
  return reader.end();
}

void EngineBase::flush_all(EndReason reason) {
  // Until it ends or a callback throws: then feed() reads again.
  struct Flushing {
    std::optional<EndReason>& reason;
    ~Flushing() { reason.reset(); }
  } flushing{flushing_};
  flushing_ = reason;
  crew_.work(*this);
}

PoolCounts EngineBase::counts() const {
  const std::lock_guard lock(counts_mutex_);
  PoolCounts sum;
  for (const PoolCounts& counts : counts_) sum += counts;
  return sum;
}

void EngineBase::begin(unsigned threads) { listener_.work_begins(threads); }

bool EngineBase::read(std::size_t slot) {
  if (flushing_) return false;
  EngineChunk& chunk = chunks_[slot];
  chunk.begin(chunks_read_++, fed_->frames());
  while (!chunk.is_full()) {
    std::span<const Record> records = reader_->next_batch();
    // What comes next may take time: what is here does not wait for it. (The memory of a chunk is also that
    // of the chunks before it, which are settled before it.)
    if (records.empty()) {
      if (keeps_) reader_->hand_over(chunk.memory(), buffer_size);
      break;
    }
    if (copies_) records = chunk.copy(records);
    chunk.add(records, *decoder_, clock_, *fed_);
    // These live until the next batch. (Copies would live longer, but where chunks end is not to depend on
    // the number of threads.)
    if (!keeps_) break;
  }
  take_counts();
  return listener_.chunk_read() && !reader_->finished();
}

void EngineBase::run(unsigned shard, std::size_t slot) {
  const EngineChunk& chunk = chunks_[slot];
  if (flushing_) {
    flush(shard, *flushing_);
  } else {
    take_in(shard, chunk);
  }
  if (flushing_ || chunk.wants_counts()) note_counts(shard);
  listener_.part_done(shard, slot);
}

void EngineBase::take_in(unsigned shard, const EngineChunk& chunk) {
  Intake& intake = intakes_[shard];
  std::span<const EngineChunk::Dealt> dealt = chunk.dealt(shard);
  while (!dealt.empty()) {
    const auto some = dealt.first(std::min(dealt.size(), PacketBatch::size_max));
    intake.batch.clear();
    chunk.decode(some, intake.batch, intake.counts);
    if (intake.copies) intake.batch.find_copies(*intake.copies, intake.counts);
    assemble(shard, intake.batch.packets());
    dealt = dealt.subspan(some.size());
  }
  advance(shard, chunk.elapsed());
}

// Copies of a packet come to its shard, which may be that of all packets: each remembers as many as a
// Decoder.
void EngineBase::look_for_copies(std::int64_t window_ns) {
  if (window_ns == copies_window_ns_) return;
  copies_window_ns_ = window_ns;
  for (Intake& intake : intakes_) {
    intake.copies.reset();
    if (window_ns > 0) intake.copies.emplace(window_ns);
  }
}

void EngineBase::note_counts(unsigned shard) {
  const std::lock_guard lock(counts_mutex_);
  count(shard, counts_[shard]);
  decoded_.add_decoded(std::exchange(intakes_[shard].counts, {}));
}

void EngineBase::take_counts() {
  const std::lock_guard lock(counts_mutex_);
  fed_->add_decoded(std::exchange(decoded_, {}));
}

bool EngineBase::settle(std::size_t slot) { return listener_.chunk_done(slot); }

}  // namespace detail

}  // namespace restitch
