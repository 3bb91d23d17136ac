// The limits in bytes and in connections: who gives way, who does not feel it, what is told and counted.
#include "restitch/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restitch/defragmenter.h"
#include "restitch/detail/half_state.h"
#include "restitch/detail/tombstones.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using TestWorld = World<StaticApi>;

PoolOptions limited(std::size_t connection, std::size_t total = PoolLimits::unlimited,
                    LimitPolicy policy = LimitPolicy::skip_greediest) {
  PoolOptions options;
  options.limits.connection_bytes_max = connection;
  options.limits.total_bytes_max = total;
  options.limits.at_total_bytes = policy;
  return options;
}

PoolOptions connections(std::size_t max, LimitPolicy policy = LimitPolicy::evict_idlest) {
  PoolOptions options;
  options.limits.connections_max = max;
  options.limits.at_connections = policy;
  return options;
}

std::uint64_t acted(const TestWorld& world, Limit limit) {
  return world.pool.limit_counts()[static_cast<std::size_t>(limit)];
}

TEST(MemoryBudget, ItsPartsStayWithinTheTotal) {
  for (const std::size_t total : {std::size_t{16} << 20, std::size_t{512} << 20, std::size_t{64} << 30}) {
    const MemoryBudget budget = memory_budget(total, 100);
    const std::size_t connection = sizeof(detail::Connection) + 100 + 22;
    const std::size_t sum = budget.pool.total_bytes_max + budget.pool.connections_max * connection +
                            budget.tombstones_max * (sizeof(detail::Tombstone) + 22) +
                            budget.defragmenter_bytes_max + budget.domains_max * 224;
    EXPECT_LE(sum, total / 32 * 29) << total;
    EXPECT_GE(sum, total / 8 * 6) << total;
    EXPECT_LE(budget.pool.connection_bytes_max, budget.pool.total_bytes_max / 2);
  }
  EXPECT_EQ(memory_budget(0).pool.total_bytes_max, memory_budget(2 << 20).pool.total_bytes_max);
}

TEST(Limits, HaveNames) {
  EXPECT_EQ(to_string(LimitPolicy::skip_greediest), "skip_greediest");
  EXPECT_EQ(to_string(LimitPolicy::evict_idlest), "evict_idlest");
  EXPECT_EQ(to_string(LimitPolicy::ignore_new), "ignore_new");
  EXPECT_EQ(to_string(Limit::connection_pages), "connection_pages");
  EXPECT_EQ(to_string(Limit::hole_age), "hole_age");
  EXPECT_EQ(to_string(Limit::replay), "replay");
  EXPECT_EQ(to_string(Limit::count_), "unknown");
}

// ---- bytes of one connection ------------------------------------------------------------------------

TEST(ConnectionBytes, AtTheLimitTheConnectionLosesItsOldestHole) {
  TestWorld world(AssemblerOptions{}, limited(3 * 85));
  world.send(client(100).syn(), client(110, "a"), client(120, "b"), client(130, "c"));
  world.told();
  world.send(client(140, "d"));
  EXPECT_THAT(world.told(), ElementsAre("c @9 'a' skip 9"));
  EXPECT_THAT(world.events(), ElementsAre("gap c @0 +9", "limit c @9 +0"));
  EXPECT_EQ(acted(world, Limit::connection_bytes), 1u);
}

TEST(ConnectionBytes, BothDirectionsCountTogetherAndTheGreedierGivesWay) {
  TestWorld world(AssemblerOptions{}, limited(3 * 85));
  world.send(client(100).syn(), server(500).syn().ack(), client(110, "a"), server(510, "x"),
             server(520, "y"));
  world.told();
  world.send(client(120, "b"));
  EXPECT_EQ(world.pool.size().held_segments, 3u);
  EXPECT_EQ(acted(world, Limit::connection_bytes), 1u);
}

TEST(ConnectionBytes, KeptBytesGoWhenNothingWaitsAnyMore) {
  TestWorld world(AssemblerOptions{}, limited(3 * 85));
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  world.send(client(100).syn(), client(101, "a"), client(102, "b"), client(103, "c"));
  EXPECT_THAT(world.events(), IsEmpty());
  world.send(client(104, "d"));
  EXPECT_THAT(world.events(), ElementsAre("limit c @0 +1"));
  world.told();
  world.send(client(105, "e"));
  EXPECT_THAT(world.told(), ElementsAre("c @1 'bcd|e'"));
}

TEST(ConnectionBytes, TheOtherDirectionMayReachTheEndOfTheConnection) {
  TestWorld world(AssemblerOptions{}, limited(600));
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  world.send(client(100).syn().window(1000), server(500).syn().acknowledges(101).window(1000),
             client(101).acknowledges(501).window(1000), server(502, std::string(300, 's')).rst());
  world.told();
  world.send(client(101, "in order" + std::string(200, 'c')).acknowledges(501));
  EXPECT_EQ(acted(world, Limit::connection_bytes), 1u);
  EXPECT_EQ(world.told().back(), "complete rst");
}

TEST(ConnectionBytes, TheEventSaysWhichLimitItWas) {
  TestWorld world(AssemblerOptions{}, limited(100));
  std::vector<Limit> limits;
  world.on_event = [&](const Event& event) {
    if (event.kind == EventKind::limit) limits.push_back(event.limit);
  };
  world.send(client(100).syn(), client(110, "a"), client(120, "b"));
  EXPECT_THAT(limits, ElementsAre(Limit::connection_bytes));
  World<StaticApi> paged(AssemblerOptions().max_buffered_pages_per_connection(2));
  paged.on_event = world.on_event;
  paged.send(client(100).syn(), client(110, "a"), client(120, "b"));
  EXPECT_THAT(limits, ElementsAre(Limit::connection_bytes, Limit::connection_pages));
}

TEST(ConnectionBytes, WhatTheReceiverNeverAcknowledgesIsDeliveredAllTheSame) {
  PoolOptions options = limited(10'000);
  options.acknowledged_tolerance_ns = 0;
  TestWorld world(AssemblerOptions{}, options);
  world.send(client(100).syn(), server(500).syn().ack());
  std::uint32_t sequence = 101;
  for (int i = 0; i < 100; ++i, sequence += 1000) world.send(client(sequence, std::string(1000, 'x')).ack());
  EXPECT_LE(world.pool.byte_counts().held, 10'000u);
  EXPECT_GT(acted(world, Limit::connection_bytes), 0u);
}

// ---- bytes of all connections -----------------------------------------------------------------------

TEST(TotalBytes, TheGreediestGivesWayWhoeverIsAtHand) {
  TestWorld world(AssemblerOptions{}, limited(PoolLimits::unlimited, 10'000));
  world.send(client(100).syn(), client(100).syn().client_port(40001));
  for (std::uint32_t i = 1; i < 9; ++i) world.send(client(100 + 10 * i, std::string(100, 'x')));
  for (std::uint32_t i = 1; i < 9; ++i) {
    world.send(client(2000 + 1000 * i, std::string(900, 'y')).client_port(40001));
  }
  EXPECT_GT(acted(world, Limit::total_bytes), 0u);
  world.told();
  world.send(client(101, std::string(9, 'x')));
  EXPECT_THAT(world.told(), ElementsAre(::testing::StartsWith("c @0 'xxx"))) << "the small one lost nothing";
}

TEST(TotalBytes, OneHogDoesNotSpoilTenThousandHonestConnections) {
  constexpr std::uint16_t honest = 10'000;
  TestWorld world(AssemblerOptions{}, limited(PoolLimits::unlimited, 6u << 20));
  std::uint64_t bytes = 0;
  std::uint64_t skipped = 0;
  world.on_sg = [&](ScatterGather& sg, AssemblerContext&) {
    bytes += sg.lengths().available;
    if (sg.info().skip != 0 && Recorder::text(sg).find('h') != std::string::npos) ++skipped;
  };
  world.send(client(100).syn().client_port(1));
  for (std::uint16_t port = 2; port < honest + 2; ++port) world.send(client(100).syn().client_port(port));
  std::uint32_t hole = 200;
  for (int round = 0; round < 3; ++round) {
    const std::uint32_t at = 101 + static_cast<std::uint32_t>(round) * 4;
    for (std::uint16_t port = 2; port < honest + 2; ++port) {
      world.send(client(at + 2, "hh").client_port(port));  // what comes out of order waits …
      for (int i = 0; i < 4; ++i, hole += 1000) {
        world.send(client(hole, std::string(500, 'a')).client_port(1));
      }
    }
    for (std::uint16_t port = 2; port < honest + 2; ++port) world.send(client(at, "hh").client_port(port));
    world.calls();  // … while the hog takes all there is, and nobody's hole is skipped but its own
    world.events();
  }
  EXPECT_GT(acted(world, Limit::total_bytes), 10'000u);
  EXPECT_EQ(skipped, 0u);
  EXPECT_LE(world.pool.size().memory_size, 9u << 20);
  world.on_sg = nullptr;
  EXPECT_GE(bytes, std::uint64_t{honest} * 12);
}

TEST(TotalBytes, EvictingTakesTheIdlestOfThoseThatHold) {
  constexpr std::size_t half =
      sizeof(detail::HalfDetail) + sizeof(detail::SegmentOrder::Leaf) + sizeof(detail::TreeNode);
  constexpr std::size_t two = 2 * half + 2000;  // of the three
  TestWorld world(AssemblerOptions{}, limited(PoolLimits::unlimited, two, LimitPolicy::evict_idlest));
  world.send(client(100).syn().client_port(1).at(1), client(100).syn().client_port(2).at(2),
             client(100).syn().client_port(3).at(3));
  world.send(client(105, std::string(400, 'i')).client_port(2).at(4),
             client(105, std::string(400, 'b')).client_port(1).at(9));
  world.told();
  world.send(client(110, std::string(1000, 'x')).client_port(3).at(10));
  EXPECT_THAT(world.told(),
              ElementsAre(::testing::StartsWith("#2 c @4 'iii"), "#2 complete evicted no packet"));
  EXPECT_EQ(world.pool.size().connections, 2u);
  EXPECT_EQ(world.pool.size().tombstones, 0u) << "what comes of it begins anew";
}

// Places of what is held are numbered, and the numbers of a spike stay.
TEST(TotalBytes, EvictingFindsTheOneThatIsLeftOfASpike) {
  constexpr std::size_t total = std::size_t{40} << 20;
  constexpr std::uint16_t spike = 50'000;
  constexpr std::uint16_t left = 20'000;
  TestWorld world(AssemblerOptions{}, limited(PoolLimits::unlimited, total, LimitPolicy::evict_idlest));
  for (std::uint16_t port = 1; port <= spike; ++port) {
    world.send(client(100).syn().client_port(port).at(1), client(105, "x").client_port(port).at(1));
  }
  ASSERT_EQ(acted(world, Limit::total_bytes), 0u);
  for (std::uint16_t port = 1; port <= spike; ++port) {
    if (port != left) world.send(client(101).rst().client_port(port).at(2));
  }
  world.send(client(100).syn().client_port(spike + 1).at(3));
  world.told();
  std::uint32_t packets = 0;
  for (; packets < 2000 && acted(world, Limit::total_bytes) == 0; ++packets) {
    world.send(client(200 + 30'000 * packets, std::string(20'000, 'y')).client_port(spike + 1).at(3));
  }
  EXPECT_LE((packets - 1) * detail::memory_for(1, 20'000), total) << "it was found at once";
  const std::vector<std::string> told = world.told();
  ASSERT_GE(told.size(), 2u);
  EXPECT_EQ(told[0], "#20000 c @4 'x' skip 4");
  EXPECT_EQ(told[1], "#20000 complete evicted no packet");
}

TEST(TotalBytes, WithNobodyToEvictTheOneAtHandGivesWay) {
  constexpr std::size_t total = 100'000;
  for (const LimitPolicy policy :
       {LimitPolicy::evict_idlest, LimitPolicy::skip_greediest, LimitPolicy::ignore_new}) {
    TestWorld world(AssemblerOptions{}, limited(PoolLimits::unlimited, total, policy));
    world.send(client(100).syn());
    for (std::uint32_t i = 0; i < 100; ++i) world.send(client(200 + 3000 * i, std::string(2000, 'y')));
    EXPECT_LE(world.pool.byte_counts().held, total) << to_string(policy);
    EXPECT_GT(acted(world, Limit::total_bytes), 50u) << to_string(policy);
    EXPECT_EQ(world.pool.size().connections, 1u) << to_string(policy);
  }
}

TEST(TotalBytes, IgnoringNewOnesLetsWhoNeedsMoreLoseItItself) {
  TestWorld world(AssemblerOptions{}, limited(PoolLimits::unlimited, 1000, LimitPolicy::ignore_new));
  world.send(client(100).syn(), client(100).syn().client_port(40001));
  world.send(client(105, std::string(200, 'x')));
  world.told();
  world.send(client(105, std::string(400, 'y')).client_port(40001));
  EXPECT_THAT(world.told(), ElementsAre(::testing::StartsWith("#2 c @4 'yyy")));
}

// ---- connections ------------------------------------------------------------------------------------

TEST(Connections, AtTheLimitTheIdlestIsEvictedAndSaysSo) {
  TestWorld world(AssemblerOptions{}, connections(2));
  world.send(client(100).syn().client_port(1).at(1), server(500).syn().ack().client_port(1).at(2),
             client(100).syn().client_port(2).at(3), server(500).syn().ack().client_port(2).at(3));
  world.send(client(101, "a").client_port(1).at(9));
  world.told();
  world.events();
  world.send(client(100).syn().client_port(3).at(10));
  EXPECT_THAT(world.told(), ElementsAre("#2 complete evicted no packet", "#3 c @0 '' start"));
  EXPECT_THAT(world.events(), ElementsAre("#2 limit c @0 +0"));
  EXPECT_EQ(acted(world, Limit::connections), 1u);
  EXPECT_EQ(world.pool.size().connections, 2u);
}

TEST(Connections, HalfOpenOnesGoFirstHoweverYoung) {
  TestWorld world(AssemblerOptions{}, connections(2));
  world.send(client(100).syn().client_port(1).at(1), server(500).syn().ack().client_port(1).at(1));
  world.send(client(100).syn().client_port(2).at(10));
  world.told();
  world.send(client(100).syn().client_port(3).at(11), client(100).syn().client_port(4).at(12));
  EXPECT_THAT(world.told(), ElementsAre("#2 complete evicted no packet", "#3 c @0 '' start",
                                        "#3 complete evicted no packet", "#4 c @0 '' start"));
}

TEST(Connections, AnEvictedOneIsForgottenEvenIfItsStreamWouldStay) {
  TestWorld world(AssemblerOptions{}, connections(1));
  world.on_complete = [](AssemblerContext*, EndReason) { return false; };
  world.send(client(100).syn().client_port(1), client(100).syn().client_port(2));
  EXPECT_EQ(world.pool.size().connections, 1u);
}

TEST(Connections, WithRoomForNoneAllAreIgnored) {
  TestWorld world(AssemblerOptions{}, connections(0));
  world.send(client(100).syn(), client(101, "abc"));
  EXPECT_THAT(world.calls(), IsEmpty());
  EXPECT_EQ(world.pool.byte_counts().dropped, 3u);
  EXPECT_EQ(acted(world, Limit::connections), 2u);
}

TEST(Connections, IgnoringNewOnesCountsTheirBytesAsDropped) {
  TestWorld world(AssemblerOptions{}, connections(1, LimitPolicy::ignore_new));
  world.send(client(100).syn().client_port(1));
  world.calls();
  world.send(client(100).syn().client_port(2), client(101, "abc").client_port(2));
  EXPECT_THAT(world.calls(), IsEmpty()) << "the factory is not asked";
  EXPECT_EQ(world.pool.byte_counts().dropped, 3u);
  EXPECT_EQ(acted(world, Limit::connections), 2u);
  world.assembler.flush_all();
  world.send(client(104, "def").client_port(2));
  EXPECT_EQ(world.pool.size().connections, 1u) << "and begins when there is room";
}

TEST(Connections, AFloodOfSynsEvictsNoneThatSpokeToEachOther) {
  TestWorld world(AssemblerOptions{}, connections(200));
  for (std::uint16_t port = 1; port <= 100; ++port) {
    world.send(client(100).syn().client_port(port), server(500).syn().ack().client_port(port));
  }
  for (std::uint16_t port = 1000; port < 21'000; ++port) {
    world.send(client(100).syn().client_port(port));
    world.calls();
    world.events();
  }
  for (std::uint16_t port = 1; port <= 100; ++port) world.send(client(101, "alive").client_port(port));
  EXPECT_EQ(world.told().size(), 100u);
  EXPECT_EQ(world.pool.byte_counts().delivered, 500u);
}

}  // namespace
}  // namespace restitch::testing
