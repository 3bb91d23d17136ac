// EngineChunk: some hundred records on their way from a reader to the shards, dealt out to them by a look at
// their headers. It owns what their bytes lie in until all shards have seen them. One thread fills it, then
// one for each shard decodes that shard's records, a few at a time, where it assembles them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <vector>

#include "restitch/feed.h"

namespace restitch::detail {

// Where the packets of a connection go (flow_hash.h).
unsigned shard_of(const NetFlow& net, TransportFlow ports, unsigned shards);

class EngineChunk {
 public:
  explicit EngineChunk(unsigned shards) : names_(shards) {}

  // Empty again, for what is read after so many other chunks and packets.
  void begin(std::uint64_t chunks, std::uint64_t packets);

  // Notes records, whose bytes live as long as the chunk is used, and deals them out. Those that take more
  // than a look, as fragments do, are decoded at once; of these, and only of these, those that hold no
  // segment are counted.
  void add(std::span<const Record> records, Decoder& decoder, FeedCounts& counts);

  // Of the records of one batch, which live for now only. The copies live until the next call.
  std::span<const Record> copy(std::span<const Record> records);

  // Enough to make the cost of a chunk small, and few enough to stay in a cache.
  [[nodiscard]] bool is_full() const { return records_.size() >= records_max; }

  // Names of the records of a shard, in order.
  [[nodiscard]] std::span<const std::uint32_t> names(unsigned shard) const { return names_[shard]; }

  // Decodes the named records, and counts what it finds.
  // Requires: names.size() is at most PacketBatch::size_max.
  void decode(std::span<const std::uint32_t> names, PacketBatch& batch, FeedCounts& counts) const;

  // Whether it is time to count after it. To count costs as much as some packets do: after few packets, which
  // others may not follow soon, it is always time.
  [[nodiscard]] bool wants_counts() const { return number_ % 16 == 0 || records_.size() < 32; }

  // The memory of its records, if their reader handed it over.
  [[nodiscard]] RecordMemory& memory() { return memory_; }

 private:
  static constexpr std::size_t records_max = 1024;
  // A name is the place of a record, or with this bit that of one in decoded_.
  static constexpr std::uint32_t is_decoded = std::uint32_t{1} << 31;

  struct Decoded {
    std::size_t place;
    DecodedPacket packet;
  };

  void add_decoded(std::size_t place, Decoder& decoder, FeedCounts& counts);

  std::uint64_t number_ = 0;
  std::uint64_t packets_before_ = 0;
  std::vector<Record> records_;
  std::vector<Decoded> decoded_;
  std::vector<std::vector<std::uint32_t>> names_;  // by shard
  RecordMemory memory_;
  std::list<Datagram> datagrams_;  // that came in fragments
  std::vector<Record> copies_;
  std::vector<std::uint8_t> copied_bytes_;
};

}  // namespace restitch::detail
