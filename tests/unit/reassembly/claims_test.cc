// A SYN inside a connection is a claim: the old connection goes on until it is answered, and then nothing is
// lost to either.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A connection in which both sides have sent; its start is told already.
struct Claims : ::testing::Test {
  static TestPacket client(std::uint32_t sequence, std::string payload = {}) {
    return testing::client(sequence, std::move(payload)).window(65535);
  }
  static TestPacket server(std::uint32_t sequence, std::string payload = {}) {
    return testing::server(sequence, std::move(payload)).window(65535);
  }
  explicit Claims(const char* policy = "capture") : world({}, with(policy)) {
    world.send(client(1000).syn(), server(5000).syn().acknowledges(1001), client(1001).acknowledges(5001));
    world.send(client(1001, "old").acknowledges(5001), server(5001, "OLD").acknowledges(1004));
    world.calls();
    world.events();
  }
  void expect_old_goes_on() {
    world.told();
    world.send(client(1004, " and on").acknowledges(5004), server(5004, " AND ON").acknowledges(1011));
    EXPECT_THAT(world.told(), ElementsAre("c @3 ' and on'", "s @3 ' AND ON'"));
  }

  World<VirtualApi> world;
};

TEST_F(Claims, ASynThatNobodyAnswersChangesNothing) {
  world.send(client(90000).syn());
  EXPECT_THAT(world.told(), IsEmpty());
  EXPECT_THAT(world.events(), ElementsAre("syn_in_connection c @3 +0"));
  expect_old_goes_on();
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("complete flush no packet"));
}

TEST_F(Claims, ASynThatIsAnsweredBeginsTheNewConnectionAsIfItCameThen) {
  std::vector<std::uint64_t> packets;
  std::vector<std::size_t> options;
  world.send(client(90000, "fast").syn().tag(42));
  expect_old_goes_on();
  world.on_accept = [&](const TcpSegment& tcp, TcpFlowDirection, auto, bool&) {
    options.push_back(tcp.options.size());
    return true;
  };
  world.on_sg = [&](ScatterGather& sg, AssemblerContext&) {
    if (sg.lengths().available != 0) packets.push_back(sg.capture_info(0).user_tag);
  };
  world.send(server(700).syn().acknowledges(90001));
  EXPECT_THAT(world.calls(),
              ElementsAre("complete port_reuse", "create 40000>80", "#2 accept c next none start",
                          "#2 c @0 'fast' start", "#2 accept s next none start", "#2 s @0 '' start"));
  EXPECT_THAT(packets, ElementsAre(42)) << "with its own CaptureInfo";
  EXPECT_TRUE(world.counts_add_up());
}

TEST_F(Claims, TheAnswerOfTheOldConnectionIsTold) {
  world.send(client(90000).syn(), server(5004).acknowledges(1004), server(5004).acknowledges(1004));
  EXPECT_THAT(world.events(), ElementsAre("syn_in_connection c @3 +0", "challenge_ack s @3 +0"));
  expect_old_goes_on();
}

TEST_F(Claims, AnAnswerToAnotherNumberIsNone) {
  world.send(client(90000).syn(), server(700).syn().acknowledges(90002));
  EXPECT_THAT(world.told(), IsEmpty());
  expect_old_goes_on();
}

TEST_F(Claims, WhatFollowsTheSynWaitsForTheAnswer) {
  world.send(client(900000).syn(), client(900001).acknowledges(701), client(900001, "new").acknowledges(701));
  EXPECT_THAT(world.told(), IsEmpty());
  expect_old_goes_on();
  world.send(server(700).syn().acknowledges(900001));
  EXPECT_THAT(world.told(),
              ElementsAre("complete port_reuse", "#2 c @0 '' start", "#2 s @0 '' start", "#2 c @0 'new'"));
  EXPECT_EQ(world.pool.byte_counts().held, 0u);
  EXPECT_TRUE(world.counts_add_up());
}

TEST_F(Claims, WhatFollowedASynThatWasNeverAnsweredIsRefusedAndTold) {
  world.send(client(900000).syn(), client(900001, "EVIL").acknowledges(5004));
  expect_old_goes_on();
  EXPECT_EQ(world.pool.byte_counts().held, 4u);
  world.assembler.flush_all();
  EXPECT_EQ(world.pool.byte_counts().refused, 4u);
  EXPECT_THAT(world.events(), Contains("wild_sequence c @3 +4"));
}

TEST_F(Claims, TheAnswerMayBeLostAndItsAcknowledgementsCount) {
  world.send(client(900000).syn(), client(900001, "new").acknowledges(701));
  world.send(server(701, "NEW").acknowledges(900004));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("complete port_reuse", "#2 c @0 '' start", "#2 c @0 'new'",
                                        "#2 s @0 'NEW' skip -1", "#2 complete flush no packet"));
}

TEST_F(Claims, TheServersEndMayOpenTheNextConnection) {
  world.send(server(90000).syn());
  expect_old_goes_on();
  world.send(client(700).syn().acknowledges(90001), server(90001, "new").acknowledges(701));
  EXPECT_THAT(world.calls(),
              ElementsAre("complete port_reuse", "create 80>40000", "#2 accept c next none start",
                          "#2 c @0 '' start", "#2 accept s next none start", "#2 s @0 '' start",
                          "#2 accept c next 90001", "#2 c @0 'new'"));
}

TEST_F(Claims, OfSeveralTheAnsweredOneCounts) {
  world.send(client(90000).syn(), client(800000, "x").syn(), client(90000).syn(), client(700000).syn());
  world.send(server(700).syn().acknowledges(90001), client(90001, "new").acknowledges(701));
  EXPECT_THAT(world.told(),
              ElementsAre("complete port_reuse", "#2 c @0 '' start", "#2 s @0 '' start", "#2 c @0 'new'"));
  EXPECT_EQ(world.pool.byte_counts().refused, 1u);
}

TEST_F(Claims, ManyOnOneConnectionStayFew) {
  for (std::uint32_t i = 1; i <= 1000; ++i) world.send(client(i * 100'000, "payload").syn());
  EXPECT_LE(world.pool.size().held_segments, 4u);
  expect_old_goes_on();
  world.send(server(700).syn().acknowledges(100'000'001));
  EXPECT_THAT(world.told(),
              ElementsAre("complete port_reuse", "#2 c @0 'payload' start", "#2 s @0 '' start"));
}

TEST_F(Claims, ManyOnManyConnectionsAreBounded) {
  for (std::uint16_t port = 1; port <= 5000; ++port) {
    world.send(client(100).syn().client_port(port), client(101, "x").client_port(port));
    world.send(client(900'000, std::string(1000, 'y')).syn().client_port(port));
  }
  EXPECT_LE(world.pool.size().held_segments, 1024u);
  EXPECT_TRUE(world.counts_add_up());
}

TEST_F(Claims, ASynAckWhoseSynWasNotCapturedIsOneToo) {
  world.send(server(900000).syn().acknowledges(70001), server(900001, "banner").acknowledges(70001));
  EXPECT_THAT(world.told(), IsEmpty());
  expect_old_goes_on();
  world.send(client(70001).acknowledges(900001), client(70001, "hello").acknowledges(900007));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("complete port_reuse", "#2 s @0 '' start", "#2 s @0 'banner'",
                                        "#2 c @0 'hello'", "#2 complete flush no packet"));
}

TEST_F(Claims, AStreamThatDoesNotAcceptASynMakesNoClaim) {
  world.on_accept = [](const TcpSegment& tcp, TcpFlowDirection, auto, bool&) { return !tcp.syn(); };
  world.send(client(90000, "x").syn(), server(700).syn().acknowledges(90001));
  EXPECT_THAT(world.told(), IsEmpty());
  EXPECT_EQ(world.pool.byte_counts().refused, 1u);
  world.on_accept = nullptr;
  expect_old_goes_on();
}

TEST_F(Claims, AnExceptionOfTheNewStreamLosesNoCount) {
  world.send(client(900000).syn(), client(900001, "new").acknowledges(701),
             client(900004, "er").acknowledges(701));
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) {
    if (sg.lengths().available != 0) throw 1;
  };
  EXPECT_THROW(world.send(server(700, "z").syn().acknowledges(900001)), int);
  EXPECT_TRUE(world.counts_add_up());
  EXPECT_EQ(world.pool.byte_counts().held, 0u);
}

TEST_F(Claims, AConnectionThatIsNotWantedTakesTheClaimWithIt) {
  world.on_create = [](const NetFlow&, TransportFlow) { return false; };
  world.send(client(90000, "fast").syn(), server(700).syn().acknowledges(90001));
  EXPECT_THAT(world.told(), ElementsAre("complete port_reuse"));
  EXPECT_EQ(world.pool.byte_counts().refused, 4u);
  EXPECT_TRUE(world.counts_add_up());
}

TEST_F(Claims, AClaimOutlivesTheConnectionItCameIn) {
  world.send(client(90000).syn(), client(1004).fin().acknowledges(5004));
  world.send(server(5004).fin().acknowledges(1005), client(1005).acknowledges(5005));
  EXPECT_THAT(world.told(), ElementsAre("c @3 '' end", "s @3 '' end", "complete fin"));
  world.send(server(700).syn().acknowledges(90001));
  EXPECT_THAT(world.told(), ElementsAre("#2 c @0 '' start", "#2 s @0 '' start"));
  EXPECT_EQ(world.pool.size().tombstones, 0u);
}

// Only one direction was captured: nobody could be seen to answer.
struct ClaimsOneWay : ::testing::Test {
  ClaimsOneWay() {
    world.send(client(1000).syn(), client(1001, "old").acknowledges(5001));
    world.calls();
  }
  World<VirtualApi> world{{}, with("capture")};
};

TEST_F(ClaimsOneWay, DataThatFitsTheNewStartAndNotTheOldOneBeginsIt) {
  world.send(client(90'000'000).syn());
  world.send(client(1004, " and on").acknowledges(5001));
  EXPECT_THAT(world.told(), ElementsAre("c @3 ' and on'"));
  world.send(client(90'000'001, "new").acknowledges(701));
  EXPECT_THAT(world.told(), ElementsAre("complete port_reuse", "#2 c @0 '' start", "#2 c @0 'new'"));
}

TEST_F(ClaimsOneWay, DataThatFitsBothStaysWithTheOld) {
  world.send(client(2000).syn(), client(2001, "behind a hole").acknowledges(5001));
  EXPECT_THAT(world.told(), IsEmpty());
  world.send(client(1004, std::string(997, 'x')).acknowledges(5001));
  EXPECT_THAT(world.told(), ElementsAre("c @3 '" + std::string(997, 'x') + "behind a hole'"));
}

// A host that refuses SYNs inside a connection does so; that the other side answers one all the same proves
// that the connection was over.
struct ClaimsLinux : Claims {
  ClaimsLinux() : Claims("linux") {}
};

TEST_F(ClaimsLinux, OnlyTheAnswerCounts) {
  world.send(client(900000, "x").syn(), client(900001, "new").acknowledges(701));
  EXPECT_THAT(world.events(), ElementsAre("refused c @3 +1", "wild_sequence c @3 +3"));
  expect_old_goes_on();
  world.send(server(700).syn().acknowledges(900001));
  EXPECT_THAT(world.told(),
              ElementsAre("complete port_reuse", "#2 c @0 '' start", "#2 s @0 '' start", "#2 c @0 'new'"));
}

// ---- after a connection ----------------------------------------------------------------------------

struct ClaimsOnTheDead : Claims {
  ClaimsOnTheDead() {
    world.send(client(1004).fin().acknowledges(5004), server(5004).fin().acknowledges(1005));
    world.send(client(1005).acknowledges(5005));
    EXPECT_EQ(world.pool.size().connections, 0u);
    world.calls();
  }
};

TEST_F(ClaimsOnTheDead, ASynWithTheOldNumberThatIsAnsweredBeginsAnew) {
  world.send(client(1000).syn(), client(1001, "old").acknowledges(701));
  EXPECT_THAT(world.calls(), IsEmpty()) << "it may be a repetition";
  world.send(server(700).syn().acknowledges(1001), server(701, "NEW").acknowledges(1004));
  EXPECT_THAT(world.told(),
              ElementsAre("#2 c @0 '' start", "#2 s @0 '' start", "#2 c @0 'old'", "#2 s @0 'NEW'"));
  EXPECT_TRUE(world.counts_add_up());
}

TEST_F(ClaimsOnTheDead, AlsoWithTheOldAnswer) {
  world.send(client(1000).syn(), server(5000).syn().acknowledges(1001),
             client(1001, "old").acknowledges(5001));
  EXPECT_THAT(world.told(), ElementsAre("#2 c @0 '' start", "#2 s @0 '' start", "#2 c @0 'old'"));
}

TEST_F(ClaimsOnTheDead, ARepetitionThatIsNotAnsweredStaysOne) {
  world.send(client(1000).syn(), client(1001, "old").acknowledges(5001),
             server(5001, "OLD").acknowledges(1004));
  world.assembler.flush_all();
  EXPECT_THAT(world.calls(), IsEmpty());
  EXPECT_EQ(world.pool.byte_counts().duplicate, 6u);
  EXPECT_TRUE(world.counts_add_up());
}

TEST_F(ClaimsOnTheDead, WhatItCouldNotRepeatBeginsAnewWithItsSyn) {
  world.send(client(1000).syn(), client(1001, "other bytes").acknowledges(701));
  world.send(server(701, "NEW").acknowledges(1012));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("#2 c @0 '' start", "#2 c @0 'other bytes'", "#2 s @0 'NEW' skip -1",
                                        "#2 complete flush no packet"));
}

TEST_F(ClaimsOnTheDead, AConnectionJoinedInTheMiddleIsNotSwallowed) {
  world.send(client(1005, "x").acknowledges(5005), server(5005, "answer").acknowledges(1006));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(),
              ElementsAre("#2 c @0 'x' skip -1", "#2 s @0 'answer' skip -1", "#2 complete flush no packet"));
  EXPECT_EQ(world.pool.byte_counts().refused, 0u);
}

}  // namespace
}  // namespace restitch::testing
