#include "cluster/reassembly.h"

#include <algorithm>

namespace restitch::cluster {

std::size_t PartitionWorker::Reassembly::KeyHash::operator()(const detail::FlowKey& key) const {
  constexpr std::uint64_t odd_multiplier = 0x9E3779B97F4A7C15;
  std::uint64_t hash = key.ports_and_domain;
  for (const std::uint64_t word : key.addresses) hash = (hash ^ word ^ hash >> 29) * odd_multiplier;
  return hash ^ hash >> 32;
}

PartitionWorker::Reassembly::Reassembly(const WorkerOptions& options)
    : decoder_(options.decoder),
      log_([this](const ConnectionSummary& summary) { tell(summary); }, ConnectionOrder::as_they_end),
      factory_(*this),
      pool_(factory_, options.pool),
      assembler_(pool_, options.assembler) {
  if (options.decoder.copies_window_ns > 0) copies_.emplace(options.decoder.copies_window_ns);
}

auto PartitionWorker::Reassembly::Factory::create(const NetFlow& net, TransportFlow transport,
                                                  const TcpSegment& /*tcp*/, AssemblerContext& context)
    -> std::optional<DigestStream> {
  const std::uint64_t rank = rank_of(context);
  ConnectionSummary& summary = reassembly_.log_.open(net, transport, rank);
  reassembly_.open_[rank] = {reassembly_.order_, detail::make_key(net, transport).key};
  return std::optional<DigestStream>(std::in_place, reassembly_.log_, summary);
}

// What a replay ends was told before the cut, unless it was open there.
void PartitionWorker::Reassembly::tell(const ConnectionSummary& summary) {
  const auto found = open_.find(static_cast<const LoggedConnection&>(summary).rank);
  if (found == open_.end()) return;
  const PacketOrder order = found->second.order;
  open_.erase(found);
  const bool was_open = untold_.erase(order) != 0;
  if (replaying_ && !was_open) return;
  ++ended_;
  entries_.push_back(SegmentEntry::of(order, summary));
  entries_size_ += entries_.back().lines.size();
}

void PartitionWorker::Reassembly::clear_entries() {
  entries_.clear();
  entries_size_ = 0;
}

void PartitionWorker::Reassembly::feed(const ReleaseOrder::Run& run, const LogPlace& place,
                                       PartitionCounts& counts) {
  for (const BatchRecord& record : run.records) feed_record(run.sensor, record, place, counts);
}

void PartitionWorker::Reassembly::feed_record(SensorId sensor, const BatchRecord& record,
                                              const LogPlace& place, PartitionCounts& counts) {
  const std::uint64_t number = record.info.packet_number;
  // Frames of one packet have one time.
  if (clock_sensor_ != sensor || clock_number_ != number) clock_.observe(record.info.timestamp);
  clock_sensor_ = sensor;
  clock_number_ = number;
  if (record.kind == BatchRecord::Kind::tick) return;
  DecodedPacket packet = decode(record);
  if (packet.reason != DropReason::none) {
    ++counts.undecodable;
    return;
  }
  ++counts.packets;
  ++rank_;
  if (copies_) packet.copied = copies_->seen_before(packet, record.info.timestamp);
  order_ = {record.merged, sensor, number, record.part};
  if (replaying_) return replay(packet, record);
  const TransportFlow ports = packet.tcp.transport();
  if (pool_.is_alive(packet.net, ports, clock_.elapsed())) return assemble(packet, record);
  LiveEnds begun{
      detail::make_key(packet.net, ports).key, order_, place.message, 0, std::nullopt, std::nullopt};
  if (const detail::Tombstone* const stone = pool_.find_tombstone(packet.net, ports)) begun.before = *stone;
  assemble(packet, record);
  if (pool_.is_alive(packet.net, ports, clock_.elapsed()))
    live_.insert_or_assign(begun.key, Live{begun, place.bytes});
}

// Only what was open at the cut, from where it began, and with what was left there of a dead connection.
void PartitionWorker::Reassembly::replay(const DecodedPacket& packet, const BatchRecord& record) {
  const auto found = live_.find(detail::make_key(packet.net, packet.tcp.transport()).key);
  if (found == live_.end()) return;
  const LiveEnds& ends = found->second.ends;
  if (order_ < ends.start) return;
  if (order_ == ends.start && ends.before) pool_.add_tombstone(*ends.before);
  assemble(packet, record);
}

// Fragments are the sensor's to put together; one that comes here all the same is nothing.
DecodedPacket PartitionWorker::Reassembly::decode(const BatchRecord& record) {
  if (record.kind == BatchRecord::Kind::segment) {
    DecodedPacket packet = record.segment->decoded;
    packet.net.domain = decoder_.domains().number_of(record.segment->domain_ids);
    return packet;
  }
  DecodedPacket packet = restitch::decode(record.link_type, record.frame, record.info.original_size);
  if (packet.reason == DropReason::none && (packet.encapsulated || !decoder_.is_plain())) {
    packet = decoder_.decode_ahead(record.link_type, record.frame, record.info);
  }
  return packet;
}

void PartitionWorker::Reassembly::assemble(const DecodedPacket& packet, const BatchRecord& record) {
  PacketContext context(record.info, packet, record.link_type, record.frame, rank_, clock_.elapsed());
  assembler_.assemble_with_context(packet.net, packet.tcp, context);
}

// First ends what has reached its age: who takes over knows nothing of it.
void PartitionWorker::Reassembly::tell_missing(std::uint64_t batches) {
  settle();
  assembler_.tell_all(EventKind::packets_lost, batches);
}

void PartitionWorker::Reassembly::cut_off(std::uint64_t bytes, std::uint64_t limit) {
  std::erase_if(live_, [&](const auto& live) {
    if (bytes - live.second.bytes <= limit) return false;
    if (pool_.is_alive(live.first, clock_.elapsed())) assembler_.evict(live.first, Limit::replay);
    return true;
  });
}

void PartitionWorker::Reassembly::end() {
  assembler_.flush_all(EndReason::end_of_input);
  live_.clear();
}

void PartitionWorker::Reassembly::save_clock(Snapshot& snapshot) const {
  snapshot.clock = clock_.state();
  snapshot.clock_sensor = clock_sensor_;
  snapshot.clock_number = clock_number_;
}

void PartitionWorker::Reassembly::save(CheckpointState& state, std::uint64_t bytes) {
  for (std::uint32_t number = 1; const auto* const ids = decoder_.domains().ids_of(number); ++number) {
    state.domains.push_back(*ids);
  }
  std::erase_if(live_, [&](const auto& live) { return !pool_.is_alive(live.first, clock_.elapsed()); });
  for (auto& [key, live] : live_) {
    live.ends.open.reset();
    live.ends.behind = bytes - live.bytes;
  }
  for (const auto& [rank, connection] : open_) {
    const auto live = live_.find(connection.key);
    if (live != live_.end()) live->second.ends.open = connection.order;
  }
  for (const auto& [key, live] : live_) state.live.push_back(live.ends);
  std::sort(state.live.begin(), state.live.end(),
            [](const LiveEnds& one, const LiveEnds& other) { return one.start < other.start; });
  state.tombstones = pool_.tombstones();
}

void PartitionWorker::Reassembly::begin_replay(const CheckpointState& state) {
  replaying_ = true;
  for (const auto& ids : state.domains) (void)decoder_.domains().number_of(ids);
  clock_ = CaptureClock(state.clock);
  clock_sensor_ = state.clock_sensor;
  clock_number_ = state.clock_number;
  for (const LiveEnds& live : state.live) {
    live_.emplace(live.key, Live{live, 0});
    if (live.open) untold_.insert(*live.open);
  }
}

bool PartitionWorker::Reassembly::end_replay(const CheckpointState& state) {
  settle();  // as it was at the cut: what had reached its age was told
  replaying_ = false;
  pool_.set_tombstones(state.tombstones);
  // What is still untold is open, or it never came; what is open besides, at limits, was told and is not told
  // again.
  std::erase_if(open_, [&](const auto& open) { return untold_.erase(open.second.order) == 0; });
  const bool whole = untold_.empty();
  untold_.clear();
  return whole;
}

void PartitionWorker::Reassembly::place_live(std::uint64_t bytes) {
  for (auto& [key, live] : live_) live.bytes = bytes - live.ends.behind;
}

}  // namespace restitch::cluster
