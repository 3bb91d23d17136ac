// An engine that runs out of memory (failing_memory.h), in whichever of its threads: nothing ends but the
// call.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>

#include "faults/failing_memory.h"
#include "restitch/engine.h"
#include "unit/engine/engine_world.h"

namespace restitch::testing {
namespace {

constexpr unsigned shards = 3;
constexpr unsigned threads = 4;

// Tasks that need no memory: only the crew does.
class CountingTasks final : public detail::EngineTasks {
 public:
  void begin(unsigned count) override { made = count; }
  bool read(std::size_t /*slot*/) override { return ++chunks_read < chunks; }
  void run(unsigned /*shard*/, std::size_t /*slot*/) override { ++runs; }
  bool settle(std::size_t /*slot*/) override {
    ++settled;
    return true;
  }

  static constexpr unsigned chunks = 50;
  std::atomic<unsigned> made = 0;
  std::atomic<unsigned> chunks_read = 0;
  std::atomic<unsigned> runs = 0;
  std::atomic<unsigned> settled = 0;
};

TEST(OutOfMemoryOfACrew, IsToldBeforeAnythingIsReadOrCostsAThread) {
  const detail::EngineCrew crew(threads, shards);
  unsigned thrown = 0;
  unsigned short_of_threads = 0;
  for (const bool once : {true, false}) {
    for (std::uint64_t n = 0; n < 100; ++n) {
      SCOPED_TRACE("allocation " + std::to_string(n));
      CountingTasks tasks;
      bool throws = false;
      fail_after(n, once);
      try {
        crew.work(tasks);
      } catch (const std::bad_alloc&) {
        throws = true;
      }
      fail_never();
      if (throws) {
        ++thrown;
        ASSERT_EQ(tasks.chunks_read, 0u);
        continue;
      }
      ASSERT_EQ(tasks.settled, CountingTasks::chunks);
      ASSERT_EQ(tasks.runs, CountingTasks::chunks * shards);
      if (tasks.made < threads) ++short_of_threads;
    }
  }
  EXPECT_GT(thrown, 3u);
  EXPECT_GT(short_of_threads, 3u);
}

// Needs no memory either, so that what fails is the engine or its pool.
struct QuietStream {
  bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence>, bool&,
              AssemblerContext&) {
    return true;
  }
  void reassembled_sg(ScatterGather&, AssemblerContext&) {}
  bool reassembly_complete(AssemblerContext*, EndReason) { return true; }
};

struct QuietFactory {
  std::optional<QuietStream> create(const NetFlow&, TransportFlow, const TcpSegment&, AssemblerContext&) {
    return QuietStream();
  }
};

class EngineOutOfMemory : public ::testing::TestWithParam<unsigned> {
 protected:
  void TearDown() override { fail_never(); }

  // Reads a capture, flushes, and reads it again with all memory there is. Answers how many allocations there
  // were until then.
  std::uint64_t play(std::uint64_t fails_after, bool once) {
    EngineListener nobody;
    Engine<QuietStream, QuietFactory> engine({.threads = GetParam(), .shards = shards}, nobody,
                                             [](unsigned) { return std::make_unique<QuietFactory>(); });
    auto reader = open_source(std::make_unique<MemorySource>(file_, 500), {.buffer_size = 4'000});
    Decoder decoder;
    FeedCounts counts;
    const std::uint64_t before = allocations();
    fail_after(fails_after, once);
    const bool fed = succeeds([&] { engine.feed(**reader, decoder, counts); });
    const bool flushed = succeeds([&] { engine.flush_all(); });
    fail_never();
    const std::uint64_t taken = allocations() - before;
    if (!fed || !flushed) ++failures_;
    const PoolCounts first = engine.counts();
    EXPECT_TRUE(first.bytes[0].add_up() && first.bytes[1].add_up());
    if (fed) {
      EXPECT_EQ(counts.packets, packets_);
    }
    engine.flush_all();
    EXPECT_EQ(engine.counts().size.connections, 0u);
    reader = open_source(std::make_unique<MemorySource>(file_, 500), {.buffer_size = 4'000});
    FeedCounts again;
    engine.feed(**reader, decoder, again);
    EXPECT_EQ(again.packets, packets_) << "it reads on";
    return taken;
  }

  template <class Function>
  static bool succeeds(Function&& function) {
    try {
      function();
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  static constexpr unsigned connections = 6;
  const ByteVector file_ = mixed_capture(connections, 12);
  const std::uint64_t packets_ = [this] {
    FeedCounts counts;
    QuietFactory factory;
    BasicStreamPool<QuietStream, QuietFactory> pool(factory);
    BasicAssembler<QuietStream, QuietFactory> assembler(pool);
    feed(**open_source(std::make_unique<MemorySource>(file_, 500), {}), assembler, counts,
         [] { return true; });
    return counts.packets;
  }();
  unsigned failures_ = 0;
};

TEST_P(EngineOutOfMemory, ThreadsThrowItOnAndReadOnAfterwards) {
  ASSERT_GT(packets_, 50u);
  const std::uint64_t all = play(never, true);
  for (std::uint64_t n = 0; n < all && !HasFailure(); ++n) {
    SCOPED_TRACE("allocation " + std::to_string(n) + " of " + std::to_string(all));
    play(n, true);
    play(n, false);
  }
  EXPECT_GT(failures_, 10u);
}

INSTANTIATE_TEST_SUITE_P(With, EngineOutOfMemory, ::testing::Values(1, 3));

}  // namespace
}  // namespace restitch::testing
