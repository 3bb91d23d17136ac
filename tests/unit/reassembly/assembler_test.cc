// Which calls a stream gets, with what, and in which order; through both forms of the API.
#include "restitch/assembler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class Api>
struct AssemblerCalls : ::testing::Test {
  World<Api> world_;
};
using Apis = ::testing::Types<VirtualApi, StaticApi>;
TYPED_TEST_SUITE(AssemblerCalls, Apis);

TYPED_TEST(AssemblerCalls, AStreamIsCreatedOnceThenAcceptsEachPacketAndCompletesOnce) {
  auto& world = this->world_;
  world.send(client(100).syn(), server(500).syn().ack());
  world.send(client(101, "GET"), server(501, "200"), client(104).fin(), server(504).fin());
  world.send(client(105).acknowledges(505));
  EXPECT_THAT(world.calls(), ElementsAre("create 40000>80",                            //
                                         "accept c next none start", "c @0 '' start",  //
                                         "accept s next none start", "s @0 '' start",  //
                                         "accept c next 101", "c @0 'GET'",            //
                                         "accept s next 501", "s @0 '200'",            //
                                         "accept c next 104", "c @3 '' end",           //
                                         "accept s next 504", "s @3 '' end", "complete fin"));
}

TYPED_TEST(AssemblerCalls, BytesThatCameEarlyAreDeliveredByThePacketThatFillsTheGap) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(104, "def"), client(107, "ghi"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start"));
  world.send(client(101, "abc"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abcdefghi'"));
}

TYPED_TEST(AssemblerCalls, ADeliveryHasTheContextOfThePacketThatTriggeredIt) {
  auto& world = this->world_;
  std::vector<std::uint64_t> numbers;
  world.on_sg = [&](ScatterGather&, AssemblerContext& context) {
    numbers.push_back(context.capture_info().packet_number);
  };
  world.send(client(100).syn(), client(104, "def"), client(101, "abc"));
  EXPECT_THAT(numbers, ElementsAre(1, 3));
}

TYPED_TEST(AssemblerCalls, APacketThatIsNotAcceptedHasNoEffectAtAll) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(101, "abc"), client(107, "ghi"));
  const PoolSize before = world.pool.size();
  world.told();
  world.on_accept = [](const TcpSegment&, TcpFlowDirection, auto, bool&) { return false; };
  world.send(client(104, "xxx"), client(110, "xxx"), client(104).rst(), client(104).fin(),
             client(101, "abc"));
  EXPECT_THAT(world.told(), IsEmpty());
  EXPECT_THAT(world.events(), IsEmpty());
  EXPECT_EQ(world.pool.size().held_segments, before.held_segments);
  EXPECT_EQ(world.pool.size().pages, before.pages);
  world.on_accept = nullptr;
  TcpAssemblyStats stats;
  world.on_sg = [&](ScatterGather& sg, AssemblerContext&) { stats = sg.stats(); };
  world.send(client(104, "def"));
  EXPECT_THAT(world.told(), ElementsAre("c @3 'defghi'"));
  EXPECT_EQ(stats.overlap_bytes, 0u) << "what was refused is not counted as a repetition";
  EXPECT_TRUE(world.counts_add_up());
}

TYPED_TEST(AssemblerCalls, APacketThatIsNotAcceptedDoesNotKeepTheConnectionYoung) {
  auto& world = this->world_;
  world.send(client(100).syn().at(10));
  world.on_accept = [](const TcpSegment&, TcpFlowDirection, auto, bool&) { return false; };
  world.send(client(101, "abc").at(1000));
  EXPECT_EQ(world.assembler.flush_with_options({{}, second(11)}).closed, 1u);
}

TYPED_TEST(AssemblerCalls, AcceptIsAskedAboutPacketsOfAClosedHalfToo) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(101).fin());
  world.calls();
  world.send(client(102).ack(), client(102, "late"));
  EXPECT_THAT(world.calls(), ElementsAre("accept c next 101", "accept c next 101"));
}

TYPED_TEST(AssemblerCalls, AcceptIsAskedAboutLaterPacketsWhenTheCompletionAnswersFalse) {
  auto& world = this->world_;
  world.on_complete = [](AssemblerContext*, EndReason) { return false; };
  world.send(client(100).syn(), client(101).rst());
  world.calls();
  world.send(server(500).ack(), client(101, "late"));
  EXPECT_THAT(world.calls(), ElementsAre("accept s next none", "accept c next 101"));
  EXPECT_TRUE(world.counts_add_up());
}

TYPED_TEST(AssemblerCalls, StartComesInTrueForASynUntilTheStartIsKnown) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(100).syn());
  EXPECT_THAT(world.calls(), ElementsAre("create 40000>80", "accept c next none start", "c @0 '' start",
                                         "accept c next 101"));
}

TYPED_TEST(AssemblerCalls, ARetransmittedSynDoesNotRepeatTheStart) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(101, "abc"), client(100).syn(), client(104, "def"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'abc'", "c @3 'def'"));
  EXPECT_THAT(world.events(), IsEmpty());
}

TYPED_TEST(AssemblerCalls, AcceptMayMakeTheStreamBeginWithThePacketAtHand) {
  auto& world = this->world_;
  world.on_accept = [](const TcpSegment&, TcpFlowDirection, auto, bool& start) { return start = true; };
  world.send(client(700, "abc"), client(703, "def"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abc' start", "c @3 'def'"));
}

TYPED_TEST(AssemblerCalls, AStartAskedForOnceTheNextNumberIsKnownIsNotRead) {
  auto& world = this->world_;
  world.send(client(100).syn());
  world.on_accept = [](const TcpSegment&, TcpFlowDirection, auto, bool& start) { return start = true; };
  world.send(client(104, "def"), client(101, "abc"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'abcdef'"));
}

TYPED_TEST(AssemblerCalls, WithoutAStartTheBytesWaitAndComeOutWithSkipMinusOne) {
  auto& world = this->world_;
  world.send(client(700, "abc"), client(703, "def"));
  EXPECT_THAT(world.told(), IsEmpty());
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abcdef' skip -1", "complete flush no packet"));
}

TYPED_TEST(AssemblerCalls, ASynThatComesAfterItsDataStillNamesTheStart) {
  auto& world = this->world_;
  world.send(client(104, "def"), client(101, "abc"), client(100).syn());
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abcdef' start"));
}

TYPED_TEST(AssemblerCalls, DataOnASynIsDeliveredWithTheStart) {
  auto& world = this->world_;
  world.send(client(100, "fast").syn());
  EXPECT_THAT(world.told(), ElementsAre("c @0 'fast' start"));
}

TYPED_TEST(AssemblerCalls, TheLastBytesAndTheEndComeInOneDelivery) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(101, "bye").fin());
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'bye' end"));
}

TYPED_TEST(AssemblerCalls, QueuedOverlapsTakeTheLaterPacketDeliveredBytesStay) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(103, "cdef"), client(104, "DE"), client(101, "ab"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'abcDEf'"));
  world.send(client(101, "XXXXXXgh"));
  EXPECT_THAT(world.told(), ElementsAre("c @6 'gh'"));
  EXPECT_TRUE(world.counts_add_up());
}

TYPED_TEST(AssemblerCalls, StreamsThatCrossTheTopOfTheSequenceSpaceAreWhole) {
  auto& world = this->world_;
  world.send(client(0xFFFFFFFD).syn(), client(2, "efg"), client(0xFFFFFFFE, "abcd"), client(5).fin());
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'abcdefg'", "c @7 '' end"));
}

TYPED_TEST(AssemblerCalls, BytesThatTheSnapLengthCutOffAreAGap) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(101, "abc").missing(3).fin());
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'abc'"));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("c @6 '' end skip 3", "complete flush no packet"));
}

// ---- why a connection ended ------------------------------------------------------------------------

TYPED_TEST(AssemblerCalls, AConnectionThatBothSidesFinishedEndsWithFin) {
  auto& world = this->world_;
  world.send(client(100).syn(), server(500).syn().ack(), client(101).fin());
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "s @0 '' start", "c @0 '' end"));
  world.send(server(501).fin());
  EXPECT_THAT(world.told(), ElementsAre("s @0 '' end", "complete fin"));
}

TYPED_TEST(AssemblerCalls, AResetEndsBothDirectionsAndDeliversWhatTheOtherStillHeld) {
  auto& world = this->world_;
  world.send(client(100).syn(), server(500).syn().ack(), server(504, "def"));
  world.told();
  world.send(client(101).rst());
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' end", "s @3 'def' skip 3", "complete rst"));
}

TYPED_TEST(AssemblerCalls, AnIdleConnectionEndsWithTimeout) {
  auto& world = this->world_;
  world.send(client(100).syn());
  world.told();
  world.assembler.flush_close_older_than(second(2));
  EXPECT_THAT(world.told(), ElementsAre("complete timeout no packet"));
}

TYPED_TEST(AssemblerCalls, AFlushSaysTheReasonItWasGiven) {
  auto& world = this->world_;
  world.send(client(100).syn());
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "complete flush no packet"));
  world.send(client(100).syn());
  world.assembler.flush_all(EndReason::end_of_input);
  EXPECT_THAT(world.told(), ElementsAre("#2 c @0 '' start", "#2 complete end_of_input no packet"));
}

TYPED_TEST(AssemblerCalls, ANewSynOnTheSamePortsEndsTheOldConnectionWithPortReuse) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(101, "old"), client(110, "held"));
  world.told();
  world.send(client(90000).syn());
  EXPECT_THAT(world.calls(), ElementsAre("accept c next 104"));
  world.events();
  world.send(server(700).syn().acknowledges(90001));
  EXPECT_THAT(world.calls(), ElementsAre("c @9 'held' skip 6", "complete port_reuse", "create 40000>80",
                                         "#2 accept c next none start", "#2 c @0 '' start",
                                         "#2 accept s next none start", "#2 s @0 '' start"));
  EXPECT_THAT(world.events(), ElementsAre("port_reuse s @0 +0", "gap c @3 +6"));
}

TYPED_TEST(AssemblerCalls, TheCompletionHasTheContextOfThePacketThatEndedTheConnection) {
  auto& world = this->world_;
  std::uint64_t number = 0;
  world.on_complete = [&](AssemblerContext* context, EndReason) {
    number = context->capture_info().packet_number;
    return true;
  };
  world.send(client(100).syn(), client(101, "abc"), server(0).rst().acknowledges(104));
  EXPECT_EQ(number, 3u);
}

// ---- streams nobody wants --------------------------------------------------------------------------

TYPED_TEST(AssemblerCalls, AnIgnoredConnectionCostsOneQuestionAndATombstone) {
  auto& world = this->world_;
  world.on_create = [](const NetFlow&, TransportFlow) { return false; };
  world.send(client(100).syn(), server(500).syn().acknowledges(101), client(101, "abc"), server(501, "def"));
  world.send(client(100).syn(), client(104).fin(), server(504).fin(), client(105).ack());
  EXPECT_THAT(world.calls(), ElementsAre("create 40000>80"));
  EXPECT_EQ(world.pool.size().connections, 0u);
  EXPECT_EQ(world.pool.size().tombstones, 1u);
  EXPECT_TRUE(world.counts_add_up());
}

TYPED_TEST(AssemblerCalls, AnIgnoredConnectionStaysIgnoredAsLongAsItIsAlive) {
  auto& world = this->world_;
  world.on_create = [](const NetFlow&, TransportFlow) { return false; };
  for (int minute = 0; minute < 10; ++minute) {
    world.send(client(100 + static_cast<std::uint32_t>(minute), "x").at(60 * minute + 1));
  }
  EXPECT_THAT(world.calls(), ElementsAre("create 40000>80"));
}

TYPED_TEST(AssemblerCalls, AnIgnoredConnectionMakesRoomForANewOneOnItsPorts) {
  auto& world = this->world_;
  world.on_create = [](const NetFlow&, TransportFlow) { return false; };
  world.send(client(100).syn());
  world.on_create = nullptr;
  world.send(client(7777).syn());
  EXPECT_THAT(world.calls(),
              ElementsAre("create 40000>80", "create 40000>80", "accept c next none start", "c @0 '' start"));
}

}  // namespace
}  // namespace restitch::testing
