// What is believed about a stream, and on whose word: the receiver's acknowledgements decide where it starts
// and goes on.
#include "restitch/detail/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Evidence, AnAcknowledgementCountsOnlyBetweenTheLastOneAndWhatWasCaptured) {
  detail::Evidence evidence;
  EXPECT_FALSE(evidence.take(Sequence(100), 10, Sequence(200)));
  evidence.believe(Sequence(100), 10);
  EXPECT_TRUE(evidence.take(Sequence(150), 20, Sequence(200)));
  EXPECT_FALSE(evidence.take(Sequence(149), 20, Sequence(200)));
  EXPECT_FALSE(evidence.take(Sequence(201), 20, Sequence(200)));
  EXPECT_EQ(evidence.acked(), Sequence(150));
}

TEST(Evidence, AnAcknowledgementCountsAcrossTheWrap) {
  detail::Evidence evidence;
  evidence.believe(Sequence(0xFFFFFFF0), 10);
  EXPECT_TRUE(evidence.take(Sequence(5), 10, Sequence(10)));
  EXPECT_EQ(evidence.acked(), Sequence(5));
}

TEST(Evidence, TheWindowIsTheLargestOneTimesTheScale) {
  detail::Evidence evidence;
  EXPECT_EQ(evidence.window_max(), 1U << 30);
  evidence.believe(Sequence(1), 1000);
  EXPECT_EQ(evidence.window_max(), 1000U << 14) << "no scale is larger";
  evidence.note_scale(2, 500);
  EXPECT_EQ(evidence.window_max(), 4000U);
  evidence.note_scale(1, 7999);
  EXPECT_EQ(evidence.window_max(), 8000U) << "the window of a SYN is in bytes";
}

TEST(Evidence, WithoutAnAnswerThatScalesTheWindowIsInBytes) {
  detail::Evidence evidence;
  evidence.note_scale(13, 65535);
  EXPECT_EQ(evidence.window_max(), 65536U);
  evidence.unscale();
  evidence.believe(Sequence(1), 3000);
  EXPECT_EQ(evidence.window_max(), 65535U);
  evidence.doubt_unscaled();
  EXPECT_EQ(evidence.window_max(), 65535U << 14);
}

// Taps that are skewed show the answer first.
TEST(Evidence, TheAnswerMayComeBeforeTheOffer) {
  detail::Evidence evidence;
  evidence.unscale();
  evidence.note_scale(13, 3000);
  EXPECT_EQ(evidence.window_max(), 3000U);
}

TEST(Evidence, AScaleThatWasOfferedIsNotDoubted) {
  for (const unsigned scale : {0U, 3U}) {
    detail::Evidence evidence;
    evidence.note_scale(static_cast<std::uint8_t>(scale), 800);
    evidence.doubt_unscaled();
    EXPECT_EQ(evidence.window_max(), 800U);
  }
}

PoolOptions midstream(std::uint32_t packets) {
  PoolOptions options;
  options.midstream_packets_max = packets;
  options.receiver = find_receiver_policy("capture");
  return options;
}

PoolOptions holes_acked(std::int64_t seconds) {
  PoolOptions options;
  options.ageing.hole_acked_ns = seconds * 1'000'000'000;
  return options;
}

template <class Base>
struct Believed : ::testing::Test {
  World<VirtualApi> world_;

  // The stream at hand is the server's; its numbers begin at Base, so that both ends of the number space are
  // tried.
  static TestPacket syn(std::uint32_t at) { return server(Base::value + at).syn().acknowledges(101); }
  static TestPacket data(std::uint32_t at, std::string payload) {
    return server(Base::value + at, std::move(payload)).acknowledges(101);
  }
  static TestPacket acks(std::uint32_t at) { return client(101).acknowledges(Base::value + at); }

  // After the handshake: an empty recorder.
  static void open(World<VirtualApi>& world) {
    world.send(client(100).syn(), syn(0), acks(1));
    world.told();
    world.events();
  }
};
template <std::uint32_t value_>
struct Base {
  static constexpr std::uint32_t value = value_;
};
using Bases = ::testing::Types<Base<100>, Base<0xFFFFFFFE>, Base<0x7FFFFFFE>>;
TYPED_TEST_SUITE(Believed, Bases);

TYPED_TEST(Believed, OfTwoStartsTheAcknowledgedOneCounts) {
  for (const bool forged_first : {false, true}) {
    World<VirtualApi> world;
    world.send(client(100).syn(), this->syn(forged_first ? 700'000'000 : 0),
               this->syn(forged_first ? 0 : 700'000'000));
    world.send(this->acks(1), this->data(1, "200"));
    EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "s @0 '' start", "s @0 '200'"));
    EXPECT_THAT(world.events(), ElementsAre("syn_in_connection s @0 +0"));
  }
}

TYPED_TEST(Believed, OfTwoStartsTheAcknowledgedOneCountsThoughItsHeadIsMissing) {
  auto& world = this->world_;
  world.send(client(100).syn(), this->syn(700'000'000), this->syn(0), this->acks(1), this->data(4, " OK"));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(),
              ElementsAre("c @0 '' start", "s @0 '' start", "s @3 ' OK' skip 3", "complete flush no packet"));
}

TYPED_TEST(Believed, OfTwoStartsTheOneCountsWhoseDataIsAcknowledged) {
  auto& world = this->world_;
  world.send(client(100).syn(), this->syn(700'000'000), this->syn(0), this->acks(4), this->data(1, "200"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "s @0 '' start", "s @0 '200'"));
}

TYPED_TEST(Believed, OfTwoStartsTheOneCountsThatDataFitsIfNothingWasAcknowledged) {
  auto& world = this->world_;
  world.send(client(100).syn(), this->syn(700'000'000), this->syn(0), this->data(1, "200"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "s @0 '' start", "s @0 '200'"));
}

TYPED_TEST(Believed, AnAcknowledgedStartDoesNotMove) {
  auto& world = this->world_;
  this->open(world);
  world.send(this->syn(900'000'000), this->data(900'000'001, "forged"), this->data(1, "200"));
  EXPECT_THAT(world.told(), ElementsAre("s @0 '200'"));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("complete flush no packet"));
  EXPECT_THAT(world.events(), ElementsAre("syn_in_connection s @0 +0", "wild_sequence s @0 +6"));
}

TYPED_TEST(Believed, ASynAckTellsTheStartOfAStreamWhoseSynWasLost) {
  auto& world = this->world_;
  world.send(server(500).syn().acknowledges(TypeParam::value + 1), client(TypeParam::value + 4, "/"));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("s @0 '' start", "c @3 '/' skip 3", "complete flush no packet"));
}

TYPED_TEST(Believed, AWildSegmentIsNeverDeliveredAndIsTold) {
  auto& world = this->world_;
  this->open(world);
  world.send(this->data(1, "abc"), this->acks(4), this->data(536'870'912, "XYZ"), this->data(4, "def"),
             this->acks(7));
  EXPECT_THAT(world.told(), ElementsAre("s @0 'abc'", "s @3 'def'"));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("complete flush no packet"));
  EXPECT_THAT(world.events(), ElementsAre("wild_sequence s @6 +3"));
  EXPECT_EQ(world.pool.byte_counts().dropped, 3u);
}

TYPED_TEST(Believed, AWildAcknowledgementChangesNothing) {
  auto& world = this->world_;
  this->open(world);
  world.send(this->data(1, "abc"), this->acks(2'000'000'000), this->acks(4), this->acks(2'000'000'500),
             this->acks(4));
  world.send(this->data(4, "def"), this->acks(7));
  EXPECT_THAT(world.told(), ElementsAre("s @0 'abc'", "s @3 'def'"));
  EXPECT_THAT(world.events(), IsEmpty());
}

TYPED_TEST(Believed, TheNumberOfASegmentWithoutAnAckFlagIsNoAcknowledgement) {
  auto& world = this->world_;
  auto junk = [](std::uint32_t number) {
    TestPacket packet = client(100);
    packet.acknowledges(number);
    return packet.without(TcpFlag::ack).syn();
  };
  world.send(junk(1'580'000'000), this->syn(0), this->acks(1), this->data(1, "200"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "s @0 '' start", "s @0 '200'"));
}

TYPED_TEST(Believed, AnOutageOfAnySizeEndsWhereTheReceiverAcknowledges) {
  for (const std::uint32_t size : {1'000'000u, 1'100'000'000u, 2'200'000'000u, 3'221'225'472u}) {
    World<VirtualApi> world;
    this->open(world);
    world.send(this->data(1, "abc"), this->acks(4));
    world.send(this->data(4 + size, "def"), this->acks(7 + size), this->data(7 + size, "ghi"),
               this->acks(10 + size), this->data(10 + size, "jkl"));
    world.assembler.flush_all();
    EXPECT_THAT(world.told(), Contains(::testing::AllOf(
                                  ::testing::StartsWith("s @" + std::to_string(size + 3ULL) + " 'def"),
                                  ::testing::EndsWith(" skip " + std::to_string(size)))))
        << size;
    EXPECT_EQ(world.pool.byte_counts().delivered, 12u) << size;
  }
}

TYPED_TEST(Believed, AnOutageOfManyWrapsHasItsLengthIfAcknowledgementsGoOn) {
  auto& world = this->world_;
  this->open(world);
  world.send(this->data(1, "abc"), this->acks(4));
  std::uint64_t at = 4;
  for (; at < 12'000'000'000; at += 900'000'000) {
    world.send(this->acks(static_cast<std::uint32_t>(at)), this->acks(static_cast<std::uint32_t>(at + 2)));
  }
  world.send(this->data(static_cast<std::uint32_t>(at), "def"),
             this->acks(static_cast<std::uint32_t>(at + 3)));
  world.send(this->data(static_cast<std::uint32_t>(at + 3), "ghi"),
             this->acks(static_cast<std::uint32_t>(at + 6)));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), Contains(::testing::StartsWith("s @" + std::to_string(at - 1) + " 'defghi'")));
}

TYPED_TEST(Believed, SegmentsThatAgreeEndAnOutageThatNobodyAcknowledges) {
  auto& world = this->world_;
  const std::uint32_t from = TypeParam::value + 3'000'000'000u;
  world.send(server(TypeParam::value).syn().ack(), server(TypeParam::value + 1, "abc"));
  world.send(server(from + 4, "def"), server(from + 7, "ghi"));
  EXPECT_THAT(world.told(), ElementsAre("s @0 '' start", "s @0 'abc'"));
  world.send(server(from + 10, "jkl"));
  EXPECT_THAT(world.told(), ElementsAre("s @3000000003 'defghijkl' skip 3000000000"));
  EXPECT_THAT(world.events(), ElementsAre("resynchronized s @3 +3000000000", "gap s @3 +3000000000"));
}

TYPED_TEST(Believed, AStreamMayBeLongThoughNobodyAcknowledgesIt) {
  auto& world = this->world_;
  world.send(server(TypeParam::value).syn().ack());
  std::uint64_t at = 1;
  const std::string much(1 << 20, 'x');
  for (int i = 0; i < 300; ++i, at += much.size()) {
    world.send(server(TypeParam::value + static_cast<std::uint32_t>(at), much));
  }
  world.told();
  world.send(server(TypeParam::value + static_cast<std::uint32_t>(at + 3), "def"),
             server(TypeParam::value + static_cast<std::uint32_t>(at), "abc"));
  EXPECT_THAT(world.told(), ElementsAre("s @" + std::to_string(at - 1) + " 'abcdef'"));
  EXPECT_THAT(world.events(), IsEmpty());
}

TYPED_TEST(Believed, OneOfTwoNumberSpacesIsDeliveredTheOneThatIsAcknowledged) {
  auto& world = this->world_;
  const std::uint32_t other = 1'700'000'000u;
  world.send(client(100).syn(), this->syn(other), this->syn(0), this->acks(1));
  for (std::uint32_t i = 0; i < 40; ++i) {
    world.send(this->data(other + 1 + i, "x"), this->data(1 + i, "x"), this->acks(2 + i));
  }
  world.assembler.flush_all();
  EXPECT_EQ(world.pool.byte_counts().delivered, 40u);
  EXPECT_THAT(world.events(), Contains("wild_sequence s @40 +1"));
}

TYPED_TEST(Believed, AHoleThatTheReceiverHasIsGivenUpInTime) {
  World<VirtualApi> world({}, holes_acked(2));
  this->open(world);
  world.send(this->data(4, "def"), this->acks(7).at(2), this->acks(7).at(3));
  EXPECT_THAT(world.told(), IsEmpty());
  world.send(this->acks(7).at(4));
  EXPECT_THAT(world.told(), ElementsAre("s @3 'def' skip 3"));
}

TYPED_TEST(Believed, AHoleThatIsGivenUpBeforeTheLastFinEndsTheConnection) {
  World<VirtualApi> world({}, holes_acked(2));
  this->open(world);
  world.send(this->data(4, "def").fin(), this->acks(8).fin().at(2), this->acks(8).at(3));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' end"));
  world.send(client(102).acknowledges(TypeParam::value + 8).at(4));
  EXPECT_THAT(world.told(), ElementsAre("s @3 'def' end skip 3", "complete fin"));
}

TYPED_TEST(Believed, AHoleThatIsGivenUpBeforeAResetEndsTheConnectionAfterThePacketThatShowsIt) {
  World<VirtualApi> world({}, holes_acked(2));
  world.send(client(100).syn(), this->syn(0), this->acks(1).window(1000));
  world.told();
  world.send(this->data(4, "def").rst(), this->acks(7).at(2), this->acks(7).at(3));
  EXPECT_THAT(world.told(), IsEmpty());
  world.send(client(101, "in order").acknowledges(TypeParam::value + 7).at(4));
  EXPECT_THAT(world.told(), ElementsAre("s @3 'def' end skip 3", "c @0 'in order'", "complete rst"));
}

TYPED_TEST(Believed, AHoleThatTheReceiverHasStillWaitsForATapThatRunsBehind) {
  World<VirtualApi> world({}, holes_acked(2));
  this->open(world);
  world.send(this->data(4, "def"), this->acks(7).at(2), this->data(1, "abc").at(3), this->acks(7).at(9));
  EXPECT_THAT(world.told(), ElementsAre("s @0 'abcdef'"));
}

TYPED_TEST(Believed, AStreamWithoutAStartBeginsWhereTheReceiverSays) {
  World<VirtualApi> world({}, midstream(8));
  world.send(this->acks(10), this->data(10, "abc"));
  EXPECT_THAT(world.told(), ElementsAre("s @0 'abc' skip -1"));
}

TYPED_TEST(Believed, AStreamWithoutAStartBeginsOnceAByteOfItIsAcknowledged) {
  World<VirtualApi> world({}, midstream(8));
  world.send(client(100), this->data(13, "def"), this->data(10, "abc"));
  EXPECT_THAT(world.told(), IsEmpty());
  world.send(this->acks(13));
  EXPECT_THAT(world.told(), ElementsAre("s @0 'abcdef' skip -1"));
}

TYPED_TEST(Believed, AStreamWithoutAStartBeginsAfterAFewSegments) {
  World<VirtualApi> world({}, midstream(3));
  world.send(client(100), this->data(13, "def"), this->data(10, "abc"));
  EXPECT_THAT(world.told(), IsEmpty());
  world.send(this->data(16, "ghi"));
  EXPECT_THAT(world.told(), ElementsAre("s @0 'abcdefghi' skip -1"));
}

TYPED_TEST(Believed, OneWildSegmentAtTheHeadDoesNotDecideWhereAStreamIs) {
  for (const std::uint32_t wild : {1'500'000'000u, 3'000'000'000u, 3'900'000'000u}) {
    World<VirtualApi> world({}, midstream(8));
    world.send(client(100), this->data(wild, "XYZ"));
    for (std::uint32_t i = 10; i < 40; i += 3) world.send(this->data(i, "abc"), this->acks(i + 3));
    EXPECT_EQ(world.pool.byte_counts().delivered, 30u) << wild;
    world.assembler.flush_all();
    EXPECT_THAT(world.told(), Not(Contains(::testing::HasSubstr("X")))) << wild;
    EXPECT_THAT(world.events(), Contains(::testing::StartsWith("wild_sequence"))) << wild;
  }
}

TEST(Believed, SegmentsElsewhereAreBoundedAndEachIsTold) {
  World<VirtualApi> world;
  world.send(client(100).syn(), server(500).syn().acknowledges(101), client(101, "abc"),
             server(501).acknowledges(104));
  for (std::uint32_t i = 0; i < 1000; ++i) {
    world.send(client(2'000'000'000 + i * 40'000'000, "wild"), client(104 + i, "x"));
  }
  EXPECT_LE(world.pool.size().held_segments, detail::Elsewhere::size_max);
  world.assembler.flush_all();
  EXPECT_EQ(world.pool.byte_counts().delivered, 1003u);
  EXPECT_EQ(world.pool.event_counts()[static_cast<std::size_t>(EventKind::wild_sequence)] +
                (world.pool.byte_counts().duplicate + world.pool.byte_counts().before_start) / 4,
            1000u);
}

}  // namespace
}  // namespace restitch::testing
