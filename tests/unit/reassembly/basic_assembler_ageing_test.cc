// Ageing: holes and silent connections in capture time, and what a clock that jumps does to them. That no
// hand of the clock decides what is delivered is in ageing_model_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::int64_t seconds = 1'000'000'000;
constexpr std::int64_t twenty_years = 20LL * 365 * 86'400;

PoolOptions ageing(const Ageing& ages) {
  PoolOptions options;
  options.ageing = ages;
  return options;
}

class AgeingWorld : public World<StaticApi> {
 public:
  explicit AgeingWorld(const Ageing& ages) : AgeingWorld(ageing(ages)) {}
  explicit AgeingWorld(const PoolOptions& options) : World(AssemblerOptions{}, options) {
    send(client(100).syn().client_port(9).at(now), server(500).syn().ack().client_port(9).at(now));
    calls();
  }

  // Lets time pass: another connection goes on talking, a packet a second.
  void pass(std::int64_t duration) {
    for (std::int64_t i = 0; i < duration; ++i) {
      send(client(next_++, "x").client_port(9).at(++now));
    }
  }

  // What was told, but for the talk of that connection.
  std::vector<std::string> told_else() {
    std::vector<std::string> lines = told();
    std::erase_if(lines, [](const std::string& line) { return line.find("'x'") != std::string::npos; });
    return lines;
  }

  std::int64_t now = 1000;

 private:
  std::uint32_t next_ = 101;
};

TEST(Ageing, ASilentConnectionEndsBetweenItsTimeAndAQuarterMore) {
  AgeingWorld world({.idle_ns = 100 * seconds});
  world.send(client(100).syn().at(world.now), server(500).syn().ack().at(world.now));
  world.told();
  world.pass(100);
  EXPECT_THAT(world.told_else(), IsEmpty());
  world.pass(27);
  EXPECT_THAT(world.told_else(), ElementsAre("#2 complete timeout no packet"));
  EXPECT_EQ(world.pool.size().tombstones, 0u);
  world.send(client(101, "late").at(world.now));
  EXPECT_EQ(world.pool.size().connections, 2u) << "what comes now is another connection";
}

TEST(Ageing, OneThatGoesOnDoesNotEnd) {
  AgeingWorld world({.idle_ns = 100 * seconds});
  world.pass(1000);
  EXPECT_THAT(world.told_else(), IsEmpty());
}

TEST(Ageing, HalfOpenHalfClosedAndClosingConnectionsHaveTimesOfTheirOwn) {
  PoolOptions options = ageing({.idle_ns = 1000 * seconds,
                                .half_open_ns = 20 * seconds,
                                .half_closed_ns = 40 * seconds,
                                .closing_ns = 60 * seconds});
  options.receiver = find_receiver_policy("capture");  // it stays until the FINs are acknowledged
  AgeingWorld world(options);
  world.send(client(100).syn().client_port(1).at(world.now));
  for (const std::uint16_t port : {std::uint16_t{2}, std::uint16_t{3}}) {
    world.send(client(100).syn().client_port(port).at(world.now),
               server(500).syn().ack().client_port(port).at(world.now),
               client(101).fin().client_port(port).at(world.now));
  }
  world.send(server(501).fin().client_port(3).at(world.now));
  world.told();
  world.pass(20);
  EXPECT_THAT(world.told_else(), IsEmpty());
  world.pass(6);
  EXPECT_THAT(world.told_else(), ElementsAre("#2 complete timeout no packet"));
  world.pass(14);
  EXPECT_THAT(world.told_else(), IsEmpty());
  world.pass(6);
  EXPECT_THAT(world.told_else(), ElementsAre("#3 complete timeout no packet"));
  world.pass(14);
  EXPECT_THAT(world.told_else(), IsEmpty());
  world.pass(6);
  EXPECT_THAT(world.told_else(), ElementsAre("#4 complete fin no packet"));
}

TEST(Ageing, AHalfClosedConnectionIsIdleNotClosing) {
  for (const bool client_closes : {true, false}) {
    AgeingWorld world({.idle_ns = 1000 * seconds, .closing_ns = 60 * seconds});
    world.send(client(100).syn().at(world.now), server(500).syn().ack().at(world.now));
    world.send(client_closes ? client(101).fin().at(world.now) : server(501).fin().at(world.now));
    world.told();
    world.pass(900);
    world.send(client_closes ? server(501, "the answer").at(world.now)
                             : client(101, "the rest").at(world.now));
    EXPECT_THAT(world.told_else(),
                ElementsAre(client_closes ? "#2 s @0 'the answer'" : "#2 c @0 'the rest'"));
    world.pass(1300);
    EXPECT_THAT(world.told_else(), ElementsAre("#2 complete timeout no packet"));
  }
}

TEST(Ageing, WhereOnlyOneSideIsCapturedItsFinIsTheEnd) {
  for (const bool joined_late : {false, true}) {
    PoolOptions options = ageing({.closing_ns = 60 * seconds});
    options.midstream_packets_max = 1;
    AgeingWorld world(options);
    if (!joined_late) world.send(client(100).syn().at(world.now));
    world.send(client(101, "all").acknowledges(500).at(world.now),
               client(104).fin().acknowledges(500).at(world.now));
    world.told();
    world.pass(80);
    EXPECT_THAT(world.told_else(), Contains("#2 complete timeout no packet")) << joined_late;
  }
}

TEST(Ageing, AnAcknowledgementIsEnoughToShowThatTheOtherSideIsCaptured) {
  AgeingWorld world({.closing_ns = 60 * seconds});
  world.send(client(100).syn().at(world.now), client(101, "all").acknowledges(500).at(world.now),
             client(104).fin().acknowledges(500).at(world.now), server(500).acknowledges(104).at(world.now));
  world.told();
  world.pass(200);
  EXPECT_THAT(world.told_else(), IsEmpty());
}

TEST(Ageing, AConnectionThatWasResetIsClosing) {
  PoolOptions options = ageing({.closing_ns = 60 * seconds});
  options.receiver = find_receiver_policy("capture");  // bytes after a RST count
  AgeingWorld world(options);
  world.send(client(100).syn().at(world.now), server(500).syn().ack().at(world.now),
             client(101).rst().at(world.now));
  world.told();
  world.pass(80);
  EXPECT_THAT(world.told_else(), ElementsAre("#2 complete rst no packet"));
}

TEST(Ageing, WhatComesAfterItsTimeBeginsAnotherConnectionWhereverTheHandStands) {
  for (std::int64_t silence = 90; silence <= 140; ++silence) {
    AgeingWorld world({.idle_ns = 100 * seconds});
    world.send(client(100).syn().at(world.now), server(500).syn().ack().at(world.now));
    world.pass(silence);
    world.calls();
    world.send(client(101, "late").at(world.now));
    const std::vector<std::string> told = world.told_else();
    const bool same = std::count(told.begin(), told.end(), "#2 c @0 'late'") != 0;
    EXPECT_EQ(same, silence <= 100) << silence;
    EXPECT_EQ(world.pool.size().connections, 2u);
  }
}

TEST(Ageing, WhatFillsAHoleAfterItsTimeIsTooLateWhereverTheHandStands) {
  for (std::int64_t wait = 15; wait <= 30; ++wait) {
    AgeingWorld world({.hole_ns = 20 * seconds});
    world.send(client(100).syn().at(world.now), client(103, "b").at(world.now));
    world.pass(wait);
    world.told();
    world.events();
    world.send(client(101, "_a").at(world.now));
    world.assembler.flush_all();
    EXPECT_EQ(world.pool.byte_counts().dropped, wait > 20 ? 2u : 0u) << wait;
  }
}

TEST(Ageing, AHoleIsOldFromWhenBytesCameToWaitForIt) {
  AgeingWorld world({.hole_ns = 100 * seconds});
  world.send(client(100).syn().at(world.now), client(103, "b").at(world.now));
  world.pass(60);
  world.send(client(105, "c").at(world.now));
  world.pass(10);
  world.told();
  world.send(client(101, "_a").at(world.now));  // now c is next to be waited for, since 10 s
  EXPECT_THAT(world.told_else(), ElementsAre("#2 c @0 '_ab'"));
  world.pass(80);
  world.send(server(500).syn().ack().at(world.now));
  EXPECT_THAT(world.told_else(), Not(Contains("#2 c @4 'c' skip 1"))) << "90 s";
  world.pass(11);
  world.send(server(501).ack().at(world.now));
  EXPECT_THAT(world.told_else(), ElementsAre("#2 c @4 'c' skip 1")) << "101 s";
}

TEST(Ageing, AHeldFinThatIsReachedByAgeEndsBeforeTheNextPacketOfTheOtherSide) {
  AgeingWorld world({.hole_ns = 100 * seconds});
  world.send(client(100).syn().at(world.now), server(500).syn().ack().at(world.now),
             client(103, "b").rst().at(world.now));
  world.told();
  world.pass(101);
  world.send(server(501, "too late").at(world.now));
  EXPECT_THAT(world.told_else(), ElementsAre("#2 c @2 'b' end skip 2", "#2 complete rst no packet"));
}

TEST(Ageing, AFlushSaysTimeoutOfWhatHasExpired) {
  AgeingWorld world({.idle_ns = 100 * seconds});
  constexpr std::uint16_t many = 200;  // the hand does not come to all of them in a second
  for (std::uint16_t port = 1000; port < 1000 + many; ++port) {
    world.send(client(100).syn().client_port(port).at(world.now));
  }
  world.pass(101);
  const auto timeouts = [&] {
    return std::ranges::count_if(world.told_else(), [](const std::string& line) {
      return line.find("complete timeout no packet") != std::string::npos;
    });
  };
  const auto by_hand = timeouts();
  EXPECT_LT(by_hand, many);
  world.assembler.flush_all(EndReason::end_of_input);
  EXPECT_EQ(by_hand + timeouts(), many);
}

TEST(Ageing, LookingAConnectionUpDoesNotMakeItYoungAgain) {
  AgeingWorld world({.idle_ns = 100 * seconds});
  world.send(client(100).syn().at(world.now), server(500).syn().ack().at(world.now));
  world.pass(101);
  world.connection(client(101).at(world.now));
  world.calls();
  world.send(client(101, "late").at(world.now));
  EXPECT_THAT(world.told(), Not(Contains("#2 c @0 'late'")));
}

TEST(Ageing, TimeThatPassesWithoutAPacketForThePoolEndsWhatIsSilent) {
  AgeingWorld world({.idle_ns = 100 * seconds});
  for (std::int64_t i = 0; i < 130; ++i)
    world.assembler.advance(world.assembler.observe(second(++world.now)));
  EXPECT_THAT(world.told(), ElementsAre("complete timeout no packet"));
}

TEST(Ageing, AHoleIsSkippedAndItsConnectionGoesOn) {
  AgeingWorld world({.hole_ns = 20 * seconds});
  world.send(client(100).syn().at(world.now), client(103, "b").at(world.now));
  world.told();
  world.events();
  world.pass(20);
  EXPECT_THAT(world.told_else(), IsEmpty());
  world.pass(12);
  EXPECT_THAT(world.told_else(), ElementsAre("#2 c @2 'b' skip 2"));
  EXPECT_THAT(world.events(), ElementsAre("#2 gap c @0 +2", "#2 limit c @2 +0"));
  EXPECT_EQ(world.pool.limit_counts()[static_cast<std::size_t>(Limit::hole_age)], 1u);
  world.send(client(104, "c").at(world.now));
  EXPECT_THAT(world.told_else(), ElementsAre("#2 c @3 'c'"));
}

TEST(Ageing, HolesAsOldAsTheFirstAreSkippedWithItYoungerOnesWait) {
  AgeingWorld world({.hole_ns = 20 * seconds});
  world.send(client(100).syn().at(world.now), client(103, "b").at(world.now), client(105, "c").at(world.now));
  world.told();
  world.pass(15);
  world.send(client(107, "d").at(world.now));
  world.pass(15);
  EXPECT_THAT(world.told_else(), ElementsAre("#2 c @2 'b' skip 2", "#2 c @4 'c' skip 1"));
}

TEST(Ageing, AConnectionWhoseFinWaitedBehindTheHoleIsCompleted) {
  AgeingWorld world({.hole_ns = 20 * seconds});
  world.send(client(100).syn().at(world.now), server(500).syn().ack().at(world.now),
             server(501).fin().at(world.now), client(103, "b").fin().at(world.now));
  world.told();
  world.pass(32);
  EXPECT_THAT(world.told_else(), ElementsAre("#2 c @2 'b' end skip 2", "#2 complete fin no packet"));
}

TEST(Ageing, OnePacketTwentyYearsAheadEndsNobody) {
  AgeingWorld world(Ageing::usual());
  world.send(client(100).syn().at(world.now), server(500).syn().ack().at(world.now));
  world.send(client(103, "b").at(world.now));
  world.told();
  world.send(client(101, "x").client_port(9).at(world.now + twenty_years));
  world.pass(5);
  EXPECT_THAT(world.told_else(), IsEmpty());
  world.send(client(101, "_a").at(world.now));
  EXPECT_THAT(world.told_else(), ElementsAre("#2 c @0 '_ab'")) << "nothing lost, nothing repeated";
}

TEST(Ageing, AClockThatIsSetTwentyYearsAheadEndsOnlyWhoIsSilentFromThenOn) {
  AgeingWorld world(Ageing::usual());
  world.send(client(100).syn().at(world.now), server(500).syn().ack().at(world.now));
  world.told();
  world.now += twenty_years;
  world.pass(600);
  EXPECT_THAT(world.told_else(), IsEmpty());
  world.send(client(101, "still here").at(world.now));
  EXPECT_THAT(world.told_else(), ElementsAre("#2 c @0 'still here'"));
  world.pass(3600 + 600);
  EXPECT_THAT(world.told_else(), ElementsAre("#2 complete timeout no packet")) << "and ageing goes on";
}

TEST(Ageing, AClockThatIsSetBackDoesNotStopAgeing) {
  AgeingWorld world({.idle_ns = 100 * seconds});
  world.now += twenty_years;
  world.pass(20);
  world.send(client(100).syn().at(world.now), server(500).syn().ack().at(world.now));
  world.told();
  world.now -= twenty_years;
  world.pass(100);
  EXPECT_THAT(world.told_else(), IsEmpty());
  world.pass(40);
  EXPECT_THAT(world.told_else(), ElementsAre("#2 complete timeout no packet"));
}

TEST(Ageing, WorkPerPacketIsBoundedHoweverManyAreSilent) {
  AgeingWorld world({.idle_ns = 10 * seconds});
  for (std::uint16_t port = 10'000; port < 30'000; ++port) {
    world.send(client(100).syn().client_port(port).at(world.now));
  }
  world.calls();
  std::size_t most = 0;
  for (int i = 0; i < 20; ++i) {
    world.pass(1);
    most = std::max(most, world.told_else().size());
  }
  EXPECT_LE(most, 8u) << "connections ended by one packet";
  for (int i = 0; i < 6000; ++i) world.send(client(101).ack().client_port(9).at(world.now));
  EXPECT_EQ(world.pool.size().connections, 1u) << "but in the end all of them go";
}

// What waits was forged: the window never reached it, so there is no hole to skip.
TEST(Ageing, AConnectionBehindAHoleThatCannotBeSkippedEnds) {
  PoolOptions options = ageing({.hole_ns = 30 * seconds, .idle_ns = 100 * seconds});
  options.receiver = find_receiver_policy("capture");
  AgeingWorld world(options);
  world.send(client(100).syn().at(world.now), client(100'000'101, "wild").at(world.now));
  world.send(server(500).syn().acknowledges(101).window(1000).at(world.now));
  EXPECT_EQ(world.pool.size().connections, 2U);
  world.assembler.advance_all(Elapsed::of_ns(200 * seconds));
  EXPECT_EQ(world.pool.size().connections, 0U);
}

TEST(Ageing, WithoutTimesNothingEnds) {
  AgeingWorld world(Ageing{});
  world.send(client(100).syn().at(world.now), client(103, "b").at(world.now));
  world.told();
  world.pass(20'000);
  EXPECT_THAT(world.told_else(), IsEmpty());
}

TEST(Ageing, ASingleCallAndABatchEndTheSameConnections) {
  AgeingWorld one({.idle_ns = 20 * seconds});
  AgeingWorld batch({.idle_ns = 20 * seconds});
  std::vector<TestPacket> packets;
  for (std::uint16_t i = 0; i < 2000; ++i) {
    packets.push_back(client(100u + i, i % 7 == 0 ? "" : "y").client_port(i % 300 + 1).at(1000 + i / 10));
  }
  std::vector<AssemblerContext> contexts;
  std::vector<AssemblerPacket> batched;
  contexts.reserve(packets.size());
  for (const TestPacket& packet : packets) {
    contexts.emplace_back(packet.info(0));
    batched.push_back({packet.decoded(), &contexts.back()});
    one.send(packet);
  }
  batch.assembler.assemble(batched);
  const std::vector<std::string> told = one.told();
  EXPECT_THAT(told, Contains("#2 complete timeout no packet"));
  EXPECT_EQ(batch.told(), told);
}

}  // namespace
}  // namespace restitch::testing
