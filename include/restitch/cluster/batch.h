// Batch: what a sensor sends to one partition in one message of the log: packets, marks of time, and how far
// the sensor is. encode_batch() and decode_batch() are its form on the way:
//
//     "RSTB" version kind flags 0 | sensor epoch number | partition, of how many | first, last, watermark |
//     count of records | size of the body | the body, records or a zstd frame of them | CRC32C of all before
//     it
//
// Fixed numbers lie lowest byte first. A record is a kind and a few varints, told from the record before it,
// and then the bytes of its packet. Any bytes may be given to decode_batch(): what is no batch is an Error,
// and nothing else. A decoded batch owns what its records borrow. Values; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "restitch/capture.h"
#include "restitch/packet.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {
namespace cluster {

// A sensor's number in its cluster, from 1. 0: whoever runs the cluster.
using SensorId = std::uint16_t;

// The place of a frame among all frames of all sensors. Those of one sensor keep their order, whatever their
// times; `merged` is the latest time that the sensor has seen up to there (merge_time.h).
struct PacketOrder {
  std::int64_t merged = 0;
  SensorId sensor = 0;
  std::uint64_t number = 0;  // of the packet in its sensor, from 1
  std::uint32_t part = 0;    // of the frame in the packet

  friend auto operator<=>(const PacketOrder&, const PacketOrder&) = default;
};

// A segment that its sensor had to find: of a datagram in fragments, or one of several frames in a packet.
// Its domain is told by the ids that it stands for, as numbers for them differ.
struct BatchSegment {
  DecodedPacket decoded;
  std::vector<std::uint64_t> domain_ids;
};

// One packet on its way to a partition, or only that it came. Borrows bytes and segment.
struct BatchRecord {
  enum class Kind : std::uint8_t {
    tick,     // a packet of another partition, or of no connection, that moves the clock
    frame,    // as captured, of which decode() finds the segment
    segment,  // found by the sensor
  };
  Kind kind = Kind::tick;
  std::int64_t merged = 0;
  std::uint32_t part = 0;
  CaptureInfo info;
  LinkType link_type = LinkType::ethernet;
  Bytes frame;                            // of a frame
  const BatchSegment* segment = nullptr;  // of a segment
};

struct Batch {
  static constexpr std::uint8_t version = 1;
  // No batch is larger, but for one with a single packet that is.
  static constexpr std::size_t size_max = std::size_t{64} << 10;
  static constexpr std::size_t frame_size_max = std::size_t{256} << 10;
  static constexpr std::size_t header_size = 58;

  enum class Kind : std::uint8_t {
    packets,   // records, or none: then it says only that its sensor is there, and how far
    gone,      // the last one of a sensor: nothing of it is waited for any more
    announce,  // by whoever runs the cluster: this sensor will come, and is waited for
    lost,      // the same: it will not come back
    end,       // the same: connections that are open end here
  };
  Kind kind = Kind::packets;
  SensorId sensor = 0;
  std::uint32_t epoch = 0;
  std::uint64_t number = 0;  // among those of its sensor, epoch and partition, from 0; of the first two kinds
  std::uint16_t partition = 0;
  std::uint16_t partitions = 0;
  std::int64_t first = 0;  // merged times of its records
  std::int64_t last = 0;
  std::int64_t watermark = 0;  // no later batch of the sensor has a merged time below this
  std::vector<BatchRecord> records;

  // Whether it has a place among those of its sensor.
  [[nodiscard]] bool is_numbered() const { return kind == Kind::packets || kind == Kind::gone; }
  // What no two batches share: "3.1.p7.42".
  [[nodiscard]] std::string id() const;

  // Once it is decoded: what its records borrow, besides the bytes that were given.
  std::list<BatchSegment> segments;
  std::vector<std::uint8_t> memory;
};

// Appends a record to the body of a batch; `before` is the record before it, or a fresh one.
void append_record(std::vector<std::uint8_t>& body, const BatchRecord& before, const BatchRecord& record);

// A batch of `count` records that lie in `body`, whatever batch.records has. Requires: frames of at most
// frame_size_max.
std::vector<std::uint8_t> encode_batch(const Batch& batch, Bytes body, std::uint32_t count, bool compress);
// The same of batch.records.
std::vector<std::uint8_t> encode_batch(const Batch& batch, bool compress = false);

// Its records borrow from `bytes`, or from its own memory. Errors: damaged (with what is wrong), unsupported
// (another version).
Result<Batch> decode_batch(Bytes bytes);
// The same without its records, of which only the CRC is looked at.
Result<Batch> decode_batch_head(Bytes bytes);

}  // namespace cluster
}  // namespace restitch
