// Sensor: turns the packets of one capture into batches for the partitions of a cluster. It decodes as far as
// the flow, puts fragments together, and tells every partition each tick of the clock, so that workers have
// the same time whichever packets are theirs. What is in which batch depends on the packets alone: who reads
// a file again sends the same batches under the same ids. Owns the open batches; borrows records for the
// call. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "restitch/capture_clock.h"
#include "restitch/cluster/batch.h"
#include "restitch/cluster/merge_time.h"
#include "restitch/defragmenter.h"

namespace RESTITCH_API restitch {
namespace cluster {

struct SensorOptions {
  SensorId id = 1;
  std::uint32_t epoch = 1;  // another one each time that it starts anew and cannot repeat what it sent
  std::uint16_t partitions = 1;
  std::size_t batch_size_max = Batch::size_max;
  // A batch is sent at the latest when so much time of the capture has passed since its first record.
  std::int64_t batch_ns_max = 1'000'000'000;
  bool compress = false;
  DecoderOptions decoder{};
};

// A batch on its way.
struct SentBatch {
  std::uint16_t partition = 0;
  std::uint32_t epoch = 0;
  std::uint64_t number = 0;
  std::string id;
  std::vector<std::uint8_t> bytes;
};

struct SensorCounts {
  std::uint64_t packets = 0;
  std::uint64_t segments = 0;
  std::uint64_t cut_frames = 0;  // that no batch has room for: their end is missing
  std::uint64_t batches = 0;
  std::uint64_t bytes = 0;  // of the batches
};

class Sensor {
 public:
  using Sink = std::function<void(SentBatch&&)>;

  Sensor(const SensorOptions& options, Sink sink);

  // The next packet of the capture.
  void take(const Record& record);
  // It is so late, and no packet before it will come: all that is open is sent, and said to who has nothing.
  void heartbeat(Timestamp now);
  // Nothing more comes, ever.
  void finish();

  [[nodiscard]] const SensorCounts& counts() const { return counts_; }

 private:
  // A batch that is still filled.
  struct Open {
    std::vector<std::uint8_t> body;
    std::uint32_t count = 0;
    std::int64_t first = 0;
    BatchRecord before;  // without what it borrowed
    std::uint64_t number = 0;
  };

  void take_packet(const Record& record, const DecodedPacket& packet, std::uint32_t part, bool alone);
  void take_frame(BatchRecord& record, unsigned partition, Bytes frame, std::uint32_t original_size);
  [[nodiscard]] bool moves_clock(Timestamp time);
  void send_old();
  void add(unsigned partition, const BatchRecord& record, std::size_t size_max);
  void send(unsigned partition, Batch::Kind kind = Batch::Kind::packets);
  [[nodiscard]] BatchRecord record_of(const Record& record, std::uint32_t part) const;

  SensorOptions options_;
  Sink sink_;
  Decoder decoder_;
  MergeTime time_;
  CaptureClock clock_;
  std::int64_t last_tick_ = -1;
  Timestamp last_;           // of the packet before
  int after_silence_ = 0;    // so many packets to come follow a silence closely
  std::int64_t oldest_ = 0;  // merged time since when something may be open
  std::uint64_t number_ = 0;
  std::vector<Open> open_;  // by partition
  std::vector<bool> told_;  // whether it was told of the packet at hand
  SensorCounts counts_;
};

}  // namespace cluster
}  // namespace restitch
