// What the fuzz targets found, each as a short story of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restitch/assembler.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;

PoolOptions acknowledged_only() {
  PoolOptions options;
  options.acknowledged_tolerance_ns = 0;
  return options;
}

// tcp_streams_fuzz: bytes that wait for their acknowledgement still lay in the packet that had brought them.
TEST(FuzzFindings, BytesThatWaitToBeAcknowledgedOutliveTheirPacket) {
  World<StaticApi> world({}, acknowledged_only());
  world.send(client(100).syn(), server(500).syn().ack());
  world.told();
  world.send(client(101, "a longer payload").ack());
  EXPECT_THAT(world.told(), ElementsAre());
  TestPacket acknowledging = server(501, "another one").ack();
  acknowledging.acknowledges(117);
  world.send(acknowledging);
  EXPECT_THAT(world.told(), ElementsAre("c @0 'a longer payload'"));
}

// The same: at the end, bytes that were never acknowledged were refused, but the offset went on over them.
TEST(FuzzFindings, BytesThatWereNeverAcknowledgedAreNoPartOfTheStream) {
  World<StaticApi> world({}, acknowledged_only());
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(sg.lengths().available / 2); };
  world.send(client(101, "abcd").ack(), client(105, "never").ack());
  world.send(server(501).acknowledges(105));
  EXPECT_THAT(world.told(), ElementsAre());
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abcd' skip -1", "c @2 'cd|'", "complete flush no packet"));
  EXPECT_EQ(world.pool.byte_counts().refused, 5u);
}

// The same: a limit skipped the gap behind bytes that waited for their acknowledgement, which then came
// behind it.
TEST(FuzzFindings, BytesThatWaitToBeAcknowledgedComeBeforeTheGapBehindThem) {
  World<StaticApi> world(AssemblerOptions().max_buffered_pages_per_connection(2), acknowledged_only());
  world.send(client(100).syn(), server(500).syn().ack());
  world.told();
  world.send(client(101, "abcd").ack(), client(110, "xyz").ack());
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abcd'", "c @9 '' skip 5"));
  world.send(server(501).acknowledges(113));
  EXPECT_THAT(world.told(), ElementsAre("c @9 'xyz'"));
}

// tcp_streams_fuzz: a reset of a stream whose start is not known ended it at once, and what the stream kept
// of the first bytes was neither kept nor offered again before the gap behind them.
TEST(FuzzFindings, WhatIsKeptBeforeAGapInAResetStreamIsOfferedAgain) {
  World<StaticApi> world;
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  world.send(client(101, "abc"), client(110, "xyz"), client(101).rst());
  EXPECT_THAT(world.told(),
              ElementsAre("c @0 'abc' skip -1", "c @0 'abc|'", "c @9 'xyz' end skip 6", "complete rst"));
}

// tcp_streams_fuzz: an acknowledgement of a number half the sequence space beyond the end of a stream; one
// below its distance has no 32-bit number.
TEST(FuzzFindings, AnAcknowledgementHalfTheSpaceBeyondAnEndTellsNothing) {
  World<StaticApi> world({}, {.observe = true});
  world.send(client(100).syn(), server(500).syn().acknowledges(101), server(501).fin().acknowledges(101));
  world.events();
  world.send(client(101).acknowledges(502 + 0x7FFFFFFFU + 1U));
  EXPECT_THAT(world.events(), ElementsAre());
}

// tcp_streams_fuzz: of two starts the data chose the one within a block of merged segments. Those before it
// were given up, and the rest was lost when that data took its place: it stayed counted as held.
TEST(FuzzFindings, WhatIsLeftOfAMergedBlockWaitsBehindItsNewStart) {
  const ReceiverPolicy linux_rule{.name = "rule", .summary = "", .rule = OverlapRule::linux_};
  World<StaticApi> world({}, {.receiver = &linux_rule});
  world.send(client(100).syn(), server(105).syn().ack());
  world.send(server(110, "a"), server(111, "bcd"), server(114, "ef"), server(120, "xyz"),
             server(111).syn().ack());
  world.told();
  world.send(client(101).acknowledges(112));
  EXPECT_THAT(world.told(), ElementsAre("s @0 'cdef'"));
  EXPECT_TRUE(world.counts_add_up());
  EXPECT_EQ(world.pool.byte_counts().held, 3u);
  EXPECT_EQ(world.pool.byte_counts().before_start, 2u);
}

}  // namespace
}  // namespace restitch::testing
