// Engine: feed() with several threads. Connections are dealt out to a fixed number of shards, each with a
// pool, an assembler and a factory of its own, by a hash of addresses and ports; threads take up whatever
// there is to do: one reads and deals records out, the others decode and assemble what is a shard's. What
// each shard sees, and in which order, depends on the capture alone: so does all that is delivered, whatever
// the number of threads.
//
// Calls of one shard, and so of one connection, never run at the same time and are in order; they come from
// any of the threads. Calls of different shards do run at the same time: what their streams share, they have
// to lock. The Engine itself belongs to the thread that made it. It owns pools and factories, and borrows
// the listener.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "restitch/detail/engine_chunk.h"
#include "restitch/detail/engine_crew.h"
#include "restitch/detail/require.h"
#include "restitch/feed.h"

namespace RESTITCH_API restitch {

struct EngineOptions {
  // More give more threads something to do; fewer keep more packets together.
  static constexpr unsigned usual_shards = 8;

  // 0 of either counts as 1.
  unsigned threads = 1;  // the caller's is one of them; more than shards + 1, or than can be made, do nothing
  unsigned shards = usual_shards;
  // All connections between two hosts go to one shard, where one may tell of another, as FTP's do. Fewer
  // threads have something to do where few hosts talk.
  bool hosts_together = false;
  // Of all shards together: each gets its share of the limits on all connections. So a sender who picks
  // addresses and ports that fall into one shard takes away that share, and what several threads are good
  // for, and no more.
  PoolOptions pool{};
  AssemblerOptions assembler{};
};

// What the pools count and hold, together.
struct PoolCounts {
  std::array<ByteCounts, 2> bytes{};  // by TcpFlowDirection
  EventCounts events{};
  LimitCounts limits{};
  PoolSize size;

  PoolCounts& operator+=(const PoolCounts& other);
};

template <class Pool>
PoolCounts counts_of(const Pool& pool) {
  return {{pool.byte_counts(TcpFlowDirection::client_to_server),
           pool.byte_counts(TcpFlowDirection::server_to_client)},
          pool.event_counts(),
          pool.limit_counts(),
          pool.size()};
}

// Who wants to know how far an Engine is. The calls come from any of its threads, each kind of call one at
// a time (part_done: one at a time for each shard). A chunk is some hundred packets; its slot is a small
// number that is its own until chunk_done() returns.
class EngineListener {
 public:
  virtual ~EngineListener() = default;

  // So many threads begin to work: fewer than asked for where the system gave no more. Nothing was read yet,
  // and nothing is if this throws.
  virtual void work_begins(unsigned /*threads*/) {}
  // A chunk was read. Reader, decoder and counts may be looked at (of segments, the counts are those of a few
  // thousand packets ago). False: no more is read.
  virtual bool chunk_read() { return true; }
  // A shard has seen its packets of a chunk. What belongs to the shard may be looked at.
  virtual void part_done(unsigned /*shard*/, std::size_t /*slot*/) {}
  // All shards have seen all packets up to and including this chunk's. In order. False: no more is read.
  virtual bool chunk_done(std::size_t /*slot*/) { return true; }
};

namespace detail {

// The threads of an Engine, and all else of it that does not depend on the type of the streams.
class EngineBase : private EngineTasks {
 public:
  // Feeds all records of `reader` to the shards, then answers how the input ended. Does not flush:
  // connections may go on in the next input. `decoder` keeps the fragments that wait for it. The first
  // exception of a callback stops everything and is thrown on here; packets that were read with the one that
  // caused it are lost, and flush_all() still tells what the pools hold.
  const CaptureEnd& feed(CaptureReader& reader, Decoder& decoder, FeedCounts& counts);

  // flush_all() of each assembler, by all threads. The first exception of a callback ends it and is thrown on
  // here; another flush_all() tells the rest, and feed() goes on as before.
  void flush_all(EndReason reason = EndReason::flush);

  // While feed() runs, as of a few thousand packets ago; else of all packets. Any thread.
  [[nodiscard]] PoolCounts counts() const;

  // A listener's slots are below this, and its shards.
  [[nodiscard]] std::size_t slots() const { return crew_.slots(); }
  [[nodiscard]] unsigned shards() const { return crew_.shards(); }

 protected:
  EngineBase(const EngineOptions& options, EngineListener& listener);
  ~EngineBase() = default;

  virtual void assemble(unsigned shard, std::span<const AssemblerPacket> packets) = 0;
  virtual void advance(unsigned shard, Elapsed elapsed) = 0;
  virtual void flush(unsigned shard, EndReason reason) = 0;
  virtual void count(unsigned shard, PoolCounts& counts) const = 0;

 private:
  // What a shard decodes with. Apart, so that two shards share no cache line.
  struct alignas(128) Intake {
    PacketBatch batch;
    FeedCounts counts;  // since they were noted last
    std::optional<MirrorCopies> copies;
  };

  void begin(unsigned threads) final;
  bool read(std::size_t slot) final;
  void run(unsigned shard, std::size_t slot) final;
  bool settle(std::size_t slot) final;
  void take_in(unsigned shard, const EngineChunk& chunk);
  void note_counts(unsigned shard);
  void take_counts();
  void look_for_copies(std::int64_t window_ns);

  EngineListener& listener_;
  EngineCrew crew_;
  std::vector<EngineChunk> chunks_;  // by slot
  std::vector<Intake> intakes_;      // by shard
  CaptureClock clock_;               // one for all shards: they age alike, whatever falls to each
  std::int64_t copies_window_ns_ = 0;
  mutable std::mutex counts_mutex_;
  std::vector<PoolCounts> counts_;  // by shard
  FeedCounts decoded_;              // by all shards, and not taken yet
  std::uint64_t chunks_read_ = 0;
  // The job at hand.
  CaptureReader* reader_ = nullptr;
  Decoder* decoder_ = nullptr;
  FeedCounts* fed_ = nullptr;
  bool keeps_ = false;  // the reader does, until it hands over
  bool copies_ = false;
  std::optional<EndReason> flushing_;
};

// The limits of one of several pools that share them. Requires: shards > 0.
PoolOptions share_of(PoolOptions options, unsigned shards);
AssemblerOptions share_of(AssemblerOptions options, unsigned shards);

}  // namespace detail

// A factory that wants to see the packets of its shard once they are taken in, whether a stream was shown
// them or not, how much time has passed, and that all connections are flushed.
template <class F>
concept LooksBehind = requires(F& factory, std::span<const AssemblerPacket> packets, Elapsed elapsed) {
  {factory.look_at(packets)};
  {factory.advance(elapsed)};
  {factory.finish()};
};

// `Factory` makes streams of type S, as for BasicStreamPool; for virtual streams these are StreamFactory and
// StreamHandle.
template <StreamType S, class Factory>
class Engine final : public detail::EngineBase {
 public:
  // `make_factory(shard)` answers a std::unique_ptr<Factory> for each shard. Requires: none is null.
  template <class MakeFactory>
  Engine(const EngineOptions& options, EngineListener& listener, MakeFactory&& make_factory)
      : EngineBase(options, listener) {
    const PoolOptions pool = detail::share_of(options.pool, shards());
    const AssemblerOptions assembler = detail::share_of(options.assembler, shards());
    for (unsigned i = 0; i < shards(); ++i) {
      shards_.push_back(std::make_unique<Shard>(make_factory(i), pool, assembler));
    }
  }

  // Requires: shard < shards().
  [[nodiscard]] Factory& factory(unsigned shard) {
    RESTITCH_REQUIRE(shard < shards(), "a shard's number is below shards()");
    return *shards_[shard]->factory;
  }

 private:
  struct Shard {
    Shard(std::unique_ptr<Factory> made, const PoolOptions& pool_options,
          const AssemblerOptions& assembler_options)
        : factory(std::move(made)),
          pool(checked(factory), pool_options),
          assembler(pool, assembler_options) {}

    static Factory& checked(const std::unique_ptr<Factory>& factory) {
      RESTITCH_REQUIRE(factory != nullptr, "each shard of an engine needs a factory");
      return *factory;
    }

    std::unique_ptr<Factory> factory;
    BasicStreamPool<S, Factory> pool;
    BasicAssembler<S, Factory> assembler;
  };

  void assemble(unsigned shard, std::span<const AssemblerPacket> packets) override {
    shards_[shard]->assembler.assemble(packets);
    if constexpr (LooksBehind<Factory>) shards_[shard]->factory->look_at(packets);
  }
  void advance(unsigned shard, Elapsed elapsed) override {
    shards_[shard]->assembler.advance(elapsed);
    if constexpr (LooksBehind<Factory>) shards_[shard]->factory->advance(elapsed);
  }
  void flush(unsigned shard, EndReason reason) override {
    shards_[shard]->assembler.flush_all(reason);
    if constexpr (LooksBehind<Factory>) shards_[shard]->factory->finish();
  }
  void count(unsigned shard, PoolCounts& counts) const override { counts = counts_of(shards_[shard]->pool); }

  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace restitch
