#include "restitch/cluster/partition_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cluster/crc32c.h"
#include "cluster/reassembly.h"

namespace restitch::cluster {
namespace {

// Bytes of a value of the ledger; and how often a call is tried that the other side did not answer.
constexpr std::size_t part_size = std::size_t{256} << 10;
constexpr int tries = 4;

constexpr std::uint64_t snapshot_messages = 64;
constexpr std::size_t snapshots_max = 128;

// What ended and is not written yet may take so much.
constexpr std::size_t entries_size_max = std::size_t{8} << 20;

}  // namespace

PartitionWorker::PartitionWorker(unsigned partition, const WorkerOptions& options, PacketLog& log,
                                 Ledger& ledger, SegmentStore& store)
    : partition_(partition),
      options_(options),
      log_(log),
      ledger_(ledger),
      store_(store),
      order_(options.held_max),
      reassembly_(std::make_unique<Reassembly>(options)) {
  head_.partition = static_cast<std::uint16_t>(partition);
  head_.partitions = options.partitions;
}

PartitionWorker::~PartitionWorker() = default;

Result<void> PartitionWorker::open() {
  const auto found = ledger_.get(head_key(partition_));
  if (!found) return tl::make_unexpected(found.error());
  if (!*found) return begin();
  auto head = decode_head((*found)->bytes);
  if (!head) return tl::make_unexpected(head.error());
  if (head->partitions != options_.partitions) {
    return failure(ErrorCode::damaged, fmt::format("the cluster has {} partitions, and not {}",
                                                   head->partitions, options_.partitions));
  }
  head_ = std::move(*head);
  revision_ = (*found)->revision;
  return take_over();
}

Result<void> PartitionWorker::begin() {
  head_.owner = options_.owner;
  const auto made = ledger_.create(head_key(partition_), encode_head(head_));
  if (!made) return tl::make_unexpected(made.error());
  revision_ = *made;
  take_snapshot();
  return {};
}

// First of all the head gets another revision: whoever had it cannot change it any more.
Result<void> PartitionWorker::take_over() {
  CheckpointHead next = head_;
  next.owner = options_.owner;
  if (auto written = write_head(next); !written) return written;
  if (auto removed = remove_orphans(); !removed) return removed;
  if (head_.state_parts == 0) {
    take_snapshot();
    return {};
  }
  auto state = read_state();
  if (!state) return tl::make_unexpected(state.error());
  return begin_replay(std::move(*state));
}

Result<CheckpointState> PartitionWorker::read_state() {
  std::vector<std::uint8_t> bytes;
  for (std::uint32_t i = 0; i < head_.state_parts; ++i) {
    const std::string key = fmt::format("{}.{}", head_.state, i);
    const auto part = ledger_.get(key);
    if (!part) return tl::make_unexpected(part.error());
    if (!*part) return failure(ErrorCode::damaged, "a part of a checkpoint is missing: " + key);
    bytes.insert(bytes.end(), (*part)->bytes.begin(), (*part)->bytes.end());
  }
  if (crc32c(bytes) != head_.state_crc) return failure(ErrorCode::damaged, "a checkpoint has a wrong CRC");
  auto state = decode_state(bytes);
  if (state && state->cut != head_.cut) return failure(ErrorCode::damaged, "a checkpoint is of another cut");
  return state;
}

Result<LogMessage> PartitionWorker::fetch(std::uint64_t sequence) {
  auto messages = log_.read(partition_, sequence, 1);
  if (!messages) return tl::make_unexpected(messages.error());
  if (messages->empty() || messages->front().sequence != sequence) {
    return failure(ErrorCode::damaged,
                   fmt::format("message {} of partition {} is not there", sequence, partition_));
  }
  LogMessage message = std::move(messages->front());
  return message;
}

Result<void> PartitionWorker::begin_replay(CheckpointState&& state) {
  auto restored = order_.restore(state.order, [&](std::uint64_t sequence) { return fetch(sequence); });
  if (!restored) return restored;
  reassembly_->begin_replay(state);
  position_ = state.from;
  take_snapshot();
  replay_ = std::move(state);
  return position_ < replay_->cut ? Result<void>() : end_replay();
}

Result<void> PartitionWorker::replay_some() {
  auto messages = log_.read(partition_, position_, options_.read_size);
  if (!messages) return tl::make_unexpected(messages.error());
  if (messages->empty()) {
    return failure(ErrorCode::damaged,
                   fmt::format("partition {} was read up to message {}, and now ends at {}", partition_,
                               replay_->cut - 1, position_ - 1));
  }
  for (LogMessage& message : *messages) {
    if (auto taken = take(std::move(message)); !taken) return taken;
    if (position_ == replay_->cut) return end_replay();
  }
  return {};
}

Result<void> PartitionWorker::end_replay() {
  if (!reassembly_->end_replay(*replay_)) {
    return failure(ErrorCode::damaged,
                   fmt::format("partition {}: the log does not bring back what was open", partition_));
  }
  replay_.reset();
  reassembly_->place_live(bytes_);
  counts_ = head_.counts;
  set_aside_ = head_.set_aside;
  cut_bytes_ = bytes_;
  return {};
}

Result<bool> PartitionWorker::step() {
  if (replay_) {
    if (auto replayed = replay_some(); !replayed) return tl::make_unexpected(replayed.error());
    return true;
  }
  auto messages = log_.read(partition_, position_, options_.read_size);
  if (!messages) return tl::make_unexpected(messages.error());
  for (LogMessage& message : *messages) {
    if (auto taken = take(std::move(message)); !taken) return tl::make_unexpected(taken.error());
    if (!is_due()) continue;
    if (auto made = checkpoint(); !made) return tl::make_unexpected(made.error());
  }
  return !messages->empty();
}

Result<void> PartitionWorker::take(LogMessage&& message) {
  if (message.sequence != position_) {
    return failure(ErrorCode::damaged, fmt::format("message {} of partition {} came instead of {}",
                                                   message.sequence, partition_, position_));
  }
  if (position_ >= snapshots_.back().position + snapshot_messages) take_snapshot();
  ++position_;
  ++counts_.messages;
  bytes_ += message.bytes.size();
  end_seen_ = false;
  const std::uint64_t sequence = message.sequence;
  auto batch = decode_batch(message.bytes);
  if (!batch) {
    set_aside(sequence, batch.error().message);
    return {};
  }
  if (batch->partitions != options_.partitions || batch->partition != partition_) {
    set_aside(sequence, fmt::format("sensor {} says partition {} of {}", batch->sensor, batch->partition,
                                    batch->partitions));
    return {};
  }
  const ReleaseOrder::Taken taken = order_.take(std::move(message), std::move(*batch));
  if (taken.duplicate) ++counts_.duplicates;
  counts_.missing += taken.missing;
  if (taken.missing != 0) reassembly_->tell_missing(taken.missing);
  for (auto run = order_.next_run(); !run.records.empty(); run = order_.next_run()) {
    reassembly_->feed(run, {sequence, bytes_}, counts_);
    reassembly_->advance();
  }
  if (taken.end) reassembly_->end();
  end_seen_ = taken.end;
  counts_.connections += reassembly_->take_ended();
  return {};
}

void PartitionWorker::set_aside(std::uint64_t sequence, const std::string& why) {
  ++counts_.set_aside;
  set_aside_.push_back({sequence, why});
  if (set_aside_.size() > CheckpointHead::set_aside_max) set_aside_.erase(set_aside_.begin());
}

bool PartitionWorker::is_due() const {
  return end_seen_ || position_ - head_.cut >= options_.checkpoint_messages ||
         bytes_ - cut_bytes_ >= options_.checkpoint_bytes || reassembly_->entries_size() >= entries_size_max;
}

void PartitionWorker::take_snapshot() {
  if (!snapshots_.empty() && snapshots_.back().position == position_) return;
  Snapshot& snapshot = snapshots_.emplace_back();
  snapshot.position = position_;
  snapshot.order = order_.state();
  reassembly_->save_clock(snapshot);
  if (snapshots_.size() <= snapshots_max) return;
  // One connection lasts for long: every second one will do.
  std::size_t i = 0;
  std::erase_if(snapshots_, [&](const Snapshot&) { return i++ % 2 == 1; });
}

// The last one from which everything that was released because of that message, and later, comes again, with
// all that those packets may be copies of.
auto PartitionWorker::snapshot_for(std::uint64_t released, std::int64_t merged) -> Snapshot& {
  constexpr std::int64_t tick_ns = std::int64_t{1} << Elapsed::tick_bits;
  const std::int64_t latest = merged - options_.decoder.copies_window_ns - 2 * tick_ns;
  while (snapshots_.size() > 1 && snapshots_[1].position <= released &&
         snapshots_[1].clock.reference.ns <= latest) {
    snapshots_.pop_front();
  }
  return snapshots_.front();
}

Result<void> PartitionWorker::checkpoint() {
  reassembly_->settle();
  if (options_.replay_max != 0) reassembly_->cut_off(bytes_, options_.replay_max);
  counts_.connections += reassembly_->take_ended();
  take_snapshot();
  CheckpointHead next = head_;
  next.counts = counts_;
  next.set_aside = set_aside_;
  next.sensors = order_.positions();
  next.ended = end_seen_;
  next.owner = options_.owner;
  if (auto written = write_segment(next); !written) return written;
  if (auto written = write_state(next); !written) return written;
  const CheckpointHead before = head_;
  if (auto written = write_head(next); !written) {
    remove_state(next);
    return written;
  }
  reassembly_->clear_entries();
  cut_bytes_ = bytes_;
  remove_state(before);
  // What is trimmed late is trimmed later.
  if (head_.mark > before.mark) (void)log_.trim(partition_, head_.mark);
  return {};
}

Result<void> PartitionWorker::write_segment(CheckpointHead& next) {
  if (reassembly_->entries().empty()) return {};
  const Segment segment =
      make_segment(partition_, head_.cut, position_, head_.segment, reassembly_->entries());
  Result<void> written = store_.write(segment.name, segment.text);
  for (int i = 0; !written && i < tries; ++i) written = store_.write(segment.name, segment.text);
  if (written) next.segment = segment.name;
  return written;
}

Result<void> PartitionWorker::write_state(CheckpointHead& next) {
  CheckpointState state;
  reassembly_->save(state, bytes_);
  std::uint64_t released = position_;
  std::int64_t merged = snapshots_.back().clock.reference.ns;
  for (const LiveEnds& live : state.live) {
    released = std::min(released, live.released);
    merged = std::min(merged, live.start.merged);
  }
  const Snapshot& snapshot = snapshot_for(released, merged);
  state.cut = position_;
  state.from = snapshot.position;
  state.order = snapshot.order;
  state.clock = snapshot.clock;
  state.clock_sensor = snapshot.clock_sensor;
  state.clock_number = snapshot.clock_number;
  next.cut = state.cut;
  next.mark = state.order.lowest(state.from);
  next.open = reassembly_->open();
  next.tombstones = state.tombstones.size();
  const std::vector<std::uint8_t> bytes = encode_state(state);
  next.state = fmt::format("{}.s{}.{}", head_key(partition_), next.cut, revision_);
  next.state_crc = crc32c(bytes);
  next.state_parts = 0;
  for (Bytes left(bytes); !left.empty(); ++next.state_parts) {
    const Bytes part = left.first(std::min(left.size(), part_size));
    left = left.subspan(part.size());
    const std::string key = fmt::format("{}.{}", next.state, next.state_parts);
    for (int i = 0;; ++i) {
      const auto made = ledger_.create(key, part);
      // Nobody else makes it: it was made, and the answer was lost.
      if (made || made.error().code == ErrorCode::invalid_argument) break;
      if (i == tries) return tl::make_unexpected(made.error());
    }
  }
  return {};
}

// Only if nobody else did: then this worker has lost the partition.
Result<void> PartitionWorker::write_head(const CheckpointHead& next) {
  const std::string key = head_key(partition_);
  const std::vector<std::uint8_t> bytes = encode_head(next);
  for (int i = 0;; ++i) {
    const auto written = ledger_.update(key, bytes, revision_);
    if (written) {
      revision_ = *written;
      break;
    }
    if (i == tries) return tl::make_unexpected(written.error());
    // The answer may have been lost.
    const auto there = ledger_.get(key);
    if (!there || !*there || (*there)->revision == revision_) continue;
    if ((*there)->bytes != bytes) {
      return failure(ErrorCode::invalid_argument,
                     fmt::format("partition {} belongs to somebody else now", partition_));
    }
    revision_ = (*there)->revision;
    break;
  }
  head_ = next;
  return {};
}

void PartitionWorker::remove_state(const CheckpointHead& of) {
  for (std::uint32_t i = 0; i < of.state_parts; ++i) (void)ledger_.remove(fmt::format("{}.{}", of.state, i));
}

// Parts of checkpoints that were never made. Requires: the head is this worker's.
Result<void> PartitionWorker::remove_orphans() {
  const auto keys = ledger_.keys();
  if (!keys) return tl::make_unexpected(keys.error());
  const std::string states = head_key(partition_) + ".s";
  const std::string own = head_.state + ".";
  for (const std::string& key : *keys) {
    if (key.starts_with(states) && !key.starts_with(own)) (void)ledger_.remove(key);
  }
  return {};
}

}  // namespace restitch::cluster
