// Flushing: by age, by closing time, and altogether; through both forms of the API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restitch/assembler.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class Api>
struct AssemblerFlush : ::testing::Test {
  World<Api> world_;

  // A connection whose two directions both hold something, since second 10 and 20.
  void hold_both() {
    world_.send(client(100).syn().at(5), server(500).syn().ack().at(5), client(103, "cl").at(10),
                server(503, "se").at(20));
    world_.told();
  }
};
using Apis = ::testing::Types<VirtualApi, StaticApi>;
TYPED_TEST_SUITE(AssemblerFlush, Apis);

TYPED_TEST(AssemblerFlush, SkipsHolesWhoseLowestSegmentIsStrictlyOlderThanT) {
  auto& world = this->world_;
  this->hold_both();
  EXPECT_EQ(world.assembler.flush_with_options({second(10), {}}).flushed, 0u) << "not older than itself";
  EXPECT_THAT(world.told(), IsEmpty());
  const FlushResult result = world.assembler.flush_with_options({second(11), {}});
  EXPECT_EQ(result.flushed, 1u);
  EXPECT_EQ(result.closed, 0u);
  EXPECT_THAT(world.told(), ElementsAre("c @2 'cl' skip 2"));
}

TYPED_TEST(AssemblerFlush, CountsConnectionsNotHalves) {
  auto& world = this->world_;
  this->hold_both();
  const FlushResult result = world.assembler.flush_close_older_than(second(100));
  EXPECT_EQ(result.flushed, 1u);
  EXPECT_EQ(result.closed, 1u);
  EXPECT_THAT(world.told(),
              ElementsAre("c @2 'cl' skip 2", "s @2 'se' skip 2", "complete timeout no packet"));
}

TYPED_TEST(AssemblerFlush, ZeroDoesNothing) {
  auto& world = this->world_;
  this->hold_both();
  const FlushResult result = world.assembler.flush_with_options({});
  EXPECT_EQ(result.flushed + result.closed, 0u);
  EXPECT_THAT(world.told(), IsEmpty());
}

TYPED_TEST(AssemblerFlush, ClosesWhatWasLastSeenStrictlyBeforeTc) {
  auto& world = this->world_;
  world.send(client(100).syn().at(10));
  world.told();
  EXPECT_EQ(world.assembler.flush_with_options({{}, second(10)}).closed, 0u);
  EXPECT_EQ(world.assembler.flush_with_options({{}, second(11)}).closed, 1u);
  EXPECT_THAT(world.told(), ElementsAre("complete timeout no packet"));
}

TYPED_TEST(AssemblerFlush, ClosesNothingThatStillWaitsForAHole) {
  auto& world = this->world_;
  this->hold_both();
  EXPECT_EQ(world.assembler.flush_with_options({{}, second(100)}).closed, 0u);
  EXPECT_EQ(world.pool.size().connections, 1u);
}

TYPED_TEST(AssemblerFlush, StopsAtTheFirstHoleThatIsYoungEnough) {
  auto& world = this->world_;
  world.send(client(100).syn().at(5), client(103, "b").at(10), client(107, "d").at(30),
             client(105, "c").at(12));
  world.told();
  EXPECT_EQ(world.assembler.flush_with_options({second(20), {}}).flushed, 1u);
  EXPECT_THAT(world.told(), ElementsAre("c @2 'b' skip 2", "c @4 'c' skip 1"));
  EXPECT_EQ(world.pool.size().held_segments, 1u);
}

TYPED_TEST(AssemblerFlush, CompletesAConnectionWhoseEndsItReaches) {
  auto& world = this->world_;
  world.send(client(100).syn(), server(500).syn().ack(), client(105, "c").fin().at(10),
             server(505, "s").fin().at(10));
  world.told();
  const FlushResult result = world.assembler.flush_with_options({second(20), {}});
  EXPECT_EQ(result.flushed, 1u);
  EXPECT_EQ(result.closed, 1u);
  EXPECT_THAT(world.told(),
              ElementsAre("c @4 'c' end skip 4", "s @4 's' end skip 4", "complete fin no packet"));
  EXPECT_EQ(world.pool.size().connections, 0u);
  EXPECT_EQ(world.pool.size().tombstones, 1u);
}

TYPED_TEST(AssemblerFlush, CompletesAConnectionWhoseResetItReaches) {
  auto& world = this->world_;
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  world.send(client(100).syn(), server(500).syn().acknowledges(101).window(1000), client(101, "ab"),
             client(105, "e").rst().at(10), server(501, "x").at(30), server(503, "z").at(40));
  world.told();
  EXPECT_EQ(world.assembler.flush_with_options({second(20), second(35)}).closed, 1u);
  EXPECT_THAT(world.told(), ElementsAre("c @0 'ab|'", "c @4 'e' end skip 2", "s @0 'x|'", "s @2 'z' skip 1",
                                        "s @2 'z|'", "complete rst no packet"));
}

TYPED_TEST(AssemblerFlush, LeavesAConnectionWhoseStreamWantsToStay) {
  auto& world = this->world_;
  world.on_complete = [](AssemblerContext*, EndReason) { return false; };
  world.send(client(100).syn(), server(500).syn().ack(), client(102).fin().at(10), server(501).fin().at(10));
  EXPECT_EQ(world.assembler.flush_close_older_than(second(20)).closed, 1u);
  EXPECT_EQ(world.pool.size().connections, 1u) << "as one that a packet completed";
  EXPECT_EQ(world.assembler.flush_close_older_than(second(20)).closed, 0u);
  EXPECT_EQ(world.pool.size().connections, 0u);
}

TYPED_TEST(AssemblerFlush, GivesDeliveriesTheContextOfThePacketThatBroughtTheFirstByte) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(103, "b").tag(77).at(10));
  std::uint64_t tag = 0;
  world.on_sg = [&](ScatterGather&, AssemblerContext& context) { tag = context.capture_info().user_tag; };
  world.assembler.flush_with_options({second(11), {}});
  EXPECT_EQ(tag, 77u);
}

TYPED_TEST(AssemblerFlush, AllDrainsAndClosesEveryConnection) {
  auto& world = this->world_;
  this->hold_both();
  world.send(client(100).syn().client_port(40001));
  world.told();
  EXPECT_EQ(world.assembler.flush_all(), 2u);
  EXPECT_THAT(world.told(), ElementsAre("c @2 'cl' skip 2", "s @2 'se' skip 2", "complete flush no packet",
                                        "#2 complete flush no packet"));
  EXPECT_EQ(world.pool.size().connections, 0u);
  EXPECT_EQ(world.pool.size().tombstones, 0u);
}

TYPED_TEST(AssemblerFlush, AllRemovesConnectionsWhoseCompletionAnsweredFalse) {
  auto& world = this->world_;
  world.on_complete = [](AssemblerContext*, EndReason) { return false; };
  world.send(client(100).syn(), client(101).rst());
  EXPECT_EQ(world.pool.size().connections, 1u);
  world.told();
  EXPECT_EQ(world.assembler.flush_all(), 0u) << "it was closed before";
  EXPECT_THAT(world.told(), IsEmpty()) << "completion is told once";
  EXPECT_EQ(world.pool.size().connections, 0u);
  world.send(client(100).syn());
  EXPECT_EQ(world.assembler.flush_all(), 1u) << "and one that says so during the flush goes, too";
  EXPECT_EQ(world.pool.size().connections, 0u);
}

TYPED_TEST(AssemblerFlush, AnOutOfOrderFinIsStillDeliveredInItsPlace) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(106).fin());
  world.told();
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("c @5 '' end skip 5", "complete flush no packet"));
}

TYPED_TEST(AssemblerFlush, SeveralRunsOfOneHalfComeInOrderEachWithItsHole) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(110, "j"), client(105, "e"), client(107, "g"));
  world.told();
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("c @4 'e' skip 4", "c @6 'g' skip 1", "c @9 'j' skip 2",
                                        "complete flush no packet"));
  EXPECT_TRUE(world.counts_add_up());
}

// ---- kept bytes -------------------------------------------------------------------------------------

TYPED_TEST(AssemblerFlush, KeptBytesAreOfferedAloneOnceMoreBeforeAGap) {
  auto& world = this->world_;
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  world.send(client(100).syn(), client(101, "ab").at(5), client(106, "fg").at(10));
  world.told();
  world.assembler.flush_with_options({second(20), {}});
  EXPECT_THAT(world.told(), ElementsAre("c @0 'ab|'", "c @5 'fg' skip 3"));
  world.send(client(108, "h"));
  EXPECT_THAT(world.told(), ElementsAre("c @5 'fg|h'")) << "keeping works again behind the gap";
}

TYPED_TEST(AssemblerFlush, KeptBytesAreOfferedOnceMoreAtATimeout) {
  auto& world = this->world_;
  world.send(client(100).syn().at(1));
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(1); };
  world.send(client(101, "ab").at(5));
  world.told();
  world.assembler.flush_close_older_than(second(20));
  EXPECT_THAT(world.told(), ElementsAre("c @1 'b|'", "complete timeout no packet"));
}

TYPED_TEST(AssemblerFlush, KeptBytesAreOfferedOnceMoreAtTheEnd) {
  auto& world = this->world_;
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  world.send(client(100).syn(), client(101, "ab"), client(103, "c").fin());
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'ab'", "c @0 'ab|c' end"));
  EXPECT_EQ(world.pool.size().pages, 0u) << "there is no next time";
}

TYPED_TEST(AssemblerFlush, KeptBytesAreOfferedOnceMoreWhenTheOtherSideResets) {
  auto& world = this->world_;
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  world.send(client(100).syn(), server(500).syn().ack(), client(101, "ab"));
  world.told();
  world.send(server(501).rst());
  EXPECT_THAT(world.told(), ElementsAre("s @0 '' end", "c @0 'ab|'", "complete rst"));
}

TYPED_TEST(AssemblerFlush, KeptBytesAreOfferedOnceMoreWhenThePortsAreReused) {
  auto& world = this->world_;
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  world.send(client(100).syn(), client(101, "ab"));
  world.told();
  world.send(client(7'000'000).syn(), server(500).syn().acknowledges(7'000'001));
  EXPECT_THAT(world.told(),
              ElementsAre("c @0 'ab|'", "complete port_reuse", "#2 c @0 '' start", "#2 s @0 '' start"));
}

}  // namespace
}  // namespace restitch::testing
