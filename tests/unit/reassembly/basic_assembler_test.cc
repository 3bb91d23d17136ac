// The ways in (one packet, a batch, packets of a batch that lie apart) and the two forms (virtual, static)
// make the same calls; and what a stream type known at compile time may leave out.
#include "restitch/basic_assembler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "restitch/assembler.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;

// Packets of a few connections that do all that packets can do, near the top of the sequence space.
std::vector<TestPacket> random_packets(std::uint32_t seed, std::size_t count,
                                       std::uint32_t connections = 40) {
  std::mt19937 random(seed);
  const auto below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
  std::vector<TestPacket> packets;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t sequence = 0xFFFFFFE0 + below(64);
    std::string payload(below(4) == 0 ? 0 : below(12), static_cast<char>('a' + below(26)));
    TestPacket packet = below(2) == 0 ? client(sequence, payload) : server(sequence, payload);
    packet.client_port(static_cast<std::uint16_t>(1000 + below(connections)))
        .at(static_cast<std::int64_t>(i))
        .tag(i);
    if (below(8) == 0) packet.syn();
    if (below(12) == 0) packet.fin();
    if (below(40) == 0) packet.rst();
    if (below(2) == 0) packet.ack();
    packets.push_back(packet);
  }
  return packets;
}

// Streams that keep and refuse by rule, so that these paths are taken too.
template <class Api>
struct Rules : World<Api> {
  explicit Rules(const AssemblerOptions& options) : World<Api>(options) {
    this->on_create = [](const NetFlow&, TransportFlow transport) { return transport.source_port % 7 != 0; };
    this->on_accept = [](const TcpSegment& tcp, TcpFlowDirection, auto, bool& start) {
      if (tcp.payload.size() == 7) start = true;
      return tcp.payload.size() != 5;
    };
    this->on_sg = [](ScatterGather& sg, AssemblerContext& context) {
      if (context.capture_info().user_tag % 3 == 0) sg.keep_from(sg.lengths().available / 2);
    };
    this->on_complete = [](AssemblerContext* context, EndReason) {
      return context == nullptr || context->capture_info().user_tag % 2 == 0;
    };
  }
};

template <class Api>
std::vector<std::string> one_by_one(const std::vector<TestPacket>& packets, const AssemblerOptions& options) {
  Rules<Api> world(options);
  for (const TestPacket& packet : packets) world.send(packet);
  world.assembler.flush_all();
  std::vector<std::string> all = world.calls();
  for (std::string& event : world.events()) all.push_back(std::move(event));
  return all;
}

template <class Api>
std::vector<std::string> in_batches(const std::vector<TestPacket>& packets, const AssemblerOptions& options,
                                    std::uint32_t seed) {
  Rules<Api> world(options);
  std::mt19937 random(seed);
  for (std::size_t at = 0; at < packets.size();) {
    const std::size_t count = std::min<std::size_t>(random() % 100, packets.size() - at);
    std::vector<AssemblerContext> contexts;
    for (std::size_t i = 0; i < count; ++i) contexts.emplace_back(packets[at + i].info(at + i + 1));
    std::vector<AssemblerPacket> batch(count);
    for (std::size_t i = 0; i < count; ++i) batch[i] = {packets[at + i].decoded(), &contexts[i]};
    world.assembler.assemble(batch);
    at += count;
  }
  world.assembler.flush_all();
  std::vector<std::string> all = world.calls();
  for (std::string& event : world.events()) all.push_back(std::move(event));
  return all;
}

TEST(BasicAssembler, OneByOneInBatchesVirtualAndStaticMakeTheSameCallsInTheSameOrder) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    const auto packets = random_packets(seed, 1500);
    AssemblerOptions options;
    if (seed % 2 == 0) options.max_buffered_pages_per_connection(1 + static_cast<int>(seed) / 2);
    if (seed % 3 == 0) options.max_buffered_pages_total(20);
    const auto calls = one_by_one<VirtualApi>(packets, options);
    ASSERT_GT(calls.size(), packets.size() / 2) << "seed " << seed;
    ASSERT_EQ(one_by_one<StaticApi>(packets, options), calls) << "seed " << seed;
    ASSERT_EQ(in_batches<VirtualApi>(packets, options, seed), calls) << "seed " << seed;
    ASSERT_EQ(in_batches<StaticApi>(packets, options, seed), calls) << "seed " << seed;
  }
}

TEST(BasicAssembler, OneByOneAndInBatchesMakeTheSameCallsForThousandsOfConnections) {
  const auto packets = random_packets(1, 40'000, 8'000);
  const auto calls = one_by_one<StaticApi>(packets, {});
  ASSERT_GT(calls.size(), packets.size() / 2);
  EXPECT_EQ(in_batches<StaticApi>(packets, {}, 1), calls);
}

TEST(BasicAssembler, ByteCountsAddUpAfterEachOfManyRandomPackets) {
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    Rules<StaticApi> world(AssemblerOptions().max_buffered_pages_per_connection(4));
    for (const TestPacket& packet : random_packets(seed, 2000)) {
      world.send(packet);
      ASSERT_TRUE(world.counts_add_up()) << "seed " << seed;
    }
    world.assembler.flush_all();
    EXPECT_TRUE(world.counts_add_up());
    EXPECT_EQ(world.pool.byte_counts().held, 0u);
    EXPECT_EQ(world.pool.size().pages, 0u);
  }
}

TEST(BasicAssembler, AnEmptyBatchIsNothing) {
  World<StaticApi> world;
  world.assembler.assemble({});
  EXPECT_THAT(world.calls(), ::testing::IsEmpty());
}

// The least that a stream has to offer: no on_event, no base class, movable only.
struct LeastStream {
  explicit LeastStream(std::unique_ptr<std::string>&& to) : text(std::move(to)) {}
  bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence>, bool& start,
              AssemblerContext&) {
    return start = true;
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext&) { *text += Recorder::text(sg); }
  bool reassembly_complete(AssemblerContext*, EndReason) { return true; }
  std::unique_ptr<std::string> text;
};

struct LeastFactory {
  std::unique_ptr<std::string> create(const NetFlow&, TransportFlow, const TcpSegment&, AssemblerContext&) {
    return std::make_unique<std::string>("> ");
  }
};

TEST(BasicAssembler, AStreamNeedsNoBaseClassAndNoEvents) {
  LeastFactory factory;
  BasicStreamPool<LeastStream, LeastFactory> pool(factory);
  BasicAssembler<LeastStream, LeastFactory> assembler(pool);
  AssemblerContext context;
  for (const char* word : {"red", "red", "blue"}) {
    const TestPacket packet = client(100, word);
    assembler.assemble_with_context(packet.net(), packet.tcp(), context);
  }
  const auto ref = pool.get_connection(client(0).net(), true, {}, client(0).tcp(), context);
  EXPECT_EQ(*pool.stream(ref).text, "> rede");
}

TEST(BasicAssembler, ASignatureThatDoesNotFitIsNoStream) {
  static_assert(StreamType<StaticStream>);
  static_assert(StreamType<StreamHandle>);
  static_assert(StreamType<LeastStream>);
  static_assert(!StreamType<std::string>);
  static_assert(!StreamFactoryType<std::string, LeastStream>);
  static_assert(StreamFactoryType<StreamFactory, StreamHandle>);
}

}  // namespace
}  // namespace restitch::testing
