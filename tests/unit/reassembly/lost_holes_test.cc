// How long a hole waits that its receiver acknowledged: shortly where every byte comes before its
// acknowledgement, and longer where one did not, for then a tap is late.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restitch/assembler.h"
#include "support/frame_builder.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

PoolOptions waiting() {
  PoolOptions options;
  options.receiver = find_receiver_policy("capture");
  options.midstream_packets_max = 8;
  options.ageing.hole_acked_ns = 1'000'000'000;
  options.ageing.hole_lost_ns = 50'000'000;
  return options;
}

struct LostHoles : ::testing::Test {
  World<VirtualApi> world{{}, waiting()};

  static TestPacket data(std::uint32_t at, std::string payload, std::int64_t ms) {
    return server(501 + at, std::move(payload)).acknowledges(101).at_ms(ms);
  }
  static TestPacket acks(std::uint32_t at, std::int64_t ms) {
    return client(101).acknowledges(501 + at).at_ms(ms);
  }
  static TestPacket syn(std::int64_t ms) { return client(100).syn().at_ms(ms); }
  static TestPacket syn_ack(std::int64_t ms) { return server(500).syn().acknowledges(101).at_ms(ms); }

  // Six bytes come, of which the first three are missing; all are acknowledged.
  void lose(std::uint32_t at, std::int64_t ms) {
    world.send(data(at + 3, "def", ms), acks(at + 6, ms + 1));
    world.told();
  }
  void expect_given_up_between(std::uint32_t at, std::int64_t early_ms, std::int64_t ms) {
    world.send(data(at + 6, "g", early_ms));
    EXPECT_THAT(world.told(), Not(Contains(HasSubstr("def"))));
    world.send(data(at + 7, "h", ms));
    EXPECT_THAT(world.told(), Contains(HasSubstr("def")));
  }
};

TEST_F(LostHoles, WaitShortlyWhereNothingComesBehindItsAcknowledgement) {
  world.send(syn(0), syn_ack(1), acks(0, 2));
  lose(0, 10);
  expect_given_up_between(0, 15, 75);
}

TEST_F(LostHoles, WaitWhereTheSynCameBehindItsAcknowledgement) {
  world.send(syn(0), acks(0, 1), syn_ack(2));
  lose(0, 10);
  expect_given_up_between(0, 900, 1075);
}

TEST_F(LostHoles, WaitWhereTheSynOfTheClientCameBehindItsAnswer) {
  world.send(syn_ack(0), syn(1), acks(0, 2));
  world.send(client(104, "def").acknowledges(501).at_ms(10), server(501).acknowledges(107).at_ms(11));
  world.send(client(107, "g").acknowledges(501).at_ms(100));
  EXPECT_THAT(world.told(), Not(Contains(HasSubstr("def"))));
  world.send(client(108, "h").acknowledges(501).at_ms(1075));
  EXPECT_THAT(world.told(), Contains(HasSubstr("def")));
}

TEST_F(LostHoles, WaitOnceAByteCameBehindItsAcknowledgement) {
  world.send(syn(0), syn_ack(1), acks(0, 2));
  world.send(acks(9, 5), data(3, "def", 6), data(6, "ghi", 7), data(0, "abc", 8));
  lose(9, 10);
  expect_given_up_between(9, 900, 1075);
}

TEST_F(LostHoles, WaitWhereTheSynWasNotCaptured) {
  world.send(server(501, "abc").acknowledges(101).at_ms(0), acks(3, 1));
  lose(3, 10);
  expect_given_up_between(3, 900, 1075);
}

TEST_F(LostHoles, AreFilledByASegmentThatTheNetworkReordered) {
  world.send(syn(0), syn_ack(1), acks(0, 2));
  lose(0, 10);
  world.send(data(0, "abc", 30));
  EXPECT_THAT(world.told(), Contains(HasSubstr("abc")));
  EXPECT_THAT(world.events(), Not(Contains(HasSubstr("gap"))));
}

}  // namespace
}  // namespace restitch::testing
