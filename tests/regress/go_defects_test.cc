// Fifteen things that gopacket/reassembly gets wrong, a test or two each; every one fails on the Go code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restitch/assembler.h"
#include "restitch/tcp_helpers.h"
#include "support/frame_builder.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct GoDefects : ::testing::Test {
  World<VirtualApi> world;

  void keep_all() {
    world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  }
};

// Go: 0xFFFFFFFF.Difference(0) is 0, so that one missing byte at the wrap is delivered as contiguous.
TEST_F(GoDefects, D01OneMissingByteAtTheWrapIsMissing) {
  EXPECT_EQ(Sequence(0xFFFFFFFF).difference(Sequence(0)), 1);
  world.send(client(0xFFFFFFFB).syn(), client(0xFFFFFFFC, "abc"));
  world.told();
  world.send(client(0, "e"));
  EXPECT_THAT(world.told(), IsEmpty()) << "the byte at 0xFFFFFFFF has not come";
  world.send(client(0xFFFFFFFF, "d"));
  EXPECT_THAT(world.told(), ElementsAre("c @3 'de'"));
  world.send(client(0, "e"));
  EXPECT_THAT(world.told(), IsEmpty()) << "nor is a byte delivered twice";
}

// Go: kept pages are not given back when a half closes, and its count of pages drifts, even below zero.
TEST_F(GoDefects, D02KeptBytesAreReleasedWhenAHalfCloses) {
  for (int i = 0; i < 100; ++i) {
    keep_all();
    world.send(client(100).syn(), client(101, "abc"), client(104, "def"));
    EXPECT_EQ(world.pool.size().pages, 2u) << "round " << i;
    world.send(client(107).rst());
    ASSERT_EQ(world.pool.size().pages, 0u);
    ASSERT_EQ(world.pool.size().held_segments, 0u);
    world.assembler.flush_all();
  }
}

// Go: limits look at queued pages only; a stream that keeps everything grows for ever.
TEST_F(GoDefects, D02LimitsApplyToKeptBytes) {
  World<VirtualApi> limited(AssemblerOptions().max_buffered_pages_per_connection(4));
  limited.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  limited.send(client(100).syn());
  for (std::uint32_t i = 0; i < 100; ++i) limited.send(client(101 + i, "x"));
  EXPECT_LT(limited.pool.size().pages, 4u);
}

// Go: kept bytes vanish when a gap is skipped, at a timeout and at the end.
TEST_F(GoDefects, D03KeptBytesComeOnceMoreBeforeAGapAndAtTheEnd) {
  keep_all();
  world.send(client(100).syn(), client(101, "ab"), client(105, "ef"));
  world.told();
  world.assembler.flush_with_options({second(10), {}});
  EXPECT_THAT(world.told(), ElementsAre("c @0 'ab|'", "c @4 'ef' skip 2"));
  world.assembler.flush_close_older_than(second(10));
  EXPECT_THAT(world.told(), ElementsAre("c @4 'ef|'", "complete timeout no packet"));
}

// Go: CaptureInfo(o) panics for o beyond the first page (1,900 bytes) of a queued packet.
TEST_F(GoDefects, D04CaptureInfoWorksBeyond1900BytesOfAQueuedPacket) {
  world.send(client(100).syn(), client(102, std::string(5000, 'x')).tag(42));
  std::uint64_t tag = 0;
  world.on_sg = [&](ScatterGather& sg, AssemblerContext&) { tag = sg.capture_info(4321).user_tag; };
  world.send(client(101, "a"));
  EXPECT_EQ(tag, 42u);
}

// Go: Fetch(n) with n > available answers zeros for bytes that never were; many chunks need a copy.
TEST_F(GoDefects, D05NothingIsEverPaddedAndChunksNeedNoCopy) {
  world.send(client(100).syn(), client(102, "b"), client(103, "c"));
  std::string text;
  world.on_sg = [&](ScatterGather& sg, AssemblerContext&) {
    for (const auto& chunk : sg.chunks()) text += to_text(chunk.bytes);
    EXPECT_EQ(sg.fetch(3).size(), 3u);
    EXPECT_DEATH(static_cast<void>(sg.fetch(100)), "must not ask for more");
  };
  world.send(client(101, "a"));
  EXPECT_EQ(text, "abc");
}

// Go: a FIN without data that arrives before the data is thrown away; the connection never closes.
TEST_F(GoDefects, D06AnEarlyFinCountsInItsPlace) {
  world.send(client(100).syn(), server(500).syn().ack(), server(501).fin(), client(104).fin());
  world.told();
  world.send(client(101, "abc"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abc' end", "complete fin"));
}

// Go: the same with a RST, and one in order closes one half only.
TEST_F(GoDefects, D06AnEarlyRstCountsInItsPlaceAndClosesBothHalves) {
  world.send(client(100).syn(), server(500).syn().ack(), client(104).rst());
  world.told();
  world.send(client(101, "abc"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abc' end", "complete rst"));
}

// Go: the new connection's SYN belongs to the old one's half; its data are taken for old or far ahead.
TEST_F(GoDefects, D07PortReuseLosesNothingDuringTheOldConnection) {
  world.send(client(9000).syn(), client(9001, "old"));
  world.told();
  world.send(client(100).syn(), server(700).syn().acknowledges(101), client(101, "new"), server(701, "NEW"));
  EXPECT_THAT(world.told(), ElementsAre("complete port_reuse", "#2 c @0 '' start", "#2 s @0 '' start",
                                        "#2 c @0 'new'", "#2 s @0 'NEW'"));
}

TEST_F(GoDefects, D07PortReuseLosesNothingAfterTheOldConnection) {
  world.send(client(9000).syn(), server(500).syn().ack(), client(9001).fin(), server(501).fin());
  world.told();
  world.send(client(100).syn(), server(700).syn().ack(), client(101, "new"), server(701, "NEW"));
  EXPECT_THAT(world.told(),
              ElementsAre("#2 c @0 '' start", "#2 s @0 '' start", "#2 c @0 'new'", "#2 s @0 'NEW'"));
}

// Go: the last ACK finds no connection and creates one that nothing will ever end.
TEST_F(GoDefects, D07TheLastAckOfAClosedConnectionMakesNoStream) {
  world.send(client(100).syn(), server(500).syn().acknowledges(101), client(101).fin());
  world.send(server(501).fin().acknowledges(102));
  world.calls();
  world.send(client(102).acknowledges(502));
  EXPECT_THAT(world.calls(), IsEmpty());
  EXPECT_EQ(world.pool.size().connections, 0u);
}

// Go: *start = true while older data is queued delivers the newer first, then the older ones.
TEST_F(GoDefects, D08AForcedStartNeverDeliversBackwards) {
  world.send(client(101, "older"));
  world.on_accept = [](const TcpSegment&, TcpFlowDirection, auto, bool& start) { return start = true; };
  world.send(client(200, "start"), client(205, "next"));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("c @0 'start' start", "c @5 'next'", "complete flush no packet"));
  EXPECT_EQ(world.pool.byte_counts().before_start, 5u);
}

// What the checks learn from a handshake: MSS 536, no window scaling, numbers 100 to 1,099 offered.
TcpOptionCheck after_handshake() {
  TcpOptionCheck check;
  const Frame mss = tcp_option::mss(536);
  TestPacket first = client(99).syn();
  TestPacket second = server(499).syn().ack();
  for (TestPacket* packet : {&first, &second}) {
    TcpSegment syn = packet->tcp();
    syn.acknowledgment = Sequence(100);
    syn.window = 1000;
    syn.options = mss;
    const bool answer = packet == &second;
    check.accept(syn, answer ? TcpFlowDirection::server_to_client : TcpFlowDirection::client_to_server,
                 std::nullopt, true);
  }
  return check;
}

TcpCheck check_client(TcpOptionCheck check, const TestPacket& packet) {
  return check.accept(packet.tcp(), TcpFlowDirection::client_to_server, Sequence(100), false);
}

// Go: a retransmission that also brings new bytes is rejected, as is every segment above the MSS.
TEST_F(GoDefects, D09OptionCheckTakesARetransmissionWithNewBytesAndOffloadedSegments) {
  EXPECT_EQ(check_client(after_handshake(), client(98, "abcdef")), TcpCheck{});
  const TcpCheck large = check_client(after_handshake(), client(100, std::string(900, 'x')));
  EXPECT_EQ(large.finding, TcpFinding::above_mss);
  EXPECT_TRUE(large.accepted);
}

// Go: the comparison is the wrong way round: what fits the window is rejected, what lies beyond passes.
TEST_F(GoDefects, D09OptionCheckHasItsWindowTheRightWayRound) {
  EXPECT_EQ(check_client(after_handshake(), client(500, "in")).finding, TcpFinding::ok);
  EXPECT_EQ(check_client(after_handshake(), client(5000, "out")).finding, TcpFinding::beyond_window);
}

// Go: two assemblers that see the two directions of a new connection first panic on each other's entry.
TEST_F(GoDefects, D10TwoAssemblersMayEachSeeOneDirectionFirst) {
  VirtualApi::Assembler second_assembler(world.pool);
  for (std::uint16_t port = 1; port <= 500; ++port) {
    const bool swap = port % 2 != 0;
    world.send_to(swap ? second_assembler : world.assembler, server(500).syn().ack().client_port(port));
    world.send_to(swap ? world.assembler : second_assembler, client(100).syn().client_port(port));
    world.send_to(second_assembler, client(101, "ab").client_port(port));
    world.send_to(world.assembler, server(501, "cd").client_port(port));
    world.told();
    world.send_to(swap ? second_assembler : world.assembler, client(103).rst().client_port(port));
    EXPECT_EQ(world.told().size(), 2u) << "end and completion of connection " << port;
  }
  EXPECT_EQ(world.pool.size().connections, 0u);
}

// Go: OverlapBytes adds up distances: 1,000 for three bytes that come again 1,000 bytes late.
TEST_F(GoDefects, D11OverlapBytesAreBytes) {
  world.send(client(100).syn(), client(101, std::string(1000, 'x')), client(101, "xxx"));
  TcpAssemblyStats stats;
  world.on_sg = [&](ScatterGather& sg, AssemblerContext&) { stats = sg.stats(); };
  world.send(client(1101, "y"));
  EXPECT_EQ(stats.overlap_bytes, 3u);
  EXPECT_EQ(stats.overlap_packets, 1u);
}

// Go: each packet walks the queue from its tail (50,000 in reverse: 1.25 billion steps), and a queued byte
// costs a page of 2,000 bytes: 100 MB here.
TEST_F(GoDefects, D12FiftyThousandSegmentsInReverseTakeLittleMemoryAndCome) {
  constexpr std::uint32_t count = 50'000;
  World<VirtualApi> at_once({}, {.delivery_segments_max = count + 1});
  at_once.send(client(100).syn());
  const std::size_t empty = at_once.pool.size().memory_size;
  for (std::uint32_t i = count; i > 0; --i) at_once.send(client(101 + i, "x"));
  EXPECT_EQ(at_once.pool.size().held_segments, count);
  constexpr std::size_t chunk_slack = 128 * 1024;  // what a slab holds beyond its objects
  EXPECT_LE(at_once.pool.size().memory_size, empty + count * 5 / 4 + count * 80 + chunk_slack);
  at_once.told();
  at_once.send(client(101, "x"));
  EXPECT_THAT(at_once.told(), ElementsAre("c @0 '" + std::string(count + 1, 'x') + "'"));
}

// Go: a segment of 1,000 bytes costs a page of 2,000.
TEST_F(GoDefects, D12ThousandByteSegmentsTakeAQuarterMoreThanTheirBytes) {
  constexpr std::uint32_t count = 5'000;
  constexpr std::uint32_t size = 1000;
  world.send(client(100).syn());
  const std::size_t empty = world.pool.size().memory_size;
  for (std::uint32_t i = count; i > 0; --i) world.send(client(101 + i * size, std::string(size, 'x')));
  constexpr std::size_t chunk_slack = 128 * 1024;
  EXPECT_LE(world.pool.size().memory_size,
            empty + std::size_t{count} * size * 5 / 4 + count * 80 + chunk_slack);
}

// Go: whoever is seen first is the client, also when that is the answer.
TEST_F(GoDefects, D13ASynAckSeenFirstComesFromTheServer) {
  world.send(server(500).syn().ack(), server(501, "banner"), client(100).syn(), client(101, "hello"));
  EXPECT_THAT(world.calls(), ElementsAre("create 40000>80", "accept s next none start", "s @0 '' start",
                                         "accept s next 501", "s @0 'banner'", "accept c next none start",
                                         "c @0 '' start", "accept c next 101", "c @0 'hello'"));
}

// Go: ReassemblyComplete(ac) gets a nil or an old context, and no reason.
TEST_F(GoDefects, D14TheCompletionSaysWhyAndWhichPacket) {
  std::vector<std::string> ends;
  world.on_complete = [&](AssemblerContext* context, EndReason reason) {
    ends.push_back(fmt::format("{} {}", to_string(reason),
                               context == nullptr ? 0 : context->capture_info().packet_number));
    return true;
  };
  world.send(client(100).syn(), client(101).rst());
  world.send(client(900).syn(), client(901, "x"), client(50000).syn(), server(1).syn().acknowledges(50001));
  world.assembler.flush_close_older_than(second(100));
  world.send(client(70000).syn());
  world.assembler.flush_all(EndReason::end_of_input);
  EXPECT_THAT(ends, ElementsAre("rst 2", "port_reuse 6", "timeout 0", "end_of_input 0"));
}

// Go: once one connection has filled the total, every other connection loses its reordering for good.
// Here a limit per connection keeps the hog below the total, and the others keep theirs.
TEST_F(GoDefects, D15AHogBelowItsOwnLimitSpoilsNobody) {
  World<VirtualApi> limited(
      AssemblerOptions().max_buffered_pages_per_connection(50).max_buffered_pages_total(100));
  limited.send(client(100).syn());
  for (std::uint32_t i = 0; i < 1000; ++i) limited.send(client(200 + 2 * i, "h"));
  EXPECT_LT(limited.pool.size().pages, 50u);
  limited.send(client(100).syn().client_port(7));
  limited.told();
  limited.send(client(103, "cd").client_port(7), client(101, "ab").client_port(7));
  EXPECT_THAT(limited.told(), ElementsAre("#2 c @0 'abcd'"));
}

// At the total itself only the half-connection at hand gives up its gaps; what others hold stays held, and
// bytes in order are not touched. (A policy that chooses the victim belongs to the byte budgets.)
TEST_F(GoDefects, D15AtTheTotalOnlyTheHalfAtHandGivesUpItsGaps) {
  World<VirtualApi> limited(AssemblerOptions().max_buffered_pages_total(10));
  limited.send(client(100).syn());
  for (std::uint32_t i = 0; i < 9; ++i) limited.send(client(102 + 2 * i, "h"));
  limited.send(client(100).syn().client_port(7), server(500).syn().ack().client_port(7));
  limited.told();
  limited.send(client(103, "cd").client_port(7));
  EXPECT_THAT(limited.told(), ElementsAre("#2 c @2 'cd' skip 2")) << "this half was at hand";
  limited.send(server(501, "in order").client_port(7));
  EXPECT_THAT(limited.told(), ElementsAre("#2 s @0 'in order'"));
  EXPECT_EQ(limited.pool.size().pages, 9u) << "the other connection still waits";
  limited.send(client(101, "H"));
  EXPECT_THAT(limited.told(), ElementsAre("c @0 'Hh'"));
}

}  // namespace
}  // namespace restitch::testing
