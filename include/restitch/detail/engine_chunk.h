// EngineChunk: some hundred packets on their way from a reader to the shards, decoded, and laid apart by
// shard. It owns what their bytes lie in until all shards have seen them. One thread fills it, then one for
// each shard reads that shard's part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <utility>
#include <vector>

#include "restitch/feed.h"

namespace restitch::detail {

// Where the packets of a connection go, both directions and every copy of it on another VLAN or in another
// tunnel alike: names of files, for one, do not tell those apart. Always the same for the same addresses and
// ports.
unsigned shard_of(const NetFlow& net, TransportFlow ports, unsigned shards);

class EngineChunk {
 public:
  explicit EngineChunk(unsigned shards) : parts_(shards) {}

  void clear();

  // Decodes records whose bytes live as long as the chunk is used.
  void add(std::span<const Record> records, Decoder& decoder, FeedCounts& counts);

  // Of the records of one batch, which live for now only. The copies live until the next call.
  std::span<const Record> copy(std::span<const Record> records);

  // Enough to make the cost of a chunk small, and few enough to stay in a cache.
  [[nodiscard]] bool is_full() const { return packets_ >= packets_max; }

  // What a shard gets, in order.
  std::span<const AssemblerPacket> part(unsigned shard);

  // The memory of its records, if their reader handed it over.
  [[nodiscard]] RecordMemory& memory() { return memory_; }

 private:
  static constexpr std::size_t packets_max = 1024;

  struct Part {
    std::vector<AssemblerPacket> packets;
    std::vector<PacketContext> contexts;
  };
  std::vector<Part> parts_;
  std::vector<std::pair<Part*, std::size_t>> places_;  // of the packets added last
  std::size_t packets_ = 0;
  RecordMemory memory_;
  std::list<Datagram> datagrams_;  // that came in fragments
  std::vector<Record> copies_;
  std::vector<std::uint8_t> copied_bytes_;
};

}  // namespace restitch::detail
