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

PoolOptions verifying(const char* policy, Checksums checksums = Checksums::by_direction) {
  PoolOptions options = with(policy);
  options.checksums = checksums;
  return options;
}

TestPacket from_client(std::uint32_t sequence, std::string payload = {}, ChecksumState state = right) {
  return testing::client(sequence, std::move(payload)).window(65535).checksum(state);
}
TestPacket from_server(std::uint32_t sequence, std::string payload = {}, ChecksumState state = right) {
  return testing::server(sequence, std::move(payload)).window(65535).checksum(state);
}

// A connection of which both sides' checksums are `state`; its handshake is told already.
struct Opened : World<VirtualApi> {
  explicit Opened(const PoolOptions& options, ChecksumState state = right) : World({}, options) {
    send(from_client(100, "", state).syn(), from_server(500, "", state).syn().acknowledges(101));
    send(from_client(101, "", state).acknowledges(501));
    calls();
    events();
  }
};

struct ChecksumsTest : ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, ChecksumsTest, ::testing::Values("capture", "gopacket", "first", "last", "bsd"));

TEST_P(ChecksumsTest, AFinWithAWrongOneEndsNothing) {
  for (const ChecksumState state : {wrong, unfilled}) {
    Opened world(verifying(GetParam()));
    world.send(from_client(101, "ab", state).fin().acknowledges(501));
    EXPECT_THAT(world.told(), ElementsAre("c @0 'ab'")) << "its data are delivered all the same";
    EXPECT_THAT(world.events(), ElementsAre("refused c @0 +0"));
    world.send(from_server(501, "", state).fin().acknowledges(103));
    EXPECT_THAT(world.events(), ElementsAre("refused s @0 +0"));
    world.send(from_client(103, "cd").fin().acknowledges(501));
    EXPECT_THAT(world.told(), ElementsAre("c @2 'cd' end"));
  }
}

TEST_P(ChecksumsTest, AResetWithAWrongOneEndsNothing) {
  Opened world(verifying(GetParam()));
  world.send(from_client(101, "", wrong).rst(), from_server(501, "", wrong).rst().acknowledges(101));
  EXPECT_THAT(world.told(), IsEmpty());
  EXPECT_THAT(world.events(), ElementsAre("refused c @0 +0", "refused s @0 +0"));
  world.send(from_client(101).rst());
  EXPECT_THAT(world.told(), Contains("c @0 '' end"));
}

TEST_P(ChecksumsTest, ASynWithAWrongOneMovesNoStartAndClaimsNothing) {
  World<VirtualApi> world({}, verifying(GetParam()));
  world.send(from_client(100).syn(), from_client(7000, "", wrong).syn());
  EXPECT_THAT(world.events(), ElementsAre("refused c @0 +0"));
  world.send(from_client(7001, "far").acknowledges(1), from_client(101, "abc").acknowledges(1));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'abc'"));
  world.events();
  world.send(from_client(900'000, "x", wrong).syn());
  EXPECT_THAT(world.events(), ElementsAre("refused c @3 +1"));
  world.send(from_server(1).syn().acknowledges(900'001));
  EXPECT_THAT(world.told(), IsEmpty());
}

TEST_P(ChecksumsTest, AWrongAnswerBeginsNoClaimedConnection) {
  Opened world(verifying(GetParam()));
  world.send(from_client(101, "abc").acknowledges(501), from_server(501, "ABC").acknowledges(104));
  world.send(from_client(900'000).syn());
  world.told();
  world.send(from_server(7000, "", wrong).syn().acknowledges(900'001));
  EXPECT_THAT(world.told(), IsEmpty());
  world.send(from_server(7000).syn().acknowledges(900'001));
  EXPECT_THAT(world.told(), ElementsAre("complete port_reuse", "#2 c @0 '' start", "#2 s @0 '' start"));
}

TEST_P(ChecksumsTest, OfTwoCopiesThatWaitTheRightOneIsDelivered) {
  for (const bool wrong_first : {true, false}) {
    Opened world(verifying(GetParam()));
    world.send(
        from_client(104, wrong_first ? "EVIL" : "good", wrong_first ? wrong : right).acknowledges(501));
    world.send(
        from_client(104, wrong_first ? "good" : "EVIL", wrong_first ? right : wrong).acknowledges(501));
    world.send(from_client(101, "abc").acknowledges(501));
    EXPECT_THAT(world.told(), ElementsAre("c @0 'abcgood'")) << wrong_first;
    EXPECT_THAT(world.events(), ElementsAre("conflict c @3 +4"));
  }
}

TEST_P(ChecksumsTest, ARightCopyWinsWhereItOverlapsInPart) {
  Opened world(verifying(GetParam()));
  world.send(from_client(103, "WWWWWWWW", wrong).acknowledges(501));
  world.send(from_client(105, "rr").acknowledges(501), from_client(109, "RRRR").acknowledges(501));
  world.send(from_client(102, "YYYY", wrong).acknowledges(501), from_client(101, "a").acknowledges(501));
  EXPECT_THAT(world.told(), ElementsAre(AnyOf("c @0 'aYWWrrWWRRRR'", "c @0 'aYYYrrWWRRRR'")));
}

TEST_P(ChecksumsTest, WhereAllOfADirectionAreUnfilledTheySayNothing) {
  for (const ChecksumState state : {unfilled, wrong}) {
    Opened world(verifying(GetParam()), state);
    world.send(from_client(104, "later", state).acknowledges(501),
               from_client(101, "abc", state).acknowledges(501));
    world.send(from_client(109, "", state).fin().acknowledges(501),
               from_server(501, "", state).fin().acknowledges(110));
    EXPECT_THAT(world.told(), Contains("s @0 '' end"));
    EXPECT_THAT(world.events(), IsEmpty());
  }
}

TEST_P(ChecksumsTest, OneDirectionMayBeUnfilledAndTheOtherRight) {
  World<VirtualApi> world({}, verifying(GetParam()));
  world.send(from_client(100, "", unfilled).syn(), from_server(500).syn().acknowledges(101));
  world.send(from_server(501, "", wrong).fin().acknowledges(101));
  EXPECT_THAT(world.events(), ElementsAre("refused s @0 +0"));
  world.send(from_client(101, "", unfilled).fin().acknowledges(501));
  EXPECT_THAT(world.events(), IsEmpty());
}

TEST_P(ChecksumsTest, ARightOneShowsThatWrongOnesMeanSomething) {
  World<VirtualApi> world({}, verifying(GetParam()));
  world.send(from_client(50, "", wrong).syn(), from_client(100).syn(), from_client(101, "", wrong).fin());
  EXPECT_THAT(world.events(), Contains("refused c @0 +0"));
}

TEST_P(ChecksumsTest, AResetThatIsRightShowsNothing) {
  Opened world(verifying(GetParam()), unfilled);
  world.send(from_server(9'000'000).rst(), from_server(501, "", unfilled).fin().acknowledges(101));
  EXPECT_THAT(world.told(), Contains("s @0 '' end")) << "a host fills in the resets that it answers with";
}

TEST_P(ChecksumsTest, JoinedInTheMiddleAWrongFirstEndIsNotBelieved) {
  World<VirtualApi> world({}, verifying(GetParam()));
  world.send(from_client(700, "", wrong).rst(), from_client(700, "", wrong).fin());
  EXPECT_THAT(world.events(), ElementsAre("refused c @0 +0", "refused c @0 +0"));
}

TEST_P(ChecksumsTest, ASegmentThatACardJoinedHasNone) {
  Opened world(verifying(GetParam()));
  world.send(from_client(101, std::string(2920, 'x'), unfilled).fin().acknowledges(501));
  EXPECT_THAT(world.events(), IsEmpty());
  EXPECT_THAT(world.told(), ElementsAre("c @0 '" + std::string(2920, 'x') + "' end"));
}

TEST_P(ChecksumsTest, OnDemandEachIsVerifiedOrNone) {
  Opened strict(verifying(GetParam(), Checksums::verify));
  strict.send(from_client(101, "", unfilled).fin().acknowledges(501));
  EXPECT_THAT(strict.events(), ElementsAre("refused c @0 +0"));
  World<VirtualApi> stranger({}, verifying(GetParam(), Checksums::verify));
  stranger.send(from_client(100, "abc", wrong).syn());
  EXPECT_THAT(stranger.calls(), IsEmpty());
  EXPECT_EQ(stranger.pool.byte_counts().refused, 3u);
  Opened lax(verifying(GetParam(), Checksums::ignore));
  lax.send(from_client(101, "", wrong).fin().acknowledges(501));
  EXPECT_THAT(lax.told(), ElementsAre("c @0 '' end"));
}

TEST(ChecksumsOfTheDead, AWrongSynBeginsNothing) {
  Opened world(verifying("gopacket"));
  world.send(from_client(101).fin().acknowledges(501), from_server(501).fin().acknowledges(102));
  world.calls();
  world.send(from_client(9000, "", wrong).syn(), from_server(900'000, "EVIL", wrong).acknowledges(102));
  EXPECT_THAT(world.calls(), IsEmpty());
  EXPECT_EQ(world.pool.byte_counts().refused, 4u);
  world.send(from_client(9000).syn());
  EXPECT_THAT(world.told(), ElementsAre("#2 c @0 '' start"));
}

}  // namespace
}  // namespace restitch::testing
