#include "restitch/cluster/sensor.h"

#include <algorithm>
#include <utility>

#include "restitch/cluster/partition.h"
#include "restitch/detail/require.h"

namespace restitch::cluster {
namespace {

// What a record takes besides its bytes, at most; of a segment that is without the ids of its domain.
constexpr std::size_t record_room = 128;

}  // namespace

Sensor::Sensor(const SensorOptions& options, Sink sink)
    : options_(options),
      sink_(std::move(sink)),
      decoder_(options.decoder),
      open_(options.partitions),
      told_(options.partitions) {
  RESTITCH_REQUIRE(options.partitions > 0, "a cluster has at least one partition");
}

void Sensor::take(const Record& record) {
  ++counts_.packets;
  ++number_;
  const std::int64_t merged = time_.observe(record.info.timestamp);
  if (merged - oldest_ >= options_.batch_ns_max) send_old();
  std::fill(told_.begin(), told_.end(), false);
  DecodedPacket packet = decoder_.decode_ahead(record.link_type, record.frame, record.info);
  bool more = packet.more;
  take_packet(record, packet, 0, !more);
  for (std::uint32_t part = 1; more; ++part) {
    packet = decoder_.decode_more_ahead(record.info);
    more = packet.more;
    take_packet(record, packet, part, false);
  }
  if (moves_clock(record.info.timestamp)) {
    BatchRecord mark = record_of(record, 0);
    mark.kind = BatchRecord::Kind::tick;
    for (unsigned i = 0; i < open_.size(); ++i) {
      if (!told_[i]) add(i, mark, options_.batch_size_max);
    }
  }
  decoder_.begin_batch();
}

// Whether the clock of a partition has to see a packet: it begins a tick, or this sensor's clock is not sure
// of it, or the clock of all sensors may not be, which lets fewer of a sensor's packets pass after a silence
// than its own.
bool Sensor::moves_clock(Timestamp time) {
  const bool was_astray = clock_.is_astray();
  clock_.observe(time);
  const std::int64_t step = detail::nanoseconds_between(last_, time);
  constexpr std::int64_t silence_ns = CaptureClock::step_ns_max / 2;
  if (step > silence_ns || step < -silence_ns) after_silence_ = CaptureClock::strays_max;
  last_ = time;
  const std::int64_t tick = time.ns >> Elapsed::tick_bits;
  const bool moves = tick != last_tick_ || was_astray || clock_.is_astray() || after_silence_ > 0;
  if (after_silence_ > 0) --after_silence_;
  if (moves) last_tick_ = tick;
  return moves;
}

BatchRecord Sensor::record_of(const Record& record, std::uint32_t part) const {
  BatchRecord made;
  made.merged = time_.latest();
  made.part = part;
  made.info = record.info;
  made.info.packet_number = number_;
  made.link_type = record.link_type;
  return made;
}

// `alone`: it is all that the packet holds.
void Sensor::take_packet(const Record& record, const DecodedPacket& packet, std::uint32_t part, bool alone) {
  if (packet.reason != DropReason::none) return;
  ++counts_.segments;
  const unsigned partition =
      partition_of(packet.net, packet.tcp.transport(), static_cast<unsigned>(open_.size()));
  BatchRecord made = record_of(record, part);
  told_[partition] = true;
  if (alone && !packet.reassembled)
    return take_frame(made, partition, record.frame, record.info.original_size);
  BatchSegment segment{packet, {}};
  if (const auto* const ids = decoder_.domains().ids_of(packet.net.domain)) segment.domain_ids = *ids;
  made.kind = BatchRecord::Kind::segment;
  made.segment = &segment;
  add(partition, made, options_.batch_size_max);
}

void Sensor::take_frame(BatchRecord& record, unsigned partition, Bytes frame, std::uint32_t original_size) {
  record.kind = BatchRecord::Kind::frame;
  record.frame = frame;
  if (frame.size() > Batch::frame_size_max) {
    ++counts_.cut_frames;
    record.frame = frame.first(Batch::frame_size_max);
  }
  record.info.original_size = std::max(original_size, static_cast<std::uint32_t>(frame.size()));
  add(partition, record, options_.batch_size_max);
}

void Sensor::add(unsigned partition, const BatchRecord& record, std::size_t size_max) {
  Open& open = open_[partition];
  const std::size_t size = record_room + record.frame.size() +
                           (record.segment == nullptr ? 0
                                                      : record.segment->decoded.tcp.bytes.size() +
                                                            10 * record.segment->domain_ids.size());
  if (open.count != 0 && Batch::header_size + open.body.size() + size > size_max) send(partition);
  if (open.count == 0) {
    open.first = record.merged;
    open.before = {};
  }
  append_record(open.body, open.before, record);
  open.before = record;
  open.before.frame = {};
  open.before.segment = nullptr;
  ++open.count;
}

// The batches whose time has come; the others say nothing of how far the sensor is, so they go along.
void Sensor::send_old() {
  oldest_ = time_.latest();
  for (unsigned i = 0; i < open_.size(); ++i) {
    if (open_[i].count != 0) send(i);
  }
}

void Sensor::heartbeat(Timestamp now) {
  time_.advance(now.ns);
  oldest_ = time_.latest();
  for (unsigned i = 0; i < open_.size(); ++i) send(i);
}

void Sensor::finish() {
  send_old();
  for (unsigned i = 0; i < open_.size(); ++i) send(i, Batch::Kind::gone);
}

void Sensor::send(unsigned partition, Batch::Kind kind) {
  Open& open = open_[partition];
  Batch batch;
  batch.kind = kind;
  batch.sensor = options_.id;
  batch.epoch = options_.epoch;
  batch.number = open.number++;
  batch.partition = static_cast<std::uint16_t>(partition);
  batch.partitions = options_.partitions;
  batch.first = open.count == 0 ? 0 : open.first;
  batch.last = open.count == 0 ? 0 : open.before.merged;
  // What is at hand may still be added to the next one.
  batch.watermark = time_.latest();
  SentBatch sent{batch.partition, batch.epoch, batch.number, batch.id(),
                 encode_batch(batch, open.body, open.count, options_.compress)};
  open.body.clear();
  open.count = 0;
  ++counts_.batches;
  counts_.bytes += sent.bytes.size();
  sink_(std::move(sent));
}

}  // namespace restitch::cluster
