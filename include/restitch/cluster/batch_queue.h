// BatchQueue: where a sensor's batches wait for the log, in their order. MemoryQueue and Spool are two of
// them. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "restitch/cluster/sensor.h"
#include "restitch/output_folder.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {
namespace cluster {

class BatchQueue {
 public:
  virtual ~BatchQueue() = default;

  // Puts one behind the others. Error: io, there is no room for it; then it is not in the queue.
  virtual Result<void> add(SentBatch&& batch) = 0;
  // The one to be sent next, good until sent() or rewind(); nullptr: all were.
  virtual const SentBatch* next() = 0;
  // next() was.
  virtual void sent() = 0;

  // For a queue that keeps what was sent: all that it still has is to be sent again; and a checkpoint has
  // taken in what this partition was sent before that batch.
  [[nodiscard]] virtual bool keeps() const { return false; }
  virtual void rewind() {}
  virtual void confirm(std::uint16_t /*partition*/, std::uint32_t /*epoch*/, std::uint64_t /*number*/) {}

  // Where it keeps them; nullptr: in memory.
  [[nodiscard]] virtual const OutputFolder* folder() const { return nullptr; }
  // Bytes that it has.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
};

}  // namespace cluster
}  // namespace restitch
