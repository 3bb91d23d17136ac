#include "restitch/cluster/outbox.h"

#include <algorithm>
#include <utility>

#include "cluster/wire.h"
#include "restitch/cluster/checkpoint.h"
#include "restitch/cluster/spool_report.h"

namespace restitch::cluster {
namespace {

constexpr unsigned partitions_at_once = 16;

}  // namespace

bool Outbox::add(SentBatch&& batch) {
  const std::lock_guard lock(mutex_);
  auto added = queue_.add(std::move(batch));
  if (added) return true;
  ++counts_.lost;
  counts_.why = std::move(added.error().message);
  return false;
}

auto Outbox::send_one() -> Sent {
  const SentBatch* batch = nullptr;
  {
    const std::lock_guard lock(mutex_);
    batch = queue_.next();
  }
  if (batch == nullptr) return Sent::nothing;
  auto published = log_.publish(batch->partition, batch->id, batch->bytes);
  const std::lock_guard lock(mutex_);
  if (!published) {
    ++counts_.failures;
    trouble_ = std::move(published.error().message);
    return Sent::failed;
  }
  if (batch->partition < acknowledged_.size()) {
    acknowledged_[batch->partition] = place_of(*published, batch->bytes);
  }
  ++counts_.sent;
  queue_.sent();
  return Sent::one;
}

void Outbox::care() {
  if (!queue_.keeps()) return;
  const auto count = static_cast<unsigned>(acknowledged_.size());
  for (unsigned i = 0; i < std::min(count, partitions_at_once); ++i) {
    const unsigned partition = next_partition_++ % count;
    confirm(partition);
    if (is_gone(partition)) return send_again();
  }
}

void Outbox::confirm(unsigned partition) {
  const auto value = ledger_.get(head_key(partition));
  if (!value || !*value) return;
  const auto head = decode_head((*value)->bytes);
  if (!head) return;
  for (const SensorPosition& position : head->sensors) {
    if (position.sensor != sensor_) continue;
    const std::lock_guard lock(mutex_);
    queue_.confirm(static_cast<std::uint16_t>(partition), position.epoch, position.next);
  }
}

// What was trimmed was taken in; and who does not answer has not lost anything yet.
bool Outbox::is_gone(unsigned partition) {
  const Acknowledged& last = acknowledged_[partition];
  if (last.sequence == 0) return false;
  const auto range = log_.range(partition);
  if (!range || last.sequence < range->first) return false;
  if (last.sequence >= range->next) return true;
  const auto messages = log_.read(partition, last.sequence, 1);
  if (!messages || messages->empty()) return false;
  const Acknowledged there = place_of(last.sequence, messages->front().bytes);
  return there.size != last.size || there.crc != last.crc;
}

auto Outbox::place_of(std::uint64_t sequence, const std::vector<std::uint8_t>& bytes) -> Acknowledged {
  const Bytes all(bytes);
  const Bytes end = all.last(std::min<std::size_t>(all.size(), sizeof(std::uint32_t)));
  return {sequence, all.size(), WireReader(end).fixed<std::uint32_t>()};
}

void Outbox::send_again() {
  std::fill(acknowledged_.begin(), acknowledged_.end(), Acknowledged());
  const std::lock_guard lock(mutex_);
  ++counts_.repeated;
  queue_.rewind();
}

// Nobody else writes it, and what does not get there is said the next time.
void Outbox::report() {
  const OutboxCounts now = counts();
  const std::string text = SpoolReport{now.waiting_size, now.lost, now.repeated}.text();
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  const std::string key = SpoolReport::key(sensor_);
  const auto there = ledger_.get(key);
  if (!there) return;
  if (*there) {
    (void)ledger_.update(key, bytes, (*there)->revision);
  } else {
    (void)ledger_.create(key, bytes);
  }
}

bool Outbox::empty() {
  const std::lock_guard lock(mutex_);
  return queue_.next() == nullptr;
}

OutboxCounts Outbox::counts() {
  const std::lock_guard lock(mutex_);
  counts_.waiting_size = queue_.size();
  return counts_;
}

}  // namespace restitch::cluster
