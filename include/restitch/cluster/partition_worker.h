// PartitionWorker: reassembles one partition, from message to message, and leaves checkpoints. All that it
// decides depends on the messages alone, so whoever goes on from a checkpoint does what this one would have
// done: what one of them wrote without a checkpoint, the other one writes again under the same name.
//
//     PacketLog → decode_batch() → ReleaseOrder → decode() → BasicAssembler → SegmentEntry → SegmentStore
//                                                                                 └─ checkpoint() → Ledger
//
// On takeover it reads from where the oldest connection began that was open at the cut, feeds only packets of
// those, and tells nothing until the cut: their streams come back with their packets. Borrows log, ledger and
// store. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "restitch/cluster/checkpoint.h"
#include "restitch/cluster/ledger.h"
#include "restitch/cluster/packet_log.h"
#include "restitch/cluster/release_order.h"
#include "restitch/cluster/segment.h"
#include "restitch/cluster/segment_store.h"
#include "restitch/defragmenter.h"
#include "restitch/options.h"

namespace RESTITCH_API restitch {
namespace cluster {

struct WorkerOptions {
  std::uint16_t partitions = 1;
  std::string owner = "worker";  // who this is, for who looks at the cluster
  PoolOptions pool{};
  AssemblerOptions assembler{};
  DecoderOptions decoder{};
  std::size_t held_max = 64;  // batches, as of ReleaseOrder
  // A checkpoint is made after so many messages, or bytes of them.
  std::uint64_t checkpoint_messages = 256;
  std::size_t checkpoint_bytes = std::size_t{16} << 20;
  // What whoever takes over has to read, about. A connection that began farther behind a checkpoint is
  // completed there (Limit::replay). 0: all is read, however much that is.
  std::uint64_t replay_max = 0;
  std::size_t read_size = std::size_t{1} << 20;  // of messages, at once
};

class PartitionWorker {
 public:
  PartitionWorker(unsigned partition, const WorkerOptions& options, PacketLog& log, Ledger& ledger,
                  SegmentStore& store);
  ~PartitionWorker();
  PartitionWorker(const PartitionWorker&) = delete;
  PartitionWorker& operator=(const PartitionWorker&) = delete;

  // Goes on from the last checkpoint, or begins. Whoever worked on it so far cannot make another checkpoint
  // then. Errors: those of the back ends; damaged, of a checkpoint or a log that makes no sense.
  Result<void> open();

  // Takes in some messages, at first those of the replay, and makes the checkpoints that are due. False:
  // there were none. After an error it is of no use any more: another one may go on.
  Result<bool> step();

  // What the last checkpoint says.
  [[nodiscard]] const CheckpointHead& head() const { return head_; }
  // The last message said that all connections end, and that is written down.
  [[nodiscard]] bool ended() const { return head_.ended && position_ == head_.cut; }
  // The message to be read next.
  [[nodiscard]] std::uint64_t position() const { return position_; }

 private:
  class Reassembly;
  // Where another one could begin to read.
  struct Snapshot {
    std::uint64_t position = 0;
    OrderState order;
    CaptureClock::State clock;
    SensorId clock_sensor = 0;
    std::uint64_t clock_number = 0;
  };

  Result<void> begin();
  Result<void> take_over();
  Result<CheckpointState> read_state();
  Result<void> begin_replay(CheckpointState&& state);
  Result<void> replay_some();
  Result<void> end_replay();
  Result<LogMessage> fetch(std::uint64_t sequence);
  Result<void> take(LogMessage&& message);
  void set_aside(std::uint64_t sequence, const std::string& why);
  [[nodiscard]] bool is_due() const;
  Result<void> checkpoint();
  Result<void> write_segment(CheckpointHead& next);
  Result<void> write_state(CheckpointHead& next);
  Result<void> write_head(const CheckpointHead& next);
  void remove_state(const CheckpointHead& of);
  Result<void> remove_orphans();
  void take_snapshot();
  Snapshot& snapshot_for(std::uint64_t released, std::int64_t merged);

  unsigned partition_;
  WorkerOptions options_;
  PacketLog& log_;
  Ledger& ledger_;
  SegmentStore& store_;

  CheckpointHead head_;
  std::uint64_t revision_ = 0;
  std::uint64_t position_ = 1;
  std::uint64_t bytes_ = 0;      // of all messages that were read …
  std::uint64_t cut_bytes_ = 0;  // … up to the cut
  bool end_seen_ = false;        // by the message before position_
  PartitionCounts counts_;
  std::vector<SetAside> set_aside_;
  std::optional<CheckpointState> replay_;  // while it is not at the cut of its predecessor
  ReleaseOrder order_;
  std::deque<Snapshot> snapshots_;
  std::unique_ptr<Reassembly> reassembly_;
};

}  // namespace cluster
}  // namespace restitch
