// A cluster in memory on which everything goes wrong that can, out of a seed: calls and answers get lost,
// batches come twice, late and out of order, workers crash before and after any call, and others take over
// while they still run. In the end it has to have found what one process finds in the same packets.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "restitch/cluster/memory_cluster.h"
#include "restitch/cluster/merge_time.h"
#include "restitch/cluster/partition_worker.h"
#include "restitch/cluster/result_lines.h"
#include "restitch/cluster/sensor.h"
#include "restitch/output.h"
#include "restitch/restitch.h"
#include "support/cluster_traffic.h"

namespace restitch::testing {

// What one sensor captures.
struct SensorCapture {
  std::vector<TrafficPacket> packets;
  Record record(std::size_t i) const {
    const TrafficPacket& packet = packets[i];
    Record record;
    record.frame = packet.frame;
    record.info.timestamp.ns = packet.time_ns;
    record.info.packet_number = i + 1;
    record.info.captured_size = record.info.original_size = static_cast<std::uint32_t>(packet.frame.size());
    return record;
  }
};

// The way in which several sensors see the same traffic.
enum class Taps { one, every_other, directions, twice };

// Fragments of a datagram come to one sensor, which puts them together: the first.
inline std::vector<SensorCapture> split(std::vector<TrafficPacket> packets, Taps taps, std::int64_t skew_ns) {
  std::vector<SensorCapture> sensors(taps == Taps::one ? 1 : 2);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    TrafficPacket& packet = packets[i];
    std::size_t to = 0;
    if (taps == Taps::every_other) to = i % 2;
    if (taps == Taps::directions && packet.from_client) to = 1;
    if (packet.fragment) to = 0;
    if (taps == Taps::twice && !packet.fragment) {
      sensors[1].packets.push_back(packet);
      sensors[1].packets.back().time_ns += skew_ns;
    } else if (to == 1) {
      packet.time_ns += skew_ns;
    }
    sensors[to].packets.push_back(std::move(packet));
  }
  return sensors;
}

inline PoolOptions simulated_pool() {
  PoolOptions options;
  options.receiver = find_receiver_policy("capture");
  options.midstream_pages_max = 64;
  options.midstream_packets_max = 8;
  options.midstream_wait_ns = 200'000'000;
  options.ageing = {.hole_acked_ns = 1'000'000'000, .hole_ns = 30'000'000'000, .closing_ns = 120'000'000'000};
  options.history_bytes_max = 65'536;
  return options;
}

// What one process prints of all captures, merged as it merges files.
inline std::string single_process(const std::vector<SensorCapture>& sensors, const DecoderOptions& decoding) {
  std::vector<std::pair<cluster::PacketOrder, std::pair<std::size_t, std::size_t>>> merged;
  for (std::size_t sensor = 0; sensor < sensors.size(); ++sensor) {
    cluster::MergeTime time;
    for (std::size_t i = 0; i < sensors[sensor].packets.size(); ++i) {
      const std::int64_t at = time.observe({sensors[sensor].packets[i].time_ns});
      merged.push_back({{at, static_cast<cluster::SensorId>(sensor + 1), i + 1, 0}, {sensor, i}});
    }
  }
  std::sort(merged.begin(), merged.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text;
  ConnectionLog log([&](const ConnectionSummary& summary) { append_connection_json(text, summary); });
  SummaryFactory<DigestStream> factory(log);
  BasicStreamPool<DigestStream, SummaryFactory<DigestStream>> pool(factory, simulated_pool());
  BasicAssembler<DigestStream, SummaryFactory<DigestStream>> assembler(pool);
  Decoder decoder(decoding);
  std::uint64_t rank = 0;
  for (const auto& [order, at] : merged) {
    const Record record = sensors[at.first].record(at.second);
    const Elapsed elapsed = assembler.observe(record.info.timestamp);
    const DecodedPacket packet = decoder.decode(record.link_type, record.frame, record.info);
    ++rank;
    if (packet.reason == DropReason::none) {
      PacketContext context(record.info, packet, record.link_type, record.frame, rank, elapsed);
      assembler.assemble_with_context(packet.net, packet.tcp, context);
    }
    assembler.advance(elapsed);
    decoder.begin_batch();
  }
  assembler.flush_all(EndReason::end_of_input);
  return text;
}

class ClusterSimulation {
 public:
  struct Happened {
    int crashes = 0;
    int takeovers = 0;  // while another one worked
    int lost = 0;       // calls, and answers
    int errors = 0;     // that workers gave up for
    int steps = 0;
    std::uint64_t missing = 0;  // batches
  };

  ClusterSimulation(std::uint64_t seed, const std::vector<SensorCapture>& sensors,
                    const DecoderOptions& decoding)
      : random_(seed), partitions_(static_cast<std::uint16_t>(1 + below(4))), cluster_(partitions_) {
    cluster_.set_ids_max(1 + below(40));
    options_.partitions = partitions_;
    options_.pool = simulated_pool();
    options_.decoder = decoding;
    options_.checkpoint_messages = 1 + below(9);
    options_.read_size = 1 + below(30'000);
    options_.held_max = 1000;  // nothing is lost for good here
    make_batches(sensors);
    workers_.resize(partitions_);
    cluster_.set_faults([this](std::string_view what, bool done) {
      return keeps_log_ && what == "trim" ? cluster::Fault::lost_call : fault(done);
    });
  }

  // What the cluster found; empty after too many steps.
  std::string run() {
    announce();
    while (!is_over()) {
      if (++happened_.steps > steps_max) return {};
      calm_ = happened_.steps > steps_max / 2;
      act();
    }
    faults_on_ = false;
    return results(cluster_);
  }

  // Some batches never come, and connections are cut that began long ago. Then the truth is what undisturbed
  // workers find in the same log. Before run().
  void lose_batches() {
    keeps_log_ = true;
    options_.held_max = 2 + below(8);
    options_.replay_max = 1 + below(40'000);
    for (SimulatedSensor& sensor : sensors_) {
      for (std::size_t i = 0; i < sensor.sent.size(); ++i) sensor.sent[i] = below(40) == 0;
    }
  }
  std::string undisturbed() {
    cluster::MemoryCluster calm(partitions_);
    for (unsigned partition = 0; partition < partitions_; ++partition) {
      const auto messages = cluster_.read(partition, 1, std::numeric_limits<std::size_t>::max());
      for (const cluster::LogMessage& message : *messages) {
        (void)calm.publish(partition, std::to_string(message.sequence), message.bytes);
      }
      cluster::PartitionWorker worker(partition, options_, calm, calm, calm);
      if (!worker.open()) return "an undisturbed worker cannot begin";
      while (!worker.ended()) {
        if (!worker.step()) return "an undisturbed worker fails";
      }
      happened_.missing += worker.head().counts.missing;
    }
    return results(calm);
  }

  // Nothing goes wrong.
  void be_calm() { faults_on_ = false; }

  [[nodiscard]] const Happened& happened() const { return happened_; }
  [[nodiscard]] const std::string& last_error() const { return last_error_; }

 private:
  struct Crash {};
  static constexpr int steps_max = 200'000;

  struct SimulatedSensor {
    std::vector<cluster::SentBatch> batches;
    std::vector<bool> sent;
    std::size_t first = 0;  // not sent
  };

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  std::string results(cluster::MemoryCluster& of) const {
    std::string text;
    const auto written =
        cluster::write_results(partitions_, of, of, [&](std::string_view lines) { text += lines; });
    return written ? text : written.error().message;
  }

  void make_batches(const std::vector<SensorCapture>& sensors) {
    for (std::size_t i = 0; i < sensors.size(); ++i) {
      SimulatedSensor& made = sensors_.emplace_back();
      cluster::SensorOptions options;
      options.id = static_cast<cluster::SensorId>(i + 1);
      options.partitions = partitions_;
      options.batch_size_max = 200 + below(3000);
      options.compress = below(2) == 0;
      options.decoder.vlan_in_key = options_.decoder.vlan_in_key;
      cluster::Sensor sensor(options,
                             [&](cluster::SentBatch&& batch) { made.batches.push_back(std::move(batch)); });
      for (std::size_t packet = 0; packet < sensors[i].packets.size(); ++packet) {
        sensor.take(sensors[i].record(packet));
        // One that hears nothing for a while says so.
        if (below(200) == 0) sensor.heartbeat({sensors[i].packets[packet].time_ns});
      }
      sensor.finish();
      made.sent.resize(made.batches.size());
    }
  }

  cluster::Fault fault(bool done) {
    if (!faults_on_ || calm_) return cluster::Fault::none;
    if (in_worker_ && below(crash_one_in_) == 0) throw Crash();
    if (done) return cluster::Fault::none;
    const std::uint64_t dice = below(lost_one_in_);
    if (dice < 2) ++happened_.lost;
    return dice == 0   ? cluster::Fault::lost_call
           : dice == 1 ? cluster::Fault::lost_answer
                       : cluster::Fault::none;
  }

  bool say(std::uint16_t partition, cluster::Batch::Kind kind, cluster::SensorId sensor,
           const std::string& id) {
    cluster::Batch batch;
    batch.kind = kind;
    batch.sensor = sensor;
    batch.partition = partition;
    batch.partitions = partitions_;
    return cluster_.publish(partition, id, cluster::encode_batch(batch)).has_value();
  }

  void announce() {
    for (std::uint16_t partition = 0; partition < partitions_; ++partition) {
      for (std::size_t i = 0; i < sensors_.size(); ++i) {
        const auto id = static_cast<cluster::SensorId>(i + 1);
        while (!say(partition, cluster::Batch::Kind::announce, id, "announce" + std::to_string(id))) {
        }
      }
    }
  }

  void act() {
    const std::uint64_t dice = below(1000);
    if (dice < 300) return publish(sensors_[below(sensors_.size())]);
    if (dice < 302 && faults_on_) return restart(sensors_[below(sensors_.size())]);
    const auto partition = static_cast<unsigned>(below(partitions_));
    auto& workers = workers_[partition];
    const bool takes_over = dice < 306 && workers.size() < 3 && !calm_ && faults_on_;
    if (workers.empty() || takes_over) return start(partition);
    step(partition, below(workers.size()));
  }

  void publish(SimulatedSensor& sensor) {
    while (sensor.first < sensor.sent.size() && sensor.sent[sensor.first]) ++sensor.first;
    if (sensor.first == sensor.sent.size()) return finish_input();
    const std::size_t ahead = std::min<std::size_t>(sensor.sent.size() - sensor.first, 6);
    const std::size_t i = sensor.first + below(ahead);
    const cluster::SentBatch& batch = sensor.batches[i];
    const bool sent = cluster_.publish(batch.partition, batch.id, batch.bytes).has_value();
    if (sent && (below(15) != 0 || !faults_on_)) sensor.sent[i] = true;  // else it comes again
  }

  // A sensor that was killed reads its file again.
  void restart(SimulatedSensor& sensor) {
    if (calm_ || sensor.first == sensor.sent.size()) return;
    sensor.first = below(sensor.first + 1);
    std::fill(sensor.sent.begin() + static_cast<std::ptrdiff_t>(sensor.first), sensor.sent.end(), false);
  }

  void finish_input() {
    for (const SimulatedSensor& sensor : sensors_) {
      if (sensor.first < sensor.sent.size()) return;
    }
    for (; ended_ < partitions_; ++ended_) {
      if (!say(ended_, cluster::Batch::Kind::end, 0, "end")) return;
    }
  }

  void start(unsigned partition) {
    if (!workers_[partition].empty()) ++happened_.takeovers;
    cluster::WorkerOptions options = options_;
    options.owner = "w" + std::to_string(++started_);
    auto worker =
        std::make_unique<cluster::PartitionWorker>(partition, options, cluster_, cluster_, cluster_);
    bool opened = false;
    attempt([&] {
      const auto result = worker->open();
      opened = result.has_value();
      if (!opened) last_error_ = result.error().message;
    });
    if (opened) workers_[partition].push_back(std::move(worker));
  }

  void step(unsigned partition, std::size_t which) {
    auto& workers = workers_[partition];
    bool alive = false;
    attempt([&] {
      const auto result = workers[which]->step();
      alive = result.has_value();
      if (!alive) last_error_ = result.error().message;
      if (!alive) ++happened_.errors;
    });
    if (alive && workers[which]->ended()) done_[partition] = true;
    if (!alive) workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(which));
  }

  template <class Work>
  void attempt(Work&& work) {
    in_worker_ = true;
    try {
      work();
    } catch (const Crash&) {
      ++happened_.crashes;
    }
    in_worker_ = false;
  }

  [[nodiscard]] bool is_over() const { return done_.size() == partitions_; }

  std::mt19937_64 random_;
  std::uint16_t partitions_;
  cluster::MemoryCluster cluster_;
  cluster::WorkerOptions options_;
  std::vector<SimulatedSensor> sensors_;
  std::vector<std::vector<std::unique_ptr<cluster::PartitionWorker>>> workers_;  // by partition
  std::map<unsigned, bool> done_;
  std::uint16_t ended_ = 0;
  std::uint64_t crash_one_in_ = 300 + below(3000);
  std::uint64_t lost_one_in_ = 100 + below(1000);
  int started_ = 0;
  bool in_worker_ = false;
  bool faults_on_ = true;
  bool calm_ = false;
  bool keeps_log_ = false;  // nothing is trimmed
  Happened happened_;
  std::string last_error_;
};

}  // namespace restitch::testing
