// Checkpoints: what a worker leaves behind of a partition so that another one goes on as if nothing had
// happened. The head is a small value of the ledger and the truth: what it does not name was never done. The
// state is all that the log does not bring back: what is left of dead connections, and where reading has to
// begin so that the open ones come back with their packets. encode and decode are their form in the ledger;
// decoding takes any bytes. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "restitch/capture_clock.h"
#include "restitch/cluster/release_order.h"
#include "restitch/detail/tombstones.h"

namespace RESTITCH_API restitch {
namespace cluster {

// Ends of a connection where something goes on at the cut.
struct LiveEnds {
  detail::FlowKey key;
  PacketOrder start;                        // the first packet that has to be fed again
  std::uint64_t released = 0;               // by this message
  std::uint64_t behind = 0;                 // bytes of the messages from there to the cut
  std::optional<detail::Tombstone> before;  // what was left of a dead connection then
  std::optional<PacketOrder> open;          // the packet that made the connection, if there is one
};

struct CheckpointState {
  std::uint64_t cut = 1;   // the message to be read next
  std::uint64_t from = 1;  // reading begins here, with these:
  OrderState order;
  CaptureClock::State clock;
  SensorId clock_sensor = 0;       // of the packet that it observed last …
  std::uint64_t clock_number = 0;  // … and its number
  // As of the cut.
  std::vector<std::vector<std::uint64_t>> domains;  // by number, from 1
  std::vector<LiveEnds> live;
  std::vector<detail::Tombstone> tombstones;
};

std::vector<std::uint8_t> encode_state(const CheckpointState& state);
// Errors: damaged, unsupported (another version, or a machine with another order of bytes).
Result<CheckpointState> decode_state(Bytes bytes);

// A message that is no batch of this cluster.
struct SetAside {
  std::uint64_t sequence = 0;
  std::string why;

  friend bool operator==(const SetAside&, const SetAside&) = default;
};

// What was counted up to the cut.
struct PartitionCounts {
  std::uint64_t messages = 0;
  std::uint64_t packets = 0;      // that were fed
  std::uint64_t undecodable = 0;  // records without a segment
  std::uint64_t connections = 0;  // that ended
  std::uint64_t duplicates = 0;   // batches that came before
  std::uint64_t missing = 0;      // batches that were given up
  std::uint64_t set_aside = 0;

  friend bool operator==(const PartitionCounts&, const PartitionCounts&) = default;
};

struct CheckpointHead {
  static constexpr std::size_t set_aside_max = 16;  // that are named: the latest

  std::uint16_t partition = 0;
  std::uint16_t partitions = 0;
  std::uint64_t cut = 1;
  std::uint64_t mark = 1;  // no message before it is needed
  std::string owner;
  bool ended = false;  // the last message said that all connections end
  // Where the state is: so many values of the ledger, and their CRC32C together. 0: there is none yet.
  std::string state;
  std::uint32_t state_parts = 0;
  std::uint32_t state_crc = 0;
  std::string segment;     // the last one; each names the one before it
  std::uint64_t open = 0;  // connections
  std::uint64_t tombstones = 0;
  PartitionCounts counts;
  std::vector<SetAside> set_aside;
  std::vector<SensorPosition> sensors;

  friend bool operator==(const CheckpointHead&, const CheckpointHead&) = default;
};

std::vector<std::uint8_t> encode_head(const CheckpointHead& head);
Result<CheckpointHead> decode_head(Bytes bytes);

// Its key in the ledger: "p3".
std::string head_key(unsigned partition);

}  // namespace cluster
}  // namespace restitch
