// Each kind of event, provoked: what it says, that it is counted, and when it is told.
#include "restitch/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restitch/assembler.h"
#include "support/frame_builder.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Events : ::testing::Test {
  [[nodiscard]] std::uint64_t count(EventKind kind) const {
    return world.pool.event_counts()[static_cast<std::size_t>(kind)];
  }
  World<VirtualApi> world;
};

struct CaptureEvents : Events {
  static PoolOptions options() {
    PoolOptions options;
    options.receiver = find_receiver_policy("capture");
    return options;
  }
  World<VirtualApi> lenient{{}, options()};
};

TEST_F(Events, EachKindHasANameOfItsOwn) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < event_kind_count; ++i) names.push_back(to_string(static_cast<EventKind>(i)));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  EXPECT_EQ(std::count(names.begin(), names.end(), "unknown"), 0);
  EXPECT_EQ(to_string(EventKind::count_), "unknown");
}

TEST_F(Events, AConnectionWithoutIncidentHasNone) {
  world.send(client(100).syn(), server(500).syn().ack(), client(104, "d"), client(101, "abc"),
             client(101, "abc"));
  world.send(client(105).fin(), server(501).fin());
  EXPECT_THAT(world.events(), IsEmpty());
}

TEST_F(Events, AConflictShowsTheRangeAndBothCopies) {
  std::string copies;
  world.on_event = [&](const Event& event) {
    copies = to_text(event.held) + " " + to_text(event.arrived);
    EXPECT_EQ(event.info.packet_number, 3u) << "the packet that showed it";
  };
  world.send(client(100).syn(), client(103, "cdef"), client(104, "DEFG"));
  EXPECT_THAT(world.events(), ElementsAre("conflict c @3 +3"));
  EXPECT_EQ(copies, "def DEF");
  EXPECT_EQ(count(EventKind::conflict), 1u);
}

// What is in order is delivered whatever waits, and used not to be compared with it.
TEST_F(Events, UnderLinuxASegmentInOrderIsComparedWithTheBlocksItReachesOver) {
  PoolOptions options;
  options.receiver = find_receiver_policy("linux");
  World<VirtualApi> linux({}, options);
  linux.send(client(100).syn(), client(103, "cd").ack(), client(107, "gh").ack());
  linux.send(client(101, "abXYefgh").ack());
  EXPECT_THAT(linux.events(), ElementsAre("conflict c @2 +2"));
}

TEST_F(Events, CopiesThatAreEqualAreNoConflict) {
  world.send(client(100).syn(), client(103, "cdef"), client(104, "defg"));
  EXPECT_THAT(world.events(), IsEmpty());
}

TEST_F(Events, AGapIsToldBeforeTheBytesBehindIt) {
  std::vector<std::string> story;
  world.on_event = [&](const Event& event) { story.emplace_back(to_string(event.kind)); };
  world.on_sg = [&](ScatterGather& sg, AssemblerContext&) { story.push_back(Recorder::text(sg)); };
  world.send(client(100).syn(), client(104, "def"));
  world.assembler.flush_with_options({second(100), {}});
  EXPECT_THAT(story, ElementsAre("", "gap", "def"));
  EXPECT_THAT(world.events(), ElementsAre("gap c @0 +3"));
}

TEST_F(Events, AStreamThatIsJoinedInTheMiddleSaysSo) {
  world.send(server(700, "abc"));
  world.assembler.flush_all();
  EXPECT_THAT(world.events(), ElementsAre("midstream_start c @0 +0")) << "whoever speaks first is the client";
}

TEST_F(Events, DataBeyondAFinAreRefusedAndTold) {
  world.send(client(100).syn(), client(101, "ab").fin(), client(101, "abcd"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'ab' end"));
  EXPECT_THAT(world.events(), ElementsAre("data_after_fin c @2 +2"));
  EXPECT_EQ(world.pool.byte_counts().refused, 2u);
}

TEST_F(Events, DataBeyondAnEarlyFinAreRefusedToo) {
  world.send(client(100).syn(), client(104).fin(), client(103, "cde"), client(101, "ab"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'abc' end"));
  EXPECT_THAT(world.events(), ElementsAre("data_after_fin c @3 +2"));
}

TEST_F(CaptureEvents, NothingFollowsTwoFinsThatAreAcknowledgedUnderTheCapturePolicy) {
  lenient.send(client(100).syn(), server(500).syn().ack(), client(101).fin());
  lenient.send(server(501).fin().acknowledges(102));
  lenient.told();
  lenient.send(client(102).acknowledges(501));
  EXPECT_THAT(lenient.told(), ElementsAre()) << "its own FIN is acknowledged, the other one is not";
  lenient.send(client(102).acknowledges(502));
  EXPECT_THAT(lenient.told(), ElementsAre("complete fin"));
  EXPECT_EQ(lenient.pool.size().connections, 0u);
  lenient.send(client(102, "more"));
  lenient.assembler.flush_all();
  EXPECT_THAT(lenient.told(), ElementsAre("#2 c @0 'more' skip -1", "#2 complete flush no packet"))
      << "what the dead connection could not repeat is of another one";
}

TEST_F(CaptureEvents, DataAfterAFinOrAResetAreDeliveredAndToldUnderTheCapturePolicy) {
  lenient.send(client(100).syn(), client(101).fin(), client(101, "more"));
  EXPECT_THAT(lenient.told(), ElementsAre("c @0 '' start", "c @0 '' end", "c @0 'more'"));
  EXPECT_THAT(lenient.events(), ElementsAre("data_after_fin c @0 +4"));
  lenient.send(server(500).syn().acknowledges(101), server(501).rst(), server(501, "late"));
  EXPECT_THAT(lenient.told(), ElementsAre("s @0 '' start", "s @0 '' end", "s @0 'late'"));
  EXPECT_THAT(lenient.events(), ElementsAre("data_after_rst s @0 +4"));
}

TEST_F(Events, AFinAtAnotherPlaceIsTold) {
  world.send(client(100).syn(), client(110).fin(), client(108).fin());
  EXPECT_THAT(world.events(), ElementsAre("fin_moved c @0 +0"));
}

TEST_F(Events, ASynInsideAConnectionIsToldAndChangesNothing) {
  world.send(client(100).syn(), server(500).syn().ack(), server(501, "abc"), server(9000).syn().ack());
  world.told();
  EXPECT_THAT(world.events(), ElementsAre("syn_in_connection s @3 +0"));
  world.send(server(504, "d"));
  EXPECT_THAT(world.told(), ElementsAre("s @3 'd'"));
}

TEST_F(Events, PortReuseIsToldToTheOldStreamOnly) {
  world.send(client(100).syn(), client(101, "abc"), client(70000).syn(),
             server(500).syn().acknowledges(70001));
  EXPECT_THAT(world.events(), ElementsAre("syn_in_connection c @3 +0", "port_reuse s @0 +0"));
}

TEST_F(Events, WhatNobodyListensToIsCountedAllTheSame) {
  struct Deaf : Stream {
    bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence>, bool&,
                AssemblerContext&) override {
      return true;
    }
    void reassembled_sg(ScatterGather&, AssemblerContext&) override {}
    bool reassembly_complete(AssemblerContext*, EndReason) override { return true; }
  };
  struct DeafFactory : StreamFactory {
    std::unique_ptr<Stream> create(const NetFlow&, TransportFlow, const TcpSegment&,
                                   AssemblerContext&) override {
      return std::make_unique<Deaf>();
    }
  } factory;
  StreamPool pool(factory);
  Assembler assembler(pool);
  AssemblerContext context;
  const TestPacket packet = client(700, "abc");
  assembler.assemble_with_context(packet.net(), packet.tcp(), context);
  assembler.flush_all();
  EXPECT_EQ(pool.event_counts()[static_cast<std::size_t>(EventKind::midstream_start)], 1u);
}

}  // namespace
}  // namespace restitch::testing
