// Acknowledged delivery: bytes come when their receiver has acknowledged them, and what it acknowledged but
// nobody captured is a gap, at once or after a tolerance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "support/frame_builder.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t millisecond = 1'000'000;

// A client that sends from number 101 on, and the server's acknowledgements, at moments in milliseconds.
class Acknowledged {
 public:
  explicit Acknowledged(std::optional<std::int64_t> tolerance_ns, bool observe = false)
      : world_({}, options(tolerance_ns, observe)) {
    world_.send(client(100).syn(), server(500).syn().ack());
    ack(0, 0);
    world_.told();
    world_.events();
  }

  Acknowledged& data(std::int64_t at_ms, std::uint32_t offset, const std::string& text) {
    const TestPacket packet = client(101 + offset, text);
    return send(packet.net(), packet.tcp(), at_ms);
  }
  Acknowledged& ack(std::int64_t at_ms, std::uint32_t offset,
                    std::optional<std::pair<std::uint32_t, std::uint32_t>> block = std::nullopt) {
    const TestPacket packet = server(501);
    TcpSegment tcp = packet.tcp();
    tcp.flags = TcpFlags{} | TcpFlag::ack;
    tcp.acknowledgment = Sequence(101 + offset);
    tcp.window = 1000;
    Frame options;
    if (block) options = tcp_option::sack({{101 + block->first, 101 + block->second}});
    tcp.options = options;
    return send(packet.net(), tcp, at_ms);
  }
  std::vector<std::string> told() { return world_.told(); }
  std::vector<std::string> events() { return world_.events(); }

 private:
  static PoolOptions options(std::optional<std::int64_t> tolerance_ns, bool observe) {
    PoolOptions options;
    options.acknowledged_tolerance_ns = tolerance_ns;
    options.observe = observe;
    return options;
  }
  Acknowledged& send(const NetFlow& net, const TcpSegment& tcp, std::int64_t at_ms) {
    AssemblerContext context(CaptureInfo{.timestamp = {second(1000).ns + at_ms * millisecond},
                                         .packet_number = 1000 + ++packets_});
    world_.assembler.assemble_with_context(net, tcp, context);
    EXPECT_TRUE(world_.counts_add_up());
    return *this;
  }

  World<VirtualApi> world_;
  std::uint64_t packets_ = 0;
};

TEST(AcknowledgedDelivery, BytesWaitForTheirAcknowledgement) {
  Acknowledged run(0);
  run.data(0, 0, "abcd");
  EXPECT_THAT(run.told(), IsEmpty());
  run.ack(1, 3);
  EXPECT_THAT(run.told(), ElementsAre("c @0 'abc'")) << "a receiver may take a part";
  run.ack(2, 4);
  EXPECT_THAT(run.told(), ElementsAre("c @3 'd'"));
}

// Both FINs are there, and the last bytes are acknowledged behind them.
TEST(AcknowledgedDelivery, TheEndWaitsForTheAcknowledgementOfWhatComesBeforeIt) {
  World<VirtualApi> world({}, [] {
    PoolOptions options;
    options.acknowledged_tolerance_ns = 0;
    return options;
  }());
  world.send(client(100).syn(), server(500).syn().acknowledges(101).window(1000),
             client(101, "abc").acknowledges(501), client(104).fin().acknowledges(501),
             server(501).fin().acknowledges(101));
  world.told();
  world.send(server(502).acknowledges(105));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abc' end", "complete fin"));
  EXPECT_THAT(world.events(), IsEmpty());
}

TEST(AcknowledgedDelivery, WhatWasNeverAcknowledgedIsNotDelivered) {
  Acknowledged run(0);
  run.data(0, 0, "abcd").ack(1, 2).told();
  run.data(2, 2, "XY");
  EXPECT_THAT(run.told(), IsEmpty());
}

TEST(AcknowledgedDelivery, WhatWasAcknowledgedButNeverCapturedIsAGapAtOnce) {
  Acknowledged run(0);
  run.data(0, 4, "efgh").ack(1, 8);
  EXPECT_THAT(run.told(), ElementsAre("c @4 'efgh' skip 4"));
  run.ack(2, 12);
  EXPECT_THAT(run.told(), ElementsAre("c @12 '' skip 4"));
  run.data(3, 12, "mnop").ack(4, 16);
  EXPECT_THAT(run.told(), ElementsAre("c @12 'mnop'"));
}

TEST(AcknowledgedDelivery, AnAcknowledgementThatOvertakesItsDataMakesNoHoleWithinTheTolerance) {
  Acknowledged run(50 * millisecond);
  run.ack(0, 4).data(20, 0, "abcd");
  EXPECT_THAT(run.told(), ElementsAre("c @0 'abcd'"));
  EXPECT_THAT(run.events(), ElementsAre("acked_unseen c @0 +4"));
}

// Two taps whose clocks or queues differ by 20 ms: each acknowledgement comes before its data, for minutes.
TEST(AcknowledgedDelivery, AcknowledgementsThatOvertakeTheirDataAllTheTimeMakeNone) {
  Acknowledged run(50 * millisecond);
  std::string text;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    run.ack(10 * i, 4 * (i + 2));  // two segments ahead of what was captured
    run.data(10 * i + 1, 4 * i, "abcd");
  }
  for (const std::string& told : run.told()) EXPECT_EQ(told.find("skip"), std::string::npos) << told;
}

TEST(AcknowledgedDelivery, AfterTheToleranceOnlyWhatWasAcknowledgedSoLongAgoIsGivenUp) {
  Acknowledged run(50 * millisecond);
  run.data(0, 4, "efgh").ack(10, 8);  // "abcd" is missing
  run.ack(55, 12);                    // "ijkl" is only late
  EXPECT_THAT(run.told(), IsEmpty());
  run.ack(70, 12);
  EXPECT_THAT(run.told(), ElementsAre("c @4 'efgh' skip 4"));
  run.data(75, 8, "ijkl").ack(80, 12);
  EXPECT_THAT(run.told(), ElementsAre("c @8 'ijkl'"));
}

TEST(AcknowledgedDelivery, TheLastAcknowledgementEndsTheConnection) {
  PoolOptions options;
  options.acknowledged_tolerance_ns = 0;
  World<VirtualApi> world({}, options);
  world.send(client(100).syn().window(1000), server(500).syn().acknowledges(101).window(1000),
             client(101).acknowledges(501).window(1000));
  world.send(client(105, "efgh").fin().acknowledges(501).window(1000));
  world.told();
  world.send(server(501).fin().acknowledges(110).window(1000));
  EXPECT_THAT(world.told(), ElementsAre("s @0 '' end", "c @4 'efgh' end skip 4", "complete fin"));
}

TEST(AcknowledgedDelivery, BytesThatAreOnlyInASackBlockAreHeldNotRead) {
  Acknowledged run(0);
  run.data(0, 4, "efgh").ack(1, 0, {{4, 8}});
  EXPECT_THAT(run.told(), IsEmpty()) << "the receiver may still drop them (RFC 2018, section 8)";
  run.data(2, 0, "abcd").ack(3, 8);
  EXPECT_THAT(run.told(), ElementsAre("c @0 'abcdefgh'"));
}

TEST(AcknowledgedDelivery, ASackBlockOfBytesThatWereNeverCapturedIsTold) {
  Acknowledged run(std::nullopt, true);
  run.data(0, 0, "abcd").ack(1, 4);
  run.ack(2, 4, {{8, 12}}).ack(3, 4, {{8, 12}});
  EXPECT_THAT(run.events(), ElementsAre("acked_unseen c @8 +4")) << "once";
  run.data(4, 12, "mnop").ack(5, 4, {{8, 16}});
  EXPECT_THAT(run.events(), IsEmpty()) << "its end was captured";
  run.ack(6, 4, {{8, 20}});
  EXPECT_THAT(run.events(), ElementsAre("acked_unseen c @16 +4"));
}

TEST(AcknowledgedDelivery, ABlockBelowTheAcknowledgementSaysOnlyWhatCameTwice) {
  Acknowledged run(std::nullopt, true);
  run.data(0, 0, "abcd").ack(1, 4, {{0, 4}});  // RFC 2883
  EXPECT_THAT(run.events(), IsEmpty());
}

}  // namespace
}  // namespace restitch::testing
