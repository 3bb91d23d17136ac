// A RST ends a connection only where its receiver could take it: at the next number, or in the window as far
// as that is known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Numbers that wrap within the window, and some that do not.
struct Resets : ::testing::TestWithParam<std::uint32_t> {
  Resets() {
    world.send(client(0).syn(), server(0).syn().acknowledges(GetParam() + 1));
    world.send(client(1, "abc").acknowledges(2 * GetParam() + 1));
    world.send(server(1, "ABC").acknowledges(GetParam() + 4));
    world.send(client(4).acknowledges(2 * GetParam() + 4));
    world.calls();
    world.events();
  }
  static TestPacket client(std::uint32_t at, std::string payload = {}) {
    return testing::client(GetParam() + at, std::move(payload)).window(8000);
  }
  static TestPacket server(std::uint32_t at, std::string payload = {}) {
    return testing::server(2 * GetParam() + at, std::move(payload)).window(8000);
  }
  void expect_none(const TestPacket& reset) {
    world.send(reset);
    EXPECT_THAT(world.told(), IsEmpty());
    EXPECT_THAT(world.events(), ElementsAre(::testing::StartsWith("refused ")));
  }

  World<VirtualApi> world{{}, with("capture")};
};
INSTANTIATE_TEST_SUITE_P(, Resets, ::testing::Values(5000U, 0xFFFFFFFDU, 0x7FFFFFF0U));

TEST_P(Resets, AtTheNextNumberOneEndsTheConnection) {
  world.send(client(4).rst());
  EXPECT_THAT(world.told(), ElementsAre("c @3 '' end"));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("complete rst no packet"));
}

TEST_P(Resets, InTheWindowToo) {
  world.send(server(4 + 7000).rst());
  EXPECT_THAT(world.told(), ElementsAre("s @3 '' end"));
}

TEST_P(Resets, FarFromTheNextNumberOneEndsNothingAndTheReasonSaysSo) {
  expect_none(client(4 + 70'000).rst());
  expect_none(client(4 + 0x40000000).rst());
  expect_none(client(4U - 70'000).rst());
  expect_none(server(0x7FFFFFFF).rst().acknowledges(GetParam() + 4));
  expect_none(server(1).rst().acknowledges(GetParam() + 4));
  world.send(client(4).fin().acknowledges(2 * GetParam() + 4), server(4).fin().acknowledges(GetParam() + 5));
  world.send(client(5).acknowledges(2 * GetParam() + 5));
  EXPECT_THAT(world.told(), ElementsAre("c @3 '' end", "s @3 '' end", "complete fin"));
}

TEST_P(Resets, WhatIsNotAcknowledgedMayNotHaveCome) {
  world.send(client(4, "lost").acknowledges(2 * GetParam() + 4));
  world.told();
  world.send(client(4).rst());
  EXPECT_THAT(world.told(), ElementsAre("c @7 '' end"));
}

TEST_P(Resets, OfASideThatWasNotSeenItHasToAnswerTheOther) {
  World<VirtualApi> one_way({}, with("capture"));
  one_way.send(client(0).syn());
  one_way.told();
  one_way.send(server(0).rst().acknowledges(GetParam() + 0x10000000));
  EXPECT_THAT(one_way.told(), IsEmpty());
  one_way.send(server(0).rst().acknowledges(GetParam() + 1));
  EXPECT_THAT(one_way.told(), ElementsAre("s @0 '' end"));
}

TEST_P(Resets, OfASideThatWasNotCapturedItsReceiverKnowsTheNumbers) {
  World<VirtualApi> one_way({}, with("capture"));
  one_way.send(client(1, "abc").acknowledges(2 * GetParam() + 4));
  one_way.send(server(4 + 0x50000000).rst());
  EXPECT_THAT(one_way.told(), IsEmpty());
  one_way.send(server(4).rst());
  EXPECT_THAT(one_way.told(), ElementsAre("s @0 '' end"));
}

TEST_P(Resets, OneWayAndJoinedInTheMiddleWhatIsKnownDecides) {
  World<VirtualApi> one_way({}, with("capture"));
  one_way.send(client(1, "abc"), client(4).rst());
  one_way.assembler.flush_all();
  EXPECT_THAT(one_way.told(), Contains("complete rst no packet"));
}

// Where a reset waits for its place, one that has none makes no gap up to there.
TEST(ResetsInPlace, AWildOneIsNotWaitedFor) {
  World<VirtualApi> world({}, with("gopacket"));
  const auto window = [](TestPacket packet) { return packet.window(8000); };
  world.send(window(client(100)).syn(), window(server(500)).syn().acknowledges(101));
  world.send(client(101, "abc").acknowledges(501), window(server(501)).acknowledges(104));
  world.send(client(500'000).rst());
  world.told();
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("complete flush no packet"));
}

}  // namespace
}  // namespace restitch::testing
