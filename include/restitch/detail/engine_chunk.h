// EngineChunk: some hundred packets on their way from a reader to the shards, decoded, and dealt out to
// the shards. It owns what their bytes lie in until all shards have seen them. One thread fills it, then one
// for each shard reads that shard's packets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <vector>

#include "restitch/feed.h"

namespace restitch::detail {

// Where the packets of a connection go, both directions and every copy of it on another VLAN or in another
// tunnel alike: names of files, for one, do not tell those apart. Always the same for the same addresses and
// ports.
unsigned shard_of(const NetFlow& net, TransportFlow ports, unsigned shards);

class EngineChunk {
 public:
  explicit EngineChunk(unsigned shards) : places_(shards) {}

  // Empty again, for what is read after `number` other chunks.
  void begin(std::uint64_t number);

  // Decodes records whose bytes live as long as the chunk is used.
  void add(std::span<const Record> records, Decoder& decoder, FeedCounts& counts);

  // Of the records of one batch, which live for now only. The copies live until the next call.
  std::span<const Record> copy(std::span<const Record> records);

  // Enough to make the cost of a chunk small, and few enough to stay in a cache.
  [[nodiscard]] bool is_full() const { return records_ >= records_max; }

  [[nodiscard]] std::span<const AssemblerPacket> packets() const { return batch_.packets(); }

  // Where those of a shard lie in packets(), in order.
  [[nodiscard]] std::span<const std::uint32_t> places(unsigned shard) const { return places_[shard]; }

  // Whether it is time to count after it. To count costs as much as some packets do: after few packets, which
  // others may not follow soon, it is always time.
  [[nodiscard]] bool wants_counts() const { return number_ % 16 == 0 || packets().size() < 32; }

  // The memory of its records, if their reader handed it over.
  [[nodiscard]] RecordMemory& memory() { return memory_; }

 private:
  static constexpr std::size_t records_max = 1024;

  PacketBatch batch_;
  std::vector<std::vector<std::uint32_t>> places_;  // by shard
  std::uint64_t number_ = 0;
  std::size_t records_ = 0;
  RecordMemory memory_;
  std::list<Datagram> datagrams_;  // that came in fragments
  std::vector<Record> copies_;
  std::vector<std::uint8_t> copied_bytes_;
};

}  // namespace restitch::detail
