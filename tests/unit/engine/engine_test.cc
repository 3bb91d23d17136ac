// The same story whatever the number of threads.
#include "restitch/engine.h"

#include <gmock/gmock.h>

#include <numeric>
#include <stdexcept>

#include "unit/engine/engine_world.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr unsigned connections = 60;
constexpr unsigned segments = 80;

std::unique_ptr<CaptureReader> reader_of(const ByteVector& file, bool lends = false) {
  // A small buffer, so that there are many chunks of it.
  auto opened = open_source(std::make_unique<MemorySource>(file, 5000), {.buffer_size = 20'000});
  if (lends) return std::make_unique<LendingReader>(std::move(*opened));
  return std::move(*opened);
}

struct Outcome {
  Story story;
  FeedCounts fed;
  PoolCounts before_flush;
  PoolCounts pool;
};

Outcome play(const ByteVector& file, EngineOptions options, bool lends = false,
             EngineListener&& listener = EngineListener(), std::int64_t copies_window_ns = 0) {
  Engine<StoryStream, StoryFactory> engine(options, listener,
                                           [](unsigned) { return std::make_unique<StoryFactory>(); });
  const auto reader = reader_of(file, lends);
  Decoder decoder({.copies_window_ns = copies_window_ns});
  Outcome outcome;
  engine.feed(*reader, decoder, outcome.fed);
  outcome.before_flush = engine.counts();
  engine.flush_all(EndReason::end_of_input);
  outcome.pool = engine.counts();
  for (unsigned shard = 0; shard < engine.shards(); ++shard) {
    for (const auto& [port, story] : engine.factory(shard).story) {
      EXPECT_TRUE(outcome.story.emplace(port, story).second) << "a connection in two shards";
    }
  }
  return outcome;
}

Story play_alone(const ByteVector& file, const PoolOptions& options = {}) {
  StoryFactory factory;
  BasicStreamPool<StoryStream, StoryFactory> pool(factory, options);
  BasicAssembler<StoryStream, StoryFactory> assembler(pool);
  const auto reader = reader_of(file);
  FeedCounts counts;
  feed(*reader, assembler, counts, [] { return true; });
  assembler.flush_all(EndReason::end_of_input);
  return factory.story;
}

TEST(Engine, TellsEachConnectionWhatFeedTellsItWithAnyNumberOfThreads) {
  const ByteVector file = mixed_capture(connections, segments);
  const Story alone = play_alone(file);
  ASSERT_THAT(alone, SizeIs(connections));
  for (const unsigned threads : {1U, 2U, 3U, 8U}) {
    for (const bool lends : {false, true}) {
      EXPECT_EQ(play(file, {.threads = threads}, lends).story, alone) << threads << " " << lends;
    }
  }
}

TEST(Engine, GivesTheSameAtLimitsWithAnyNumberOfThreads) {
  const ByteVector file = mixed_capture(connections, segments);
  EngineOptions options;
  options.pool.limits.total_bytes_max = 8 * 600;
  options.pool.limits.connections_max = 40;
  options.assembler.max_buffered_pages_total(16);
  options.threads = 1;
  const Outcome one = play(file, options);
  EXPECT_NE(one.story, play_alone(file)) << "the limits act";
  EXPECT_GT(one.pool.limits[static_cast<std::size_t>(Limit::connections)], 0u);
  for (const unsigned threads : {2U, 3U, 8U}) {
    options.threads = threads;
    EXPECT_EQ(play(file, options).story, one.story) << threads;
  }
}

TEST(Engine, AgesAllShardsByOneClockAsFeedAgesOnePool) {
  const ByteVector file = mixed_capture(connections, segments);
  for (const Ageing& ageing : {Ageing{.idle_ns = 500'000'000}, Ageing{.hole_ns = 500'000'000}}) {
    EngineOptions options;
    options.pool.ageing = ageing;
    const Story alone = play_alone(file, options.pool);
    EXPECT_NE(alone, play_alone(file)) << "something ends by its age";
    for (const unsigned shards : {1U, 3U, 8U}) {
      for (const unsigned threads : {1U, 2U, 8U}) {
        options.shards = shards;
        options.threads = threads;
        EXPECT_EQ(play(file, options).story, alone) << shards << " " << threads;
      }
    }
  }
}

TEST(Engine, CountsWhatAllShardsCount) {
  const ByteVector file = mixed_capture(connections, segments);
  for (const unsigned threads : {1U, 3U}) {
    const Outcome outcome = play(file, {.threads = threads});
    ByteCounts bytes = outcome.pool.bytes[0];
    bytes += outcome.pool.bytes[1];
    EXPECT_TRUE(bytes.add_up());
    EXPECT_GT(bytes.delivered, 0u);
    EXPECT_EQ(outcome.before_flush.bytes[0].seen + outcome.before_flush.bytes[1].seen, bytes.seen);
    EXPECT_EQ(outcome.fed.packets, outcome.fed.segments);
    EXPECT_EQ(outcome.pool.size.connections, 0u);
    EXPECT_GT(outcome.pool.events[static_cast<std::size_t>(EventKind::gap)], 0u);
  }
}

// A capture with a bit of everything that is counted.
ByteVector odd_capture() {
  PcapBuilder file(Order::little, {});
  std::uint32_t ticks = 0;
  const auto add = [&](const Frame& frame, std::size_t cut = 0) {
    const std::string_view bytes(reinterpret_cast<const char*>(frame.data()), frame.size());
    file.record(1'600'000'000, ticks++, bytes.substr(0, frame.size() - cut),
                static_cast<std::uint32_t>(frame.size()));
  };
  for (std::uint16_t port = 10'000; port < 10'300; ++port) {
    const FrameBuilder syn = frame_of(port).ip_id(port).seq(0).flags(TcpFlag::syn);
    const FrameBuilder data = frame_of(port).ip_id(port).seq(1).ack(5).payload("hello");
    add(syn.build());
    add(data.build(), port % 7 == 0 ? 2 : 0);
    if (port % 5 == 0) add(data.build(), port % 7 == 0 ? 2 : 0);  // a second time
    if (port % 11 == 0) add(data.build(), 25);                    // within the header
    add(frame_of(port).ip_payload(17, Frame(20)).build());
    add(Frame(30));
  }
  return file.bytes;
}

TEST(Engine, CountsPacketsAsFeedDoes) {
  const ByteVector file = odd_capture();
  const auto counts_of_feed = [&] {
    StoryFactory factory;
    BasicStreamPool<StoryStream, StoryFactory> pool(factory);
    BasicAssembler<StoryStream, StoryFactory> assembler(pool);
    Decoder decoder({.copies_window_ns = 1'000'000});
    FeedCounts counts;
    feed(*reader_of(file), decoder, assembler, counts, [] { return true; });
    return counts;
  };
  const FeedCounts expected = counts_of_feed();
  EXPECT_EQ(expected.copies, 60u);
  EXPECT_GT(expected.cut_segments, 0u);
  EXPECT_LT(expected.segments, expected.packets);
  for (const unsigned threads : {1U, 2U, 3U}) {
    const FeedCounts counts = play(file, {.threads = threads}, false, EngineListener(), 1'000'000).fed;
    EXPECT_EQ(counts.packets, expected.packets);
    EXPECT_EQ(counts.bytes, expected.bytes);
    EXPECT_EQ(counts.segments, expected.segments);
    EXPECT_EQ(counts.cut_segments, expected.cut_segments);
    EXPECT_EQ(counts.copies, expected.copies);
    EXPECT_EQ(counts.dropped, expected.dropped);
    EXPECT_EQ(counts.first, expected.first);
    EXPECT_EQ(counts.last, expected.last);
  }
}

// Wireless frames that hold up to a hundred others, of several conversations: segments, ARP, nothing.
ByteVector aggregated_capture() {
  PcapBuilder file(Order::little, {.link_type = 105});
  for (std::uint32_t i = 0; i < 40; ++i) {
    Frame frame(26);
    frame[0] = 0x88;
    frame[24] = 0x80;
    for (std::uint32_t k = 0; k < (i % 4 == 3 ? 100 : i % 4); ++k) {
      const auto port = static_cast<std::uint16_t>(10'001 + 3 * (k % 5));
      Frame one = join({{0xaa, 0xaa, 3, 0, 0, 0, 8, 0},
                        frame_of(port).vlan(7).seq(i * 100 + k).flags(TcpFlag::ack).payload("x").build_ip()});
      if (k % 7 == 6) one = Frame(20, 1);
      put(frame, Frame(12, 2));
      put_be16(frame, static_cast<std::uint32_t>(one.size()));
      put(frame, one);
      while (frame.size() % 4 != 2) frame.push_back(0);
    }
    file.record(1'600'000'000, i,
                std::string_view(reinterpret_cast<const char*>(frame.data()), frame.size()));
  }
  return file.bytes;
}

TEST(Engine, TakesEveryFrameOfAnAggregate) {
  const ByteVector file = aggregated_capture();
  StoryFactory factory;
  BasicStreamPool<StoryStream, StoryFactory> pool(factory);
  BasicAssembler<StoryStream, StoryFactory> assembler(pool);
  FeedCounts alone;
  feed(*reader_of(file), assembler, alone, [] { return true; });
  assembler.flush_all(EndReason::end_of_input);
  EXPECT_EQ(alone.packets, 40u);
  EXPECT_EQ(alone.subframes, 10u * (0 + 1 + 99));
  EXPECT_EQ(alone.frames(), std::accumulate(alone.dropped.begin(), alone.dropped.end(), std::uint64_t{0}));
  EXPECT_EQ(alone.segments, 10u * (1 + 2 + 86));
  for (const bool lends : {false, true}) {
    for (const unsigned threads : {1U, 3U}) {
      const Outcome outcome = play(file, {.threads = threads}, lends);
      EXPECT_EQ(outcome.story, factory.story);
      EXPECT_EQ(outcome.fed.packets, alone.packets);
      EXPECT_EQ(outcome.fed.subframes, alone.subframes);
      EXPECT_EQ(outcome.fed.segments, alone.segments);
      EXPECT_EQ(outcome.fed.dropped, alone.dropped);
    }
  }
}

TEST(Engine, TakesFramesWithoutAByte) {
  PcapBuilder file(Order::little, {});
  for (std::uint32_t i = 0; i < 100; ++i) file.record(1'600'000'000, i, "");
  for (const bool lends : {false, true}) {
    const FeedCounts counts = play(file.bytes, {.threads = 2}, lends).fed;
    EXPECT_EQ(counts.packets, 100u);
    EXPECT_EQ(counts.dropped[static_cast<std::size_t>(DropReason::truncated)], 100u);
  }
}

TEST(Engine, TakesOneShardToo) {
  const ByteVector file = mixed_capture(connections, segments);
  EXPECT_EQ(play(file, {.threads = 2, .shards = 1}).story, play_alone(file));
}

// Stops after some chunks, and checks the order of the calls.
class StoppingListener final : public EngineListener {
 public:
  explicit StoppingListener(unsigned chunks) : left_(chunks) {}
  bool chunk_done(std::size_t /*slot*/) override { return left_ != 0 && --left_ != 0; }

 private:
  unsigned left_;
};

TEST(Engine, StopsReadingWhenItIsAskedToAndTellsWhatItHas) {
  const ByteVector file = mixed_capture(connections, segments);
  const Outcome all = play(file, {.threads = 2});
  for (const unsigned threads : {1U, 2U}) {
    const Outcome some = play(file, {.threads = threads}, false, StoppingListener(2));
    EXPECT_LT(some.fed.packets, all.fed.packets);
    EXPECT_EQ(some.pool.size.connections, 0u);
    for (const auto& [port, story] : some.story) {
      EXPECT_THAT(story, ::testing::AnyOf(HasSubstr("end_of_input"), HasSubstr("fin"))) << port;
    }
  }
}

// Throws at the first delivery of one connection.
class ThrowingStream : public StoryStream {
 public:
  ThrowingStream(StoryStream stream, bool throws) : StoryStream(stream), throws_(throws) {}
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context) {
    if (throws_) throw std::runtime_error("of the user");
    StoryStream::reassembled_sg(sg, context);
  }

 private:
  bool throws_;
};

struct ThrowingFactory : StoryFactory {
  std::optional<ThrowingStream> create(const NetFlow& net, TransportFlow ports, const TcpSegment& tcp,
                                       AssemblerContext& context) {
    return ThrowingStream(*StoryFactory::create(net, ports, tcp, context), ports.source_port == 10'033);
  }
};

TEST(Engine, ThrowsOnWhatACallbackThrowsAndCanStillBeFlushed) {
  const ByteVector file = mixed_capture(connections, segments);
  for (const unsigned threads : {1U, 2U, 8U}) {
    EngineListener nobody;
    Engine<ThrowingStream, ThrowingFactory> engine(
        {.threads = threads}, nobody, [](unsigned) { return std::make_unique<ThrowingFactory>(); });
    const auto reader = reader_of(file);
    Decoder decoder;
    FeedCounts counts;
    EXPECT_THROW(engine.feed(*reader, decoder, counts), std::runtime_error);
    EXPECT_GT(counts.segments, 0u) << threads;
    EXPECT_GT(engine.counts().size.connections, 0u) << "as of now, not of a few thousand packets ago";
    engine.flush_all();
    EXPECT_EQ(engine.counts().size.connections, 0u);
  }
}

// Throws when a flush completes one connection.
class ThrowingAtTheEnd : public StoryStream {
 public:
  ThrowingAtTheEnd(StoryStream stream, bool throws) : StoryStream(stream), throws_(throws) {}
  bool reassembly_complete(AssemblerContext* context, EndReason reason) {
    if (throws_ && reason == EndReason::flush) throw std::runtime_error("of the user");
    return StoryStream::reassembly_complete(context, reason);
  }

 private:
  bool throws_;
};

struct ThrowingAtTheEndFactory : StoryFactory {
  std::optional<ThrowingAtTheEnd> create(const NetFlow& net, TransportFlow ports, const TcpSegment& tcp,
                                         AssemblerContext& context) {
    return ThrowingAtTheEnd(*StoryFactory::create(net, ports, tcp, context), ports.source_port == 10'033);
  }
};

TEST(Engine, ReadsOnAfterAFlushThatThrew) {
  const ByteVector file = mixed_capture(connections, segments);
  for (const unsigned threads : {1U, 2U, 8U}) {
    EngineListener nobody;
    Engine<ThrowingAtTheEnd, ThrowingAtTheEndFactory> engine(
        {.threads = threads}, nobody, [](unsigned) { return std::make_unique<ThrowingAtTheEndFactory>(); });
    Decoder decoder;
    FeedCounts first;
    engine.feed(*reader_of(file), decoder, first);
    EXPECT_THROW(engine.flush_all(), std::runtime_error);
    FeedCounts second;
    engine.feed(*reader_of(file), decoder, second);
    EXPECT_GT(first.segments, 0u);
    EXPECT_EQ(second.segments, first.segments) << threads;
    engine.flush_all(EndReason::end_of_input);
    EXPECT_EQ(engine.counts().size.connections, 0u);
  }
}

TEST(Engine, NoThreadsAndNoShardsCountAsOneOfEach) {
  const ByteVector file = mixed_capture(connections, segments);
  const Story alone = play_alone(file);
  EXPECT_EQ(play(file, {.threads = 0}).story, alone);
  EXPECT_EQ(play(file, {.threads = 2, .shards = 0}).story, alone);
}

class RefusingListener final : public EngineListener {
 public:
  void work_begins(unsigned threads) override {
    if (threads < 100) throw std::runtime_error("too few");
  }
};

TEST(Engine, TellsHowManyThreadsThereAreBeforeItReads) {
  RefusingListener refusing;
  Engine<StoryStream, StoryFactory> engine({.threads = 2}, refusing,
                                           [](unsigned) { return std::make_unique<StoryFactory>(); });
  const ByteVector file = mixed_capture(connections, segments);
  const auto reader = reader_of(file);
  Decoder decoder;
  FeedCounts counts;
  EXPECT_THROW(engine.feed(*reader, decoder, counts), std::runtime_error);
  EXPECT_EQ(counts.packets, 0u);
}

TEST(Engine, PutsDatagramsOfFragmentsTogether) {
  PcapBuilder file(Order::little, {.link_type = 101});
  for (std::uint16_t i = 0; i < 200; ++i) {
    const Frame whole = FrameBuilder()
                            .raw()
                            .ipv4("10.0.0.1", "192.0.2.1")
                            .tcp(static_cast<std::uint16_t>(10'000 + i), 80)
                            .seq(1)
                            .flags(TcpFlag::syn)
                            .payload("a payload that comes in two fragments")
                            .build();
    for (const bool first : {true, false}) {
      // 20 bytes of IP header; 32 of the datagram in the first fragment, the rest in the second.
      Frame part(whole.begin(), whole.begin() + 20);
      part.insert(part.end(), whole.begin() + (first ? 20 : 52), first ? whole.begin() + 52 : whole.end());
      part[3] = static_cast<std::uint8_t>(part.size());
      part[4] = static_cast<std::uint8_t>(i >> 8);
      part[5] = static_cast<std::uint8_t>(i);
      part[6] = first ? 0x20 : 0;
      part[7] = first ? 0 : 4;
      file.record(1'600'000'000, 0,
                  std::string_view(reinterpret_cast<const char*>(part.data()), part.size()));
    }
  }
  for (const unsigned threads : {1U, 2U}) {
    const Outcome outcome = play(file.bytes, {.threads = threads});
    EXPECT_THAT(outcome.story, SizeIs(200));
    for (const auto& [port, story] : outcome.story) {
      EXPECT_THAT(story, HasSubstr("a payload that comes in two fragments")) << port;
    }
  }
}

}  // namespace
}  // namespace restitch::testing
