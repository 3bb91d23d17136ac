#include "restitch/cluster/release_order.h"

#include <algorithm>

namespace restitch::cluster {

std::uint64_t OrderState::lowest(std::uint64_t otherwise) const {
  std::uint64_t lowest = otherwise;
  for (const Sensor& sensor : sensors) {
    for (const Ready& ready : sensor.ready) lowest = std::min(lowest, ready.sequence);
    for (const std::uint64_t sequence : sensor.held) lowest = std::min(lowest, sequence);
  }
  return lowest;
}

auto ReleaseOrder::take(LogMessage&& message, Batch&& batch) -> Taken {
  if (batch.kind == Batch::Kind::end) return end();
  if (batch.is_numbered()) {
    waiting_size_ += message.bytes.size();
    return take_numbered(std::make_unique<Entry>(Entry{std::move(message), std::move(batch)}));
  }
  const bool is_new = !sensors_.contains(batch.sensor);
  Sensor& sensor = sensors_[batch.sensor];
  sensor.position.sensor = batch.sensor;
  if (batch.kind == Batch::Kind::announce) {
    if (is_new) return {};
    return {.duplicate = true};
  }
  const std::uint64_t missing = give_up(sensor);
  sensor.position.gone = true;
  return {.missing = missing};
}

// Nothing is waited for any more, until a sensor sends again.
auto ReleaseOrder::end() -> Taken {
  Taken taken{.end = true};
  for (auto& [id, sensor] : sensors_) {
    taken.missing += give_up(sensor);
    sensor.position.gone = true;
  }
  return taken;
}

auto ReleaseOrder::take_numbered(std::unique_ptr<Entry> entry) -> Taken {
  const Batch& batch = entry->batch;
  Sensor& sensor = sensors_[batch.sensor];
  SensorPosition& position = sensor.position;
  position.sensor = batch.sensor;
  Taken taken;
  if (batch.epoch > position.epoch) {
    // It starts anew: what it had not sent before will never come.
    taken.missing = give_up(sensor);
    position.epoch = batch.epoch;
    position.next = 0;
  }
  if (batch.epoch < position.epoch || batch.number < position.next || sensor.held.contains(batch.number)) {
    waiting_size_ -= entry->message.bytes.size();
    taken.duplicate = true;
    return taken;
  }
  sensor.held.emplace(batch.number, std::move(entry));
  accept_held(sensor);
  if (sensor.held.size() > held_max_) {
    const std::uint64_t first = sensor.held.begin()->first;
    taken.missing += first - position.next;
    position.next = first;
    accept_held(sensor);
  }
  return taken;
}

void ReleaseOrder::accept_held(Sensor& sensor) {
  while (!sensor.held.empty() && sensor.held.begin()->first == sensor.position.next) {
    std::unique_ptr<Entry> entry = std::move(sensor.held.begin()->second);
    sensor.held.erase(sensor.held.begin());
    accept(sensor, std::move(entry));
  }
}

// All that is held counts, whatever is missing between. Answers how many are.
std::uint64_t ReleaseOrder::give_up(Sensor& sensor) {
  std::uint64_t missing = 0;
  while (!sensor.held.empty()) {
    missing += sensor.held.begin()->first - sensor.position.next;
    sensor.position.next = sensor.held.begin()->first;
    accept_held(sensor);
  }
  return missing;
}

void ReleaseOrder::accept(Sensor& sensor, std::unique_ptr<Entry> entry) {
  const Batch& batch = entry->batch;
  sensor.position.next = batch.number + 1;
  sensor.position.watermark = std::max(sensor.position.watermark, batch.watermark);
  sensor.position.gone = batch.kind == Batch::Kind::gone;
  if (batch.records.empty()) {
    waiting_size_ -= entry->message.bytes.size();
  } else {
    sensor.ready.push_back(std::move(entry));
  }
}

auto ReleaseOrder::place_of(const Sensor& sensor) -> Place {
  const Entry& head = *sensor.ready.front();
  return {head.batch.records[head.next].merged, sensor.position.sensor};
}

auto ReleaseOrder::next_run() -> Run {
  released_.reset();
  Sensor* first = nullptr;
  // What the packets of a run must not follow: the first of another sensor, or one that may still come.
  Place bound{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<SensorId>::max()};
  for (auto& [id, sensor] : sensors_) {
    if (!sensor.position.gone) bound = std::min(bound, Place{sensor.position.watermark, id});
    if (sensor.ready.empty()) continue;
    if (first == nullptr || place_of(sensor) < place_of(*first)) {
      if (first != nullptr) bound = std::min(bound, place_of(*first));
      first = &sensor;
    } else {
      bound = std::min(bound, place_of(sensor));
    }
  }
  if (first == nullptr || bound < place_of(*first)) return {};
  Entry& entry = *first->ready.front();
  const std::span<const BatchRecord> records(entry.batch.records);
  const SensorId id = first->position.sensor;
  const std::size_t from = entry.next;
  while (entry.next < records.size() && Place{records[entry.next].merged, id} <= bound) ++entry.next;
  const Run run{id, records.subspan(from, entry.next - from)};
  if (entry.next == records.size()) {
    waiting_size_ -= entry.message.bytes.size();
    released_ = std::move(first->ready.front());
    first->ready.pop_front();
  }
  return run;
}

OrderState ReleaseOrder::state() const {
  OrderState state;
  for (const auto& [id, sensor] : sensors_) {
    OrderState::Sensor& made = state.sensors.emplace_back();
    made.position = sensor.position;
    for (const auto& entry : sensor.ready) made.ready.push_back({entry->message.sequence, entry->next});
    for (const auto& [number, entry] : sensor.held) made.held.push_back(entry->message.sequence);
  }
  return state;
}

auto ReleaseOrder::fetched(std::uint64_t sequence, const Fetch& fetch) -> Result<std::unique_ptr<Entry>> {
  auto message = fetch(sequence);
  if (!message) return tl::make_unexpected(message.error());
  auto batch = decode_batch(message->bytes);
  if (!batch) return tl::make_unexpected(batch.error());
  waiting_size_ += message->bytes.size();
  return std::make_unique<Entry>(Entry{std::move(*message), std::move(*batch)});
}

Result<void> ReleaseOrder::restore(const OrderState& state, const Fetch& fetch) {
  sensors_.clear();
  released_.reset();
  waiting_size_ = 0;
  for (const OrderState::Sensor& saved : state.sensors) {
    Sensor& sensor = sensors_[saved.position.sensor];
    sensor.position = saved.position;
    for (const OrderState::Ready& ready : saved.ready) {
      auto entry = fetched(ready.sequence, fetch);
      if (!entry) return tl::make_unexpected(entry.error());
      if (ready.next >= (*entry)->batch.records.size()) {
        return failure(ErrorCode::damaged, "a checkpoint names a record that is not in its message");
      }
      (*entry)->next = ready.next;
      sensor.ready.push_back(std::move(*entry));
    }
    for (const std::uint64_t sequence : saved.held) {
      auto entry = fetched(sequence, fetch);
      if (!entry) return tl::make_unexpected(entry.error());
      const std::uint64_t number = (*entry)->batch.number;
      sensor.held.emplace(number, std::move(*entry));
    }
  }
  return {};
}

std::vector<SensorPosition> ReleaseOrder::positions() const {
  std::vector<SensorPosition> positions;
  for (const auto& [id, sensor] : sensors_) positions.push_back(sensor.position);
  return positions;
}

}  // namespace restitch::cluster
