// PartitionWorker::Reassembly: the pool of one partition, with what has to be known of its connections so
// that they can be brought back elsewhere: the packet each began with. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "restitch/basic_assembler.h"
#include "restitch/cluster/partition_worker.h"
#include "restitch/output_digest.h"
#include "restitch/packet_context.h"

namespace restitch::cluster {

class PartitionWorker::Reassembly {
 public:
  explicit Reassembly(const WorkerOptions& options);

  // A place in the log: a message, and the bytes of all that were read up to it.
  struct LogPlace {
    std::uint64_t message = 0;
    std::uint64_t bytes = 0;
  };

  // Packets that are due because of that message.
  void feed(const ReleaseOrder::Run& run, const LogPlace& place, PartitionCounts& counts);
  // So late it is; nothing is ahead of it.
  void advance() { assembler_.advance(clock_.elapsed()); }
  void settle() { assembler_.advance_all(clock_.elapsed()); }
  // So many batches of a sensor never came: all that is open hears of it.
  void tell_missing(std::uint64_t batches);
  // Ends what began more than `limit` bytes before this place. Requires: settle().
  void cut_off(std::uint64_t bytes, std::uint64_t limit);
  // All that is open ends here.
  void end();

  // How many connections ended since the last call.
  std::uint64_t take_ended() { return std::exchange(ended_, 0); }
  // What ended and is not written yet.
  [[nodiscard]] std::vector<SegmentEntry>& entries() { return entries_; }
  [[nodiscard]] std::size_t entries_size() const { return entries_size_; }
  void clear_entries();

  // Into a checkpoint: domains, live ends, tombstones. Requires: settle().
  void save(CheckpointState& state, std::uint64_t bytes);
  // Before and after the packets of a replay. False: they did not bring back what was open.
  void begin_replay(const CheckpointState& state);
  bool end_replay(const CheckpointState& state);
  // Then: the cut is at this place.
  void place_live(std::uint64_t bytes);

  [[nodiscard]] std::size_t open() const { return open_.size(); }
  [[nodiscard]] std::size_t tombstones() const { return pool_.size().tombstones; }
  void save_clock(Snapshot& snapshot) const;

 private:
  struct KeyHash {
    std::size_t operator()(const detail::FlowKey& key) const;
  };
  // What is alive, or was at the last checkpoint.
  struct Live {
    LiveEnds ends;
    std::uint64_t bytes = 0;  // of all messages up to the one that released its start
  };
  struct OpenConnection {
    PacketOrder order;
    detail::FlowKey key;
  };
  // Makes digests, and notes what each connection began with.
  class Factory {
   public:
    explicit Factory(Reassembly& reassembly) : reassembly_(reassembly) {}
    std::optional<DigestStream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& tcp,
                                       AssemblerContext& context);

   private:
    Reassembly& reassembly_;
  };

  void feed_record(SensorId sensor, const BatchRecord& record, const LogPlace& place,
                   PartitionCounts& counts);
  [[nodiscard]] DecodedPacket decode(const BatchRecord& record);
  void assemble(const DecodedPacket& packet, const BatchRecord& record);
  void replay(const DecodedPacket& packet, const BatchRecord& record);
  void tell(const ConnectionSummary& summary);

  Decoder decoder_;
  std::optional<MirrorCopies> copies_;
  CaptureClock clock_;
  SensorId clock_sensor_ = 0;
  std::uint64_t clock_number_ = 0;
  PacketOrder order_;       // of the packet at hand
  std::uint64_t rank_ = 0;  // the same, counted here
  std::unordered_map<detail::FlowKey, Live, KeyHash> live_;
  std::unordered_map<std::uint64_t, OpenConnection> open_;  // by rank
  bool replaying_ = false;
  std::set<PacketOrder> untold_;  // connections that were open at the cut that was taken over
  std::uint64_t ended_ = 0;
  std::vector<SegmentEntry> entries_;
  std::size_t entries_size_ = 0;
  ConnectionLog log_;
  Factory factory_;
  BasicStreamPool<DigestStream, Factory> pool_;
  BasicAssembler<DigestStream, Factory> assembler_;
};

}  // namespace restitch::cluster
