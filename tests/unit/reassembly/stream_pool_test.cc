// The pool by itself: finding, creating and removing connections, tombstones, what it says it holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restitch/assembler.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

PoolOptions tombstones(std::size_t max) {
  PoolOptions options;
  options.tombstones_max = max;
  return options;
}

template <class Api>
struct StreamPoolTest : ::testing::Test {
  World<Api> world_;
};
using Apis = ::testing::Types<VirtualApi, StaticApi>;
TYPED_TEST_SUITE(StreamPoolTest, Apis);

TYPED_TEST(StreamPoolTest, AnUnknownConnectionIsNotCreatedAtTheEnd) {
  auto& world = this->world_;
  EXPECT_FALSE(world.connection(client(100).syn(), true));
  EXPECT_THAT(world.calls(), IsEmpty());
  EXPECT_EQ(world.pool.size().connections, 0u);
}

TYPED_TEST(StreamPoolTest, AnUnknownConnectionIsCreatedOtherwise) {
  auto& world = this->world_;
  const auto made = world.connection(client(100).syn(), false);
  ASSERT_TRUE(made);
  EXPECT_THAT(world.calls(), ElementsAre("create 40000>80"));
  EXPECT_EQ(made.direction, TcpFlowDirection::client_to_server);
  EXPECT_EQ(world.pool.size().connections, 1u);
}

TYPED_TEST(StreamPoolTest, BothDirectionsFindOneConnectionWithItsHalvesSwapped) {
  auto& world = this->world_;
  world.send(client(100).syn(), server(500).syn().ack());
  const auto there = world.connection(client(101));
  const auto back = world.connection(server(501));
  ASSERT_TRUE(there && back);
  EXPECT_EQ(there.connection, back.connection);
  EXPECT_EQ(there.half, back.reverse);
  EXPECT_EQ(there.reverse, back.half);
  EXPECT_EQ(back.direction, TcpFlowDirection::server_to_client);
  EXPECT_EQ(there.half->next_seq(), Sequence(101));
  EXPECT_EQ(there.reverse->next_seq(), Sequence(501));
}

TYPED_TEST(StreamPoolTest, FindingAConnectionKeepsItYoung) {
  auto& world = this->world_;
  world.send(client(100).syn().at(1));
  ASSERT_TRUE(world.connection(client(101).at(50)));
  EXPECT_EQ(world.assembler.flush_with_options({{}, second(50)}).closed, 0u);
  EXPECT_EQ(world.assembler.flush_with_options({{}, second(51)}).closed, 1u);
}

TYPED_TEST(StreamPoolTest, PortsAddressesAndDomainsTellConnectionsApart) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(100).syn().client_port(40001));
  AssemblerContext context(client(100).info(9));
  NetFlow net = client(100).net();
  net.domain = 7;
  world.assembler.assemble_with_context(net, client(100).syn().tcp(), context);
  net.source.version = net.destination.version = 6;  // ::10.0.0.1 written with the same bytes
  world.assembler.assemble_with_context(net, client(100).syn().tcp(), context);
  EXPECT_EQ(world.pool.size().connections, 4u);
}

TYPED_TEST(StreamPoolTest, AConnectionBetweenEqualPortsOfOneHostHasTwoDirectionsByAddressAlone) {
  auto& world = this->world_;
  world.send(client(100).syn().client_port(80), server(500).syn().ack().client_port(80));
  EXPECT_EQ(world.pool.size().connections, 1u);
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "s @0 '' start"));
}

TYPED_TEST(StreamPoolTest, RemovingForgetsWithoutACallAndLeavesNothing) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(105, "held"));
  world.told();
  world.pool.remove(*world.connection(client(100)).connection);
  EXPECT_THAT(world.told(), IsEmpty());
  EXPECT_EQ(world.pool.size().connections + world.pool.size().tombstones, 0u);
  EXPECT_EQ(world.pool.size().held_segments, 0u);
  EXPECT_EQ(world.pool.size().pages, 0u);
  EXPECT_TRUE(world.counts_add_up());
  world.send(client(101, "abc"));
  EXPECT_THAT(world.calls(), ElementsAre("create 40000>80", "#2 accept c next none"));
}

TYPED_TEST(StreamPoolTest, AnEndedConnectionIsNotFoundAndItsStrayPacketsMakeNoNewOne) {
  auto& world = this->world_;
  world.send(client(100).syn(), server(500).syn().ack(), client(101).fin(), server(501).fin());
  world.calls();
  world.send(client(102).acknowledges(502), server(502).acknowledges(102), client(101).fin());
  world.send(client(100).syn(), client(102).rst());
  EXPECT_THAT(world.calls(), IsEmpty());
  EXPECT_FALSE(world.connection(client(102), false));
  EXPECT_EQ(world.pool.size().connections, 0u);
  EXPECT_EQ(world.pool.size().tombstones, 1u);
}

TYPED_TEST(StreamPoolTest, ATombstoneMakesRoomForANewConnection) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(101).rst());
  world.calls();
  world.send(client(999).syn());
  EXPECT_THAT(world.told(), ElementsAre("#2 c @0 '' start"));
  EXPECT_EQ(world.pool.size().tombstones, 0u);
}

TYPED_TEST(StreamPoolTest, ATombstoneDoesNotOutliveItsTime) {
  auto& world = this->world_;
  world.send(client(100).syn().at(1), client(101).rst().at(2));
  world.calls();
  world.send(client(101, "x").at(122));
  EXPECT_THAT(world.calls(), IsEmpty()) << "120 seconds later: not yet";
  world.send(client(101, "x").at(300));
  EXPECT_THAT(world.calls(), ElementsAre("create 40000>80", "#2 accept c next none"));
}

TYPED_TEST(StreamPoolTest, TheOldestTombstonesGoWhenThereAreTooMany) {
  World<TypeParam> world({}, tombstones(2));
  for (std::uint16_t port = 1; port <= 3; ++port) {
    world.send(client(100).syn().client_port(port), client(101).rst().client_port(port));
  }
  EXPECT_EQ(world.pool.size().tombstones, 2u);
  world.calls();
  world.send(client(102).ack().client_port(2), client(102).ack().client_port(3));
  EXPECT_THAT(world.calls(), IsEmpty());
  world.send(client(102).ack().client_port(1));
  EXPECT_THAT(world.calls(), ElementsAre("create 1>80", "#4 accept c next none"));
}

TYPED_TEST(StreamPoolTest, WithoutTombstonesAllStillWorks) {
  World<TypeParam> world({}, tombstones(0));
  for (int i = 0; i < 3; ++i) world.send(client(100).syn(), client(101).rst());
  EXPECT_EQ(world.pool.size().tombstones, 0u);
  EXPECT_EQ(world.pool.size().connections, 0u);
  world.on_create = [](const NetFlow&, TransportFlow) { return false; };
  world.send(client(100).syn(), client(101, "abc"));
  EXPECT_EQ(world.pool.size().tombstones, 0u);
}

TYPED_TEST(StreamPoolTest, MemoryIsGivenBackAfterASpike) {
  auto& world = this->world_;
  for (int round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < 20000; ++i) {
      world.send(
          client(1000 + 40 * i, std::string(30, 'x')).client_port(static_cast<std::uint16_t>(i % 5000)));
    }
    EXPECT_GT(world.pool.size().memory_size, 2'000'000u);
    world.assembler.flush_all();
    EXPECT_LT(world.pool.size().memory_size, 1'000'000u);
  }
}

TYPED_TEST(StreamPoolTest, NothingThatIsDeliveredDependsOnTheSeedOfTheHash) {
  std::vector<std::string> first;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    PoolOptions options;
    options.hash_seed = seed;
    World<TypeParam> world({}, options);
    for (std::uint16_t port = 1; port < 200; ++port) {
      world.send(client(100).syn().client_port(port), client(105, "e").client_port(port));
    }
    world.assembler.flush_all();
    const std::vector<std::string> calls = world.calls();
    if (first.empty()) first = calls;
    EXPECT_EQ(calls, first) << "seed " << seed;
  }
}

TYPED_TEST(StreamPoolTest, TombstonesGoOnInAnotherPool) {
  auto& world = this->world_;
  const auto whole = [](auto& in, std::uint16_t port) {
    in.send(client(100).syn().client_port(port), server(500).syn().acknowledges(101).client_port(port),
            client(101, "abc").client_port(port).acknowledges(501).fin(),
            server(501).client_port(port).acknowledges(105).fin(),
            client(105).client_port(port).acknowledges(502));
  };
  for (const auto port : std::initializer_list<std::uint16_t>{40001, 40002, 40003}) whole(world, port);
  const auto carried = world.pool.tombstones();
  ASSERT_EQ(carried.size(), 3u);

  World<TypeParam> other;
  whole(other, 40009);
  other.pool.set_tombstones(carried);
  EXPECT_EQ(other.pool.size().tombstones, 3u) << "in place of what was there";
  const TestPacket again = client(101, "abc").client_port(40002);
  other.send(again);
  EXPECT_EQ(other.pool.size().connections, 0u) << "it repeats a connection of the other pool";
  EXPECT_NE(other.pool.find_tombstone(again.net(), again.tcp().transport()), nullptr);
  const auto back = other.pool.tombstones();
  ASSERT_EQ(back.size(), 3u);
  for (std::size_t i = 0; i < back.size(); ++i) EXPECT_EQ(back[i].key, carried[i].key) << "in their order";
}

TYPED_TEST(StreamPoolTest, SaysWhetherSomethingGoesOn) {
  auto& world = this->world_;
  const TestPacket syn = client(100).syn();
  const auto alive = [&] { return world.pool.is_alive(syn.net(), syn.tcp().transport(), Elapsed{0}); };
  EXPECT_FALSE(alive());
  world.send(syn);
  EXPECT_TRUE(alive());
  EXPECT_TRUE(world.pool.is_alive(server(1).net(), server(1).tcp().transport(), Elapsed{0})) << "either way";
  world.send(server(500).syn().acknowledges(101), client(101, "abc").acknowledges(501).fin(),
             server(501).acknowledges(105).fin(), client(105).acknowledges(502));
  EXPECT_FALSE(alive()) << "it ended";
  world.send(client(100).syn());
  EXPECT_TRUE(alive()) << "a SYN that may repeat that of the dead one waits for its answer";
}

}  // namespace
}  // namespace restitch::testing
