// Where a stream begins and ends, and what does not belong to it: a FIN that is contradicted, probes, bytes
// before the start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// Numbers that wrap in the connection, and some that do not.
struct Ends : ::testing::TestWithParam<std::uint32_t> {
  void open() {
    world.send(client(0).syn(), server(0).syn().acknowledges(GetParam() + 1));
    world.send(client(1).acknowledges(2 * GetParam() + 1));
    world.calls();
    world.events();
  }
  static TestPacket client(std::uint32_t at, std::string payload = {}) {
    return testing::client(GetParam() + at, std::move(payload)).window(8000);
  }
  static TestPacket server(std::uint32_t at, std::string payload = {}) {
    return testing::server(2 * GetParam() + at, std::move(payload)).window(8000);
  }
  static std::uint32_t of_client(std::uint32_t at) { return GetParam() + at; }
  static std::uint32_t of_server(std::uint32_t at) { return 2 * GetParam() + at; }

  World<VirtualApi> world{{}, with("capture")};
};
INSTANTIATE_TEST_SUITE_P(, Ends, ::testing::Values(5000U, 0xFFFFFFFDU, 0x7FFFFFFDU));

// ---- the end ---------------------------------------------------------------------------------------

TEST_P(Ends, AFinBeforeBytesThatCameEndsNothing) {
  open();
  world.send(client(1, "abcdef").acknowledges(of_server(1)), client(3).fin().acknowledges(of_server(1)));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abcdef'"));
  EXPECT_THAT(world.events(), ElementsAre("fin_moved c @6 +0"));
  world.send(client(7, "g").fin().acknowledges(of_server(1)));
  EXPECT_THAT(world.told(), ElementsAre("c @6 'g' end"));
}

TEST_P(Ends, AFinThatItsReceiverAcknowledgedIsOneAllTheSame) {
  open();
  world.send(client(1, "abEVIL").acknowledges(of_server(1)), server(1).acknowledges(of_client(4)));
  world.told();
  world.send(client(3).fin().acknowledges(of_server(1)));
  EXPECT_THAT(world.told(), ElementsAre("c @6 '' end"));
}

TEST_P(Ends, AProbeOnTheNumberOfTheFinIsNoData) {
  for (const bool one_way : {false, true}) {
    World<VirtualApi> one({}, with("capture"));
    one.send(client(0).syn());
    if (!one_way) one.send(server(0).syn().acknowledges(of_client(1)));
    one.send(client(1, "GET").acknowledges(of_server(1)), client(4).fin().acknowledges(of_server(1)));
    if (!one_way) one.send(server(1).acknowledges(of_client(5)));
    one.told();
    one.events();
    one.send(client(4, "x").acknowledges(of_server(1)), client(4, "x").acknowledges(of_server(1)));
    EXPECT_THAT(one.told(), IsEmpty()) << one_way;
    EXPECT_THAT(one.events(), ElementsAre("keep_alive c @3 +0", "keep_alive c @3 +0")) << one_way;
    EXPECT_EQ(one.pool.byte_counts().refused, 2u);
  }
}

TEST_P(Ends, AByteThereIsDataWhileTheFinIsNotAcknowledged) {
  open();
  world.send(client(1, "a").acknowledges(of_server(1)), server(1).acknowledges(of_client(2)));
  world.send(client(2).fin().acknowledges(of_server(1)), client(2, "b").acknowledges(of_server(1)));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'a'", "c @1 '' end", "c @1 'b'"));
  EXPECT_THAT(world.events(), ElementsAre("data_after_fin c @1 +1"));
}

TEST_P(Ends, AnEmptyProbeBehindAnAcknowledgedFinIsToldToo) {
  open();
  world.send(client(1).fin().acknowledges(of_server(1)), server(1).acknowledges(of_client(2)));
  world.events();
  world.send(client(1).acknowledges(of_server(1)));
  EXPECT_THAT(world.events(), ElementsAre("keep_alive c @0 +0"));
}

TEST_P(Ends, BytesThatWaitBehindAnEndAreRefusedAndTold) {
  World<VirtualApi> strict({}, with("gopacket"));
  strict.send(client(0).syn(), client(9, "behind"), client(4, "cdef"), client(5).fin());
  strict.events();
  strict.send(client(1, "abC"));
  EXPECT_THAT(strict.events(), ElementsAre("data_after_fin c @4 +3", "data_after_fin c @4 +6"));
  EXPECT_EQ(strict.pool.byte_counts().refused, 9u);
}

// ---- probes ----------------------------------------------------------------------------------------

TEST_P(Ends, ASecondWindowProbeIsNoKeepAlive) {
  open();
  world.send(client(1, "fill").acknowledges(of_server(1)), server(1).acknowledges(of_client(5)).window(0));
  for (int i = 0; i < 3; ++i) {
    world.send(client(5, "H").acknowledges(of_server(1)), server(1).acknowledges(of_client(5)).window(0));
  }
  EXPECT_THAT(world.events(), IsEmpty());
  EXPECT_THAT(world.told(), ElementsAre("c @0 'fill'", "c @4 'H'"));
}

TEST_P(Ends, AKeepAliveIsOneOnceAllWasAcknowledged) {
  open();
  world.send(server(1, "data").acknowledges(of_client(1)), client(1).acknowledges(of_server(5)));
  world.send(server(4, "x").acknowledges(of_client(1)), server(4).acknowledges(of_client(1)));
  EXPECT_THAT(world.events(), ElementsAre("keep_alive s @4 +0", "keep_alive s @4 +0"));
}

// ---- before the start ------------------------------------------------------------------------------

TEST_P(Ends, BytesBeforeTheStartAreCountedForThemselves) {
  open();
  std::vector<std::uint64_t> offsets;
  world.on_event = [&](const Event& event) { offsets.push_back(event.offset); };
  world.send(client(0U - 9, "123456789").acknowledges(of_server(1)));
  world.send(client(0U - 2, "xyzabc").acknowledges(of_server(1)),
             client(4, "def").acknowledges(of_server(1)));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abc'", "c @3 'def'"));
  EXPECT_THAT(world.events(), ElementsAre("before_start c @0 +9", "before_start c @0 +3"));
  const ByteCounts& counts = world.pool.byte_counts(TcpFlowDirection::client_to_server);
  EXPECT_EQ(counts.before_start, 12u);
  EXPECT_EQ(counts.duplicate, 0u);
  EXPECT_THAT(offsets, Each(0u));
}

TEST_P(Ends, AlsoOfAConnectionJoinedInTheMiddle) {
  PoolOptions options = with("capture");
  options.tell_copies = true;
  World<VirtualApi> middle({}, options);
  middle.send(server(100, "abc"));
  middle.assembler.flush_with_options({second(100), {}});
  middle.events();
  middle.send(server(95, "before"), server(98, "12ab"));
  EXPECT_THAT(middle.events(), ElementsAre("before_start c @0 +5", "other_copy c @0 +1",
                                           "before_start c @0 +2", "other_copy c @0 +2"));
  EXPECT_EQ(middle.pool.byte_counts().before_start, 7u);
  EXPECT_EQ(middle.pool.byte_counts().duplicate, 3u);
}

// Under Linux' rule held blocks may overlap, so that one that reaches over the start is cut when it is
// delivered.
TEST_P(Ends, AlsoWhereTheStartIsKnownLater) {
  ReceiverPolicy lax = *find_receiver_policy("linux");
  lax.refusals = {};
  PoolOptions options;
  options.receiver = &lax;
  World<VirtualApi> late({}, options);
  std::vector<std::uint64_t> offsets;
  late.on_event = [&](const Event& event) { offsets.push_back(event.offset); };
  late.send(server(90, std::string(20, 'a')), server(95, std::string(30, 'b')), server(99).syn());
  late.assembler.flush_all();
  for (const std::uint64_t offset : offsets) EXPECT_LT(offset, 1000u);
  EXPECT_TRUE(late.counts_add_up());
}

// ---- six packets that are all forged ---------------------------------------------------------------

// They open and close a connection just where one goes on that was joined in the middle.
TEST_P(Ends, ForgedPacketsDoNotSwallowAConnectionJoinedInTheMiddle) {
  for (const char* policy : {"capture", "gopacket"}) {
    World<VirtualApi> joined({}, with(policy));
    joined.send(client(99).syn(), server(299).syn().acknowledges(of_client(100)));
    joined.send(client(100).acknowledges(of_server(300)), client(100).fin().acknowledges(of_server(300)));
    joined.send(server(300).fin().acknowledges(of_client(101)), client(101).acknowledges(of_server(301)));
    std::string sent;
    std::string seen;
    joined.on_sg = [&](ScatterGather& sg, AssemblerContext&) { seen += Recorder::text(sg); };
    for (std::uint32_t i = 0; i < 50; ++i) {
      const std::string line = "line " + std::to_string(i);
      joined.send(
          client(100 + static_cast<std::uint32_t>(sent.size()), line).acknowledges(of_server(300)).at(i));
      sent += line;
    }
    joined.assembler.flush_all();
    EXPECT_EQ(seen, sent) << policy;
    EXPECT_EQ(joined.pool.byte_counts().refused, 0u);
  }
}

}  // namespace
}  // namespace restitch::testing
