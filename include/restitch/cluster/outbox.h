// Outbox: brings a sensor's batches to the log, through a queue that takes them while the log does not. Where
// the queue keeps what was sent, it asks the checkpoints what the workers have taken in, and looks whether
// the log still has what it acknowledged: if it has not, all that is kept is sent again. Borrows log, ledger
// and queue. add() and the counts are for one thread, all else for another or the same one.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "restitch/cluster/batch_queue.h"
#include "restitch/cluster/ledger.h"
#include "restitch/cluster/packet_log.h"

namespace RESTITCH_API restitch {
namespace cluster {

struct OutboxCounts {
  std::uint64_t sent = 0;
  std::uint64_t failures = 0;      // calls of the log
  std::uint64_t lost = 0;          // batches that found no room, or not all of them were sent …
  std::string why;                 // … and why the last one did not
  std::uint64_t repeated = 0;      // so often the log had lost what it had acknowledged
  std::uint64_t waiting_size = 0;  // bytes in the queue
};

class Outbox {
 public:
  // What the log has to say of what comes next.
  enum class Sent { nothing, one, failed };

  Outbox(PacketLog& log, Ledger& ledger, BatchQueue& queue, SensorId sensor, unsigned partitions)
      : log_(log), ledger_(ledger), queue_(queue), sensor_(sensor), acknowledged_(partitions) {}

  // Puts a batch behind the others. False: there is no room, and it is lost.
  bool add(SentBatch&& batch);

  // Sends the next one. What failed is tried again.
  Sent send_one();
  // Why it failed.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  // About once a second: asks after some partitions, so that all have their turn.
  void care();
  // Says in the ledger what waits.
  void report();

  [[nodiscard]] bool empty();
  [[nodiscard]] OutboxCounts counts();

 private:
  // The last batch that the log acknowledged: where it should be, and its last bytes.
  struct Acknowledged {
    std::uint64_t sequence = 0;  // 0: none
    std::size_t size = 0;
    std::uint32_t crc = 0;
  };

  static Acknowledged place_of(std::uint64_t sequence, const std::vector<std::uint8_t>& bytes);
  void confirm(unsigned partition);
  [[nodiscard]] bool is_gone(unsigned partition);
  void send_again();

  PacketLog& log_;
  Ledger& ledger_;
  BatchQueue& queue_;
  SensorId sensor_;
  std::vector<Acknowledged> acknowledged_;  // by partition
  unsigned next_partition_ = 0;             // to be asked after
  std::string trouble_;
  std::mutex mutex_;  // guards queue and counts
  OutboxCounts counts_;
};

}  // namespace cluster
}  // namespace restitch
