// ReleaseOrder: from the messages of a partition to the packets of all its sensors in one order, that of
// their merged times. It restores the order of each sensor's own batches, leaves out what comes again, and
// holds back what another sensor may still precede: a packet is released once no sensor that is there can
// send an earlier one. What comes out, and after which message, depends on the messages alone. It owns the
// messages it holds. One thread.
//
//     message ─▶ held (a batch before it is missing) ─▶ ready (in its sensor's order) ─▶ next_run()
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "restitch/cluster/batch.h"
#include "restitch/cluster/packet_log.h"

namespace RESTITCH_API restitch {
namespace cluster {

// Where a sensor stands, as far as a partition knows.
struct SensorPosition {
  SensorId sensor = 0;
  std::uint32_t epoch = 0;
  std::uint64_t next = 0;  // number of the batch to come
  std::int64_t watermark = std::numeric_limits<std::int64_t>::min();
  bool gone = false;

  friend bool operator==(const SensorPosition&, const SensorPosition&) = default;
};

// A ReleaseOrder without the messages that it holds, which are named: enough to make it again.
struct OrderState {
  struct Ready {
    std::uint64_t sequence = 0;
    std::uint64_t next = 0;  // record
  };
  struct Sensor {
    SensorPosition position;
    std::vector<Ready> ready;
    std::vector<std::uint64_t> held;  // by sequence
  };
  std::vector<Sensor> sensors;

  // The lowest message that it names, or `otherwise`.
  [[nodiscard]] std::uint64_t lowest(std::uint64_t otherwise) const;
};

class ReleaseOrder {
 public:
  // A batch that is missing is given up when so many later ones of its sensor are there.
  explicit ReleaseOrder(std::size_t held_max = 64) : held_max_(held_max) {}

  // What a message meant, besides its packets.
  struct Taken {
    bool duplicate = false;     // it came before, or too late
    std::uint64_t missing = 0;  // so many batches were given up
    bool end = false;           // Batch::Kind::end
  };
  // Requires: `batch` was decoded from the bytes of `message`.
  Taken take(LogMessage&& message, Batch&& batch);

  // Packets of one sensor that are due now, in order; good until the next call. Empty: the rest has to wait.
  struct Run {
    SensorId sensor = 0;
    std::span<const BatchRecord> records;
  };
  Run next_run();

  [[nodiscard]] OrderState state() const;
  // Makes it again. `fetch(sequence)` answers a message of the log.
  using Fetch = std::function<Result<LogMessage>(std::uint64_t sequence)>;
  Result<void> restore(const OrderState& state, const Fetch& fetch);

  [[nodiscard]] std::vector<SensorPosition> positions() const;
  // Bytes of the messages that wait.
  [[nodiscard]] std::size_t waiting_size() const { return waiting_size_; }

 private:
  struct Entry {
    LogMessage message;
    Batch batch;
    std::size_t next = 0;  // record to be released
  };
  struct Sensor {
    SensorPosition position;
    std::deque<std::unique_ptr<Entry>> ready;
    std::map<std::uint64_t, std::unique_ptr<Entry>> held;  // by number
  };
  // What a packet is compared with: its merged time, and its sensor.
  using Place = std::pair<std::int64_t, SensorId>;

  void accept(Sensor& sensor, std::unique_ptr<Entry> entry);
  void accept_held(Sensor& sensor);
  std::uint64_t give_up(Sensor& sensor);
  Taken end();
  Taken take_numbered(std::unique_ptr<Entry> entry);
  static Place place_of(const Sensor& sensor);
  Result<std::unique_ptr<Entry>> fetched(std::uint64_t sequence, const Fetch& fetch);

  std::size_t held_max_;
  std::map<SensorId, Sensor> sensors_;
  std::unique_ptr<Entry> released_;  // what the last run borrows
  std::size_t waiting_size_ = 0;
};

}  // namespace cluster
}  // namespace restitch
