// EngineChunk: some hundred records on their way from a reader to the shards, dealt out to them by a look at
// their headers. It owns what their bytes lie in until all shards have seen them. One thread fills it, then
// one for each shard decodes that shard's records, a few at a time, where it assembles them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <vector>

#include "restitch/detail/flow_hash.h"
#include "restitch/detail/slab.h"
#include "restitch/feed.h"

namespace RESTITCH_API restitch {
namespace detail {

// Where the packets of a connection go (flow_hash.h).
inline unsigned shard_of(std::uint64_t flow_hash, std::size_t shards) {
  return static_cast<unsigned>(((flow_hash >> 32) * shards) >> 32);
}
unsigned shard_of(const NetFlow& net, TransportFlow ports, unsigned shards);

class EngineChunk {
 public:
  // A record, by the shard it falls to.
  struct Dealt {
    // Made where it stays, not copied there.
    Dealt(const Record& of, Elapsed now, std::uint32_t at, std::uint32_t packet)
        : record(of), elapsed(now), place(at), decoded(packet) {}

    Record record;
    Elapsed elapsed;        // of the engine's clock
    std::uint32_t place;    // of its frame among all of the chunk
    std::uint32_t decoded;  // number of its packet, if it was decoded already, or none
  };

  explicit EngineChunk(unsigned shards, FlowGroup together = FlowGroup::connection)
      : together_(together), dealt_(shards) {}

  // Empty again, for what is read after so many other chunks and frames (FeedCounts::frames()).
  void begin(std::uint64_t chunks, std::uint64_t frames);

  // Notes records, whose bytes live as long as the chunk is used, and deals them out. Those that take more
  // than a look, as fragments do, are decoded at once; of these, and only of these, the frames that hold no
  // segment are counted, and the frames that came with others in one record. `clock` observes all of them.
  void add(std::span<const Record> records, Decoder& decoder, CaptureClock& clock, FeedCounts& counts);

  // Of the records of one batch, which live for now only. The copies live until the next call.
  std::span<const Record> copy(std::span<const Record> records);

  // Enough to make the cost of a chunk small, and few enough to stay in a cache.
  [[nodiscard]] bool is_full() const { return frames_ >= frames_max; }

  // The records of a shard, in order. They lie side by side: they may come from the cache of another
  // processor, which loads ahead what is read in a row.
  [[nodiscard]] std::span<const Dealt> dealt(unsigned shard) const { return dealt_[shard]; }

  // What the clock said at the last record of all.
  [[nodiscard]] Elapsed elapsed() const { return elapsed_; }

  // Decodes some of these, and counts what it finds.
  // Requires: they are at most PacketBatch::size_max.
  void decode(std::span<const Dealt> some, PacketBatch& batch, FeedCounts& counts) const;

  // Whether it is time to count after it. To count costs as much as some packets do: after few packets, which
  // others may not follow soon, it is always time.
  [[nodiscard]] bool wants_counts() const { return number_ % 16 == 0 || frames_ < 32; }

  // The memory of its records, if their reader handed it over.
  [[nodiscard]] RecordMemory& memory() { return memory_; }

 private:
  static constexpr std::size_t frames_max = 1024;

  void add_decoded(const Record& record, Decoder& decoder, FeedCounts& counts);
  void deal_decoded(const Record& record, const DecodedPacket& packet, FeedCounts& counts);
  void deal(const Record& record, std::uint64_t hash, std::uint32_t decoded) {
    dealt_[shard_of(hash, dealt_.size())].emplace_back(record, elapsed_, frames_, decoded);
  }

  FlowGroup together_;  // what goes to one shard
  std::uint64_t number_ = 0;
  std::uint64_t frames_before_ = 0;
  std::uint32_t frames_ = 0;  // seen so far
  Elapsed elapsed_;
  std::vector<std::vector<Dealt>> dealt_;  // by shard
  std::vector<DecodedPacket> decoded_;
  RecordMemory memory_;
  std::list<Datagram> datagrams_;  // that came in fragments
  std::vector<Record> copies_;
  std::vector<std::uint8_t> copied_bytes_;
};

}  // namespace detail
}  // namespace restitch
