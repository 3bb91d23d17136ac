// What is left of dead connections: how many stay, for how long, and what they take for their own.
#include "restitch/detail/tombstones.h"

#include <gtest/gtest.h>

#include <string>

#include "support/test_packet.h"

namespace restitch::detail {
namespace {

using testing::TestPacket;
using Verdict = Tombstones::Verdict;

constexpr std::int64_t second = 1'000'000'000;

TEST(Tombstones, WhatIsOverByItsTimesIsFoundNoMoreAndAClockSetBackEndsNothing) {
  BlockSource memory;
  Tombstones stones(memory, 1, 10, 120 * second);
  const auto bury = [&](std::uint16_t port, std::int64_t elapsed_s) {
    Connection connection;
    connection.key.ports_and_domain = connection.hash = port;
    connection.last_seen = {elapsed_s * second};
    CaptureClock clock;
    clock.follow(Elapsed::of_ns(elapsed_s * second));
    stones.add(connection, {}, clock);
  };
  const auto finds = [&](std::uint16_t port, std::int64_t now_s) {
    FlowKey key;
    key.ports_and_domain = port;
    return stones.find_living(key, port, {now_s * second}) != nullptr;
  };
  bury(1, 1000);
  bury(2, 500);  // fed late
  EXPECT_TRUE(finds(1, 1001));
  EXPECT_TRUE(finds(2, 501));
  EXPECT_FALSE(finds(2, 621));
  EXPECT_FALSE(finds(2, 501));
  EXPECT_TRUE(finds(1, 1120));
}

class TombstonesTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  static Connection connection(std::uint16_t port) {
    Connection connection;
    connection.key.ports_and_domain = port;
    connection.hash = port * 2654435761U;
    return connection;
  }
  void bury(std::uint16_t port) { stones_.add(connection(port), {}, clock_); }
  Tombstone* find(std::uint16_t port) {
    const Connection wanted = connection(port);
    return stones_.find(wanted.key, wanted.hash);
  }
  void pass(std::int64_t seconds) {
    for (; seconds > 0; --seconds) clock_.observe({now_ += second});
  }
  Verdict judge(const TestPacket& packet, bool from_server = false, std::int64_t now = 0) {
    const auto direction =
        from_server ? TcpFlowDirection::server_to_client : TcpFlowDirection::client_to_server;
    return stones_.judge(*find(1), direction, packet.tcp(), {now}, clock_);
  }
  // A packet of the client, or of the server, with numbers that count from where its SYN stood.
  static TestPacket client(std::uint32_t at, std::string payload = {}) {
    return testing::client(GetParam() + at, std::move(payload));
  }
  static TestPacket server(std::uint32_t at, std::string payload = {}) {
    return testing::server(GetParam() * 3 + at, std::move(payload));
  }
  static std::uint32_t of_client(std::uint32_t at) { return GetParam() + at; }
  static std::uint32_t of_server(std::uint32_t at) { return GetParam() * 3 + at; }

  // One that sent 100 bytes each way, and ended by two FINs.
  void bury_whole(const Tombstones::Rules& rules = {}, bool reset = false) {
    Connection whole = connection(1);
    send(whole.halves[0], client(0).syn(), client(1, std::string(100, 'c')), client(101));
    send(whole.halves[1], server(0).syn(), server(1, std::string(100, 's')), server(101));
    if (reset) whole.halves[0].abort(state_, false);
    stones_.add(whole, rules, clock_);
  }

  std::int64_t now_ = 0;
  CaptureClock clock_;
  BlockSource memory_;
  Tombstones stones_{memory_, 1, 100, 120 * second};
  HalfState state_{memory_};

 private:
  void send(HalfConnection& half, const TestPacket& syn, const TestPacket& data, TestPacket fin) {
    const ReceiverPolicy& policy = *find_receiver_policy("capture");
    ScatterGather sg;
    for (const TestPacket& packet : {syn, data, fin.fin()}) {
      half.insert(state_, policy, packet.tcp(), {}, TcpFlowDirection::client_to_server, false);
      while (half.take(state_, policy, TcpFlowDirection::client_to_server, sg)) half.settle(state_, sg);
    }
  }
};

// Sequence numbers that wrap in the connection, and some that do not.
INSTANTIATE_TEST_SUITE_P(, TombstonesTest, ::testing::Values(5000U, 0xFFFFFFB0U, 0x7FFFFFB0U));

TEST_P(TombstonesTest, AreNoMoreThanAllowedAndTheOldestGo) {
  for (std::uint16_t port = 1; port <= 150; ++port) bury(port);
  EXPECT_EQ(stones_.size(), 100u);
  EXPECT_EQ(find(50), nullptr);
  EXPECT_NE(find(51), nullptr);
}

TEST_P(TombstonesTest, GoWhenTheirTimeIsOverAFewForEachThatComes) {
  for (std::uint16_t port = 1; port <= 50; ++port) bury(port);
  pass(150);
  bury(51);
  EXPECT_EQ(stones_.size(), 49u);
  stones_.expire(clock_, 1000);
  EXPECT_EQ(stones_.size(), 1u);
}

TEST_P(TombstonesTest, NoStrayPacketMakesOneYoungAgain) {
  bury_whole();
  pass(100);
  EXPECT_EQ(judge(client(101).fin(), false, 100 * second), Verdict::repeats);
  EXPECT_EQ(judge(client(101).fin(), false, 121 * second), Verdict::begins);
  pass(50);
  stones_.expire(clock_, 1000);
  EXPECT_EQ(find(1), nullptr);
}

TEST_P(TombstonesTest, OneThatNobodyWantedStaysAsLongAsItIsAlive) {
  bury_whole({.ignored = true});
  pass(100);
  EXPECT_EQ(judge(client(90'000'000, "far away"), false, 100 * second), Verdict::refuses);
  pass(100);
  EXPECT_EQ(judge(client(200'000'000, "and on"), false, 200 * second), Verdict::refuses);
  EXPECT_EQ(judge(client(200'000'000, "later"), false, 321 * second), Verdict::begins);
}

TEST_P(TombstonesTest, TheTimeCountsEitherWay) {
  bury_whole();
  EXPECT_EQ(judge(client(101).fin(), false, -119 * second), Verdict::repeats);
  EXPECT_EQ(judge(client(101).fin(), false, -121 * second), Verdict::begins);
}

TEST_P(TombstonesTest, TakeTheBytesThatCameAndNoOthers) {
  bury_whole();
  EXPECT_EQ(judge(client(1, std::string(100, 'c'))), Verdict::repeats);
  EXPECT_EQ(judge(client(50, std::string(51, 'c'))), Verdict::repeats);
  EXPECT_EQ(judge(client(50, std::string(52, 'c'))), Verdict::begins) << "one byte on the number of the FIN";
  EXPECT_EQ(judge(client(0, "ab")), Verdict::begins) << "one byte on the number of the SYN";
  EXPECT_EQ(judge(client(101, "next")), Verdict::begins);
  EXPECT_EQ(judge(client(50).missing(60)), Verdict::begins) << "bytes that the snap length cut off count";
  EXPECT_EQ(judge(server(1, std::string(100, 's')), true), Verdict::repeats);
  EXPECT_EQ(judge(server(102, "next"), true), Verdict::begins);
}

TEST_P(TombstonesTest, TakeTheAcknowledgementsFinsAndResetsOfTheirOwnOnly) {
  bury_whole();
  EXPECT_EQ(judge(client(102).acknowledges(of_server(102))), Verdict::repeats);
  EXPECT_EQ(judge(client(102).acknowledges(of_server(103))), Verdict::begins);
  EXPECT_EQ(judge(client(103).acknowledges(of_server(102))), Verdict::begins);
  EXPECT_EQ(judge(client(101).fin().acknowledges(of_server(102))), Verdict::repeats);
  EXPECT_EQ(judge(client(100).fin()), Verdict::begins);
  EXPECT_EQ(judge(client(51, std::string(50, 'c')).fin()), Verdict::repeats);
  EXPECT_EQ(judge(client(102).rst()), Verdict::repeats);
  EXPECT_EQ(judge(client(777'777).rst().acknowledges(of_server(102))), Verdict::repeats);
  EXPECT_EQ(judge(client(777'777).rst()), Verdict::begins);
  EXPECT_EQ(judge(client(1, "cc").acknowledges(of_server(777'777))), Verdict::begins)
      << "the bytes of one connection with the acknowledgement of another";
}

TEST_P(TombstonesTest, TakeAProbeOnTheNumbersOfSynAndFin) {
  bury_whole();
  EXPECT_EQ(judge(client(0).acknowledges(of_server(102))), Verdict::repeats);
  EXPECT_EQ(judge(client(0, std::string(1, '\0'))), Verdict::repeats);
  EXPECT_EQ(judge(client(101, std::string(1, '\0'))), Verdict::repeats);
  EXPECT_EQ(judge(client(101, "x")), Verdict::begins) << "a byte that says something";
}

TEST_P(TombstonesTest, ASynWithAnotherNumberBeginsAnew) {
  bury_whole();
  EXPECT_EQ(judge(client(0).syn()), Verdict::repeats);
  EXPECT_EQ(judge(client(1).syn()), Verdict::begins);
  EXPECT_EQ(judge(server(0).syn().acknowledges(of_client(1)), true), Verdict::repeats);
  EXPECT_EQ(judge(server(7).syn().acknowledges(of_client(1)), true), Verdict::begins);
  EXPECT_EQ(judge(server(0).syn().acknowledges(of_client(99'999)), true), Verdict::begins)
      << "the answer to a SYN that was not captured";
}

TEST_P(TombstonesTest, ASynOfOneThatNobodyKnewTheStartOfBeginsAnew) {
  bury(1);
  EXPECT_EQ(judge(client(0).syn()), Verdict::begins);
  EXPECT_EQ(judge(client(0).syn().ack()), Verdict::repeats) << "the answer to a SYN that was seen";
  EXPECT_EQ(judge(client(0, "data")), Verdict::begins) << "no byte of it was seen";
}

TEST_P(TombstonesTest, AfterAResetThatIsFinalWhatWasOnItsWayCountsForNothing) {
  bury_whole({.refuse_after_reset = {true, true}}, true);
  EXPECT_EQ(judge(server(101, "late").acknowledges(of_client(101)), true), Verdict::refuses);
  EXPECT_EQ(judge(server(99'999'999, "far").acknowledges(of_client(101)), true), Verdict::begins);
  EXPECT_EQ(judge(server(101, "late").acknowledges(of_client(999)), true), Verdict::begins)
      << "its receiver sent more: it lives";
}

}  // namespace
}  // namespace restitch::detail
