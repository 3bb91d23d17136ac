// PacketLog: where sensors leave batches and workers find them: for each partition a sequence of messages,
// numbered from 1 without a hole, of which the oldest may have been taken away. Somebody else keeps it (NATS
// JetStream; Kafka would do, docs/decisions/0015). A call that fails may have done its work all the same: it
// is repeated, and an id makes that harmless for a while; workers know what comes again after that. One
// thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "restitch/packet.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {
namespace cluster {

struct LogMessage {
  std::uint64_t sequence = 0;
  std::vector<std::uint8_t> bytes;
};

// Which messages are there: [first, next). None: both are what the next one will be.
struct LogRange {
  std::uint64_t first = 1;
  std::uint64_t next = 1;
};

class PacketLog {
 public:
  virtual ~PacketLog() = default;

  // Appends a message, and answers its number. `id` names it: what has the id of one that came lately is not
  // appended again, and the number is that of the first one.
  virtual Result<std::uint64_t> publish(unsigned partition, std::string_view id, Bytes bytes) = 0;

  // The messages from `from` on, in order and without a hole, of some `size_max` bytes or at least one;
  // empty: there are none yet. Error: damaged, if `from` was taken away already; the message has the numbers.
  virtual Result<std::vector<LogMessage>> read(unsigned partition, std::uint64_t from,
                                               std::size_t size_max) = 0;

  virtual Result<LogRange> range(unsigned partition) = 0;

  // Nobody needs the messages before this one any more.
  virtual Result<void> trim(unsigned partition, std::uint64_t below) = 0;
};

}  // namespace cluster
}  // namespace restitch
