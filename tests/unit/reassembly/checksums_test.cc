// What wrong checksums mean: such a segment begins and ends nothing, and its bytes lose against a right copy
// that waits; but not where all of a direction are wrong, because its host's card had not filled them in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using enum ChecksumState;

PoolOptions with(const char* policy, Checksums checksums = Checksums::by_direction) {
  PoolOptions options;
  options.receiver = find_receiver_policy(policy);
  options.checksums = checksums;
  return options;
}

TestPacket client(std::uint32_t sequence, std::string payload = {}, ChecksumState state = right) {
  return testing::client(sequence, std::move(payload)).window(65535).checksum(state);
}
TestPacket server(std::uint32_t sequence, std::string payload = {}, ChecksumState state = right) {
  return testing::server(sequence, std::move(payload)).window(65535).checksum(state);
}

// A connection of which both sides' checksums are `state`; its handshake is told already.
struct Opened : World<VirtualApi> {
  explicit Opened(const PoolOptions& options, ChecksumState state = right) : World({}, options) {
    send(client(100, "", state).syn(), server(500, "", state).syn().acknowledges(101));
    send(client(101, "", state).acknowledges(501));
    calls();
    events();
  }
};

struct ChecksumsTest : ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, ChecksumsTest, ::testing::Values("capture", "gopacket", "first", "last", "bsd"));

TEST_P(ChecksumsTest, AFinWithAWrongOneEndsNothing) {
  for (const ChecksumState state : {wrong, unfilled}) {
    Opened world(with(GetParam()));
    world.send(client(101, "ab", state).fin().acknowledges(501));
    EXPECT_THAT(world.told(), ElementsAre("c @0 'ab'")) << "its data are delivered all the same";
    EXPECT_THAT(world.events(), ElementsAre("refused c @0 +0"));
    world.send(server(501, "", state).fin().acknowledges(103));
    EXPECT_THAT(world.events(), ElementsAre("refused s @0 +0"));
    world.send(client(103, "cd").fin().acknowledges(501));
    EXPECT_THAT(world.told(), ElementsAre("c @2 'cd' end"));
  }
}

TEST_P(ChecksumsTest, AResetWithAWrongOneEndsNothing) {
  Opened world(with(GetParam()));
  world.send(client(101, "", wrong).rst(), server(501, "", wrong).rst().acknowledges(101));
  EXPECT_THAT(world.told(), IsEmpty());
  EXPECT_THAT(world.events(), ElementsAre("refused c @0 +0", "refused s @0 +0"));
  world.send(client(101).rst());
  EXPECT_THAT(world.told(), Contains("c @0 '' end"));
}

TEST_P(ChecksumsTest, ASynWithAWrongOneMovesNoStartAndClaimsNothing) {
  World<VirtualApi> world({}, with(GetParam()));
  world.send(client(100).syn(), client(7000, "", wrong).syn());
  EXPECT_THAT(world.events(), ElementsAre("refused c @0 +0"));
  world.send(client(7001, "far").acknowledges(1), client(101, "abc").acknowledges(1));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'abc'"));
  world.events();
  world.send(client(900'000, "x", wrong).syn());
  EXPECT_THAT(world.events(), ElementsAre("refused c @3 +1"));
  world.send(server(1).syn().acknowledges(900'001));
  EXPECT_THAT(world.told(), IsEmpty());
}

TEST_P(ChecksumsTest, AWrongAnswerBeginsNoClaimedConnection) {
  Opened world(with(GetParam()));
  world.send(client(101, "abc").acknowledges(501), server(501, "ABC").acknowledges(104));
  world.send(client(900'000).syn());
  world.told();
  world.send(server(7000, "", wrong).syn().acknowledges(900'001));
  EXPECT_THAT(world.told(), IsEmpty());
  world.send(server(7000).syn().acknowledges(900'001));
  EXPECT_THAT(world.told(), ElementsAre("complete port_reuse", "#2 c @0 '' start", "#2 s @0 '' start"));
}

TEST_P(ChecksumsTest, OfTwoCopiesThatWaitTheRightOneIsDelivered) {
  for (const bool wrong_first : {true, false}) {
    Opened world(with(GetParam()));
    world.send(client(104, wrong_first ? "EVIL" : "good", wrong_first ? wrong : right).acknowledges(501));
    world.send(client(104, wrong_first ? "good" : "EVIL", wrong_first ? right : wrong).acknowledges(501));
    world.send(client(101, "abc").acknowledges(501));
    EXPECT_THAT(world.told(), ElementsAre("c @0 'abcgood'")) << wrong_first;
    EXPECT_THAT(world.events(), ElementsAre("conflict c @3 +4"));
  }
}

TEST_P(ChecksumsTest, ARightCopyWinsWhereItOverlapsInPart) {
  Opened world(with(GetParam()));
  world.send(client(103, "WWWWWWWW", wrong).acknowledges(501));
  world.send(client(105, "rr").acknowledges(501), client(109, "RRRR").acknowledges(501));
  world.send(client(102, "YYYY", wrong).acknowledges(501), client(101, "a").acknowledges(501));
  EXPECT_THAT(world.told(), ElementsAre(AnyOf("c @0 'aYWWrrWWRRRR'", "c @0 'aYYYrrWWRRRR'")));
}

TEST_P(ChecksumsTest, WhereAllOfADirectionAreUnfilledTheySayNothing) {
  for (const ChecksumState state : {unfilled, wrong}) {
    Opened world(with(GetParam()), state);
    world.send(client(104, "later", state).acknowledges(501), client(101, "abc", state).acknowledges(501));
    world.send(client(109, "", state).fin().acknowledges(501),
               server(501, "", state).fin().acknowledges(110));
    EXPECT_THAT(world.told(), Contains("s @0 '' end"));
    EXPECT_THAT(world.events(), IsEmpty());
  }
}

TEST_P(ChecksumsTest, OneDirectionMayBeUnfilledAndTheOtherRight) {
  World<VirtualApi> world({}, with(GetParam()));
  world.send(client(100, "", unfilled).syn(), server(500).syn().acknowledges(101));
  world.send(server(501, "", wrong).fin().acknowledges(101));
  EXPECT_THAT(world.events(), ElementsAre("refused s @0 +0"));
  world.send(client(101, "", unfilled).fin().acknowledges(501));
  EXPECT_THAT(world.events(), IsEmpty());
}

TEST_P(ChecksumsTest, ARightOneShowsThatWrongOnesMeanSomething) {
  World<VirtualApi> world({}, with(GetParam()));
  world.send(client(50, "", wrong).syn(), client(100).syn(), client(101, "", wrong).fin());
  EXPECT_THAT(world.events(), Contains("refused c @0 +0"));
}

TEST_P(ChecksumsTest, AResetThatIsRightShowsNothing) {
  Opened world(with(GetParam()), unfilled);
  world.send(server(9'000'000).rst(), server(501, "", unfilled).fin().acknowledges(101));
  EXPECT_THAT(world.told(), Contains("s @0 '' end")) << "a host fills in the resets that it answers with";
}

TEST_P(ChecksumsTest, JoinedInTheMiddleAWrongFirstEndIsNotBelieved) {
  World<VirtualApi> world({}, with(GetParam()));
  world.send(client(700, "", wrong).rst(), client(700, "", wrong).fin());
  EXPECT_THAT(world.events(), ElementsAre("refused c @0 +0", "refused c @0 +0"));
}

TEST_P(ChecksumsTest, ASegmentThatACardJoinedHasNone) {
  Opened world(with(GetParam()));
  world.send(client(101, std::string(2920, 'x'), unfilled).fin().acknowledges(501));
  EXPECT_THAT(world.events(), IsEmpty());
  EXPECT_THAT(world.told(), ElementsAre("c @0 '" + std::string(2920, 'x') + "' end"));
}

TEST_P(ChecksumsTest, OnDemandEachIsVerifiedOrNone) {
  Opened strict(with(GetParam(), Checksums::verify));
  strict.send(client(101, "", unfilled).fin().acknowledges(501));
  EXPECT_THAT(strict.events(), ElementsAre("refused c @0 +0"));
  World<VirtualApi> stranger({}, with(GetParam(), Checksums::verify));
  stranger.send(client(100, "abc", wrong).syn());
  EXPECT_THAT(stranger.calls(), IsEmpty());
  EXPECT_EQ(stranger.pool.byte_counts().refused, 3u);
  Opened lax(with(GetParam(), Checksums::ignore));
  lax.send(client(101, "", wrong).fin().acknowledges(501));
  EXPECT_THAT(lax.told(), ElementsAre("c @0 '' end"));
}

TEST(ChecksumsOfTheDead, AWrongSynBeginsNothing) {
  Opened world(with("gopacket"));
  world.send(client(101).fin().acknowledges(501), server(501).fin().acknowledges(102));
  world.calls();
  world.send(client(9000, "", wrong).syn(), server(900'000, "EVIL", wrong).acknowledges(102));
  EXPECT_THAT(world.calls(), IsEmpty());
  EXPECT_EQ(world.pool.byte_counts().refused, 4u);
  world.send(client(9000).syn());
  EXPECT_THAT(world.told(), ElementsAre("#2 c @0 '' start"));
}

}  // namespace
}  // namespace restitch::testing
