// The order in which packets of several sensors are released, and what becomes of batches that come late,
// again or never.
#include "restitch/cluster/release_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace restitch::cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReleaseOrderTest : public ::testing::Test {
 protected:
  // A batch of ticks of these merged times, which ends there.
  static Batch batch(SensorId sensor, std::uint64_t number, std::vector<std::int64_t> times) {
    Batch made;
    made.sensor = sensor;
    made.epoch = 1;
    made.number = number;
    made.partitions = 1;
    for (const std::int64_t time : times) {
      BatchRecord& record = made.records.emplace_back();
      record.merged = record.info.timestamp.ns = time;
      record.info.packet_number = static_cast<std::uint64_t>(time);
    }
    if (!times.empty()) {
      made.first = times.front();
      made.watermark = made.last = times.back();
    }
    return made;
  }
  static Batch saying(Batch::Kind kind, SensorId sensor, std::uint64_t number = 0) {
    Batch made = batch(sensor, number, {});
    made.kind = kind;
    return made;
  }

  ReleaseOrder::Taken take(const Batch& batch) {
    LogMessage message{++sequence_, encode_batch(batch)};
    log_[sequence_] = message;
    auto decoded = decode_batch(message.bytes);
    return order_.take(std::move(message), std::move(*decoded));
  }
  // "sensor:time" of all that is due.
  std::vector<std::string> released() { return released(order_); }
  static std::vector<std::string> released(ReleaseOrder& order) {
    std::vector<std::string> due;
    for (auto run = order.next_run(); !run.records.empty(); run = order.next_run()) {
      for (const BatchRecord& record : run.records) {
        due.push_back(std::to_string(run.sensor) + ":" + std::to_string(record.merged));
      }
    }
    return due;
  }

  ReleaseOrder order_{3};
  std::uint64_t sequence_ = 0;
  std::map<std::uint64_t, LogMessage> log_;
};

TEST_F(ReleaseOrderTest, OneSensorWaitsForNobody) {
  take(batch(1, 0, {10, 20}));
  EXPECT_THAT(released(), ElementsAre("1:10", "1:20"));
}

TEST_F(ReleaseOrderTest, SeveralAreMergedByTimeAndThenByNumber) {
  take(saying(Batch::Kind::announce, 1));
  take(saying(Batch::Kind::announce, 2));
  take(batch(2, 0, {10, 15, 20}));
  EXPECT_THAT(released(), IsEmpty()) << "sensor 1 may still send an earlier one";
  take(batch(1, 0, {5, 15, 30}));
  EXPECT_THAT(released(), ElementsAre("1:5", "2:10", "1:15", "2:15", "2:20"));
}

TEST_F(ReleaseOrderTest, ASensorThatIsSilentSaysHowFarItIs) {
  take(saying(Batch::Kind::announce, 2));
  take(batch(1, 0, {10, 20}));
  EXPECT_THAT(released(), IsEmpty());
  Batch heartbeat = batch(2, 0, {});
  heartbeat.watermark = 15;
  take(heartbeat);
  EXPECT_THAT(released(), ElementsAre("1:10"));
  take(saying(Batch::Kind::gone, 2, 1));
  EXPECT_THAT(released(), ElementsAre("1:20"));
}

TEST_F(ReleaseOrderTest, ASensorThatIsLostIsNotWaitedFor) {
  take(saying(Batch::Kind::announce, 2));
  take(batch(1, 0, {10}));
  take(saying(Batch::Kind::lost, 2));
  EXPECT_THAT(released(), ElementsAre("1:10"));
}

TEST_F(ReleaseOrderTest, RestoresTheOrderOfASensor) {
  take(batch(1, 1, {30}));
  EXPECT_THAT(released(), IsEmpty());
  take(batch(1, 0, {10}));
  EXPECT_THAT(released(), ElementsAre("1:10", "1:30"));
}

TEST_F(ReleaseOrderTest, WhatComesAgainCountsOnce) {
  take(batch(1, 0, {10}));
  EXPECT_TRUE(take(batch(1, 0, {10})).duplicate);
  take(batch(1, 2, {30}));
  EXPECT_TRUE(take(batch(1, 2, {30})).duplicate) << "also while it waits";
  EXPECT_THAT(released(), ElementsAre("1:10"));
}

TEST_F(ReleaseOrderTest, WhatNeverComesIsGivenUpAfterSomeLaterOnes) {
  take(batch(1, 0, {10}));
  for (std::uint64_t number = 3; number < 6; ++number) EXPECT_EQ(take(batch(1, number, {20})).missing, 0u);
  EXPECT_THAT(released(), ElementsAre("1:10"));
  EXPECT_EQ(take(batch(1, 6, {30})).missing, 2u);
  EXPECT_THAT(released(), ElementsAre("1:20", "1:20", "1:20", "1:30"));
  EXPECT_TRUE(take(batch(1, 1, {15})).duplicate) << "too late";
}

TEST_F(ReleaseOrderTest, ASensorThatStartsAnewLeavesBehindWhatItDidNotSend) {
  take(batch(1, 0, {10}));
  take(batch(1, 2, {20}));
  Batch anew = batch(1, 0, {30});
  anew.epoch = 2;
  EXPECT_EQ(take(anew).missing, 1u);
  EXPECT_THAT(released(), ElementsAre("1:10", "1:20", "1:30"));
  EXPECT_TRUE(take(batch(1, 3, {25})).duplicate) << "of the epoch before";
}

TEST_F(ReleaseOrderTest, AnotherOneGoesOnFromItsState) {
  take(saying(Batch::Kind::announce, 2));
  take(batch(1, 0, {10, 20}));
  take(batch(1, 2, {40}));
  Batch heartbeat = batch(2, 0, {});
  heartbeat.watermark = 15;
  take(heartbeat);
  EXPECT_THAT(released(), ElementsAre("1:10"));
  const OrderState state = order_.state();
  EXPECT_EQ(state.lowest(99), 2u) << "of which a packet waits";
  ReleaseOrder other(3);
  ASSERT_TRUE(
      other.restore(state, [&](std::uint64_t sequence) -> Result<LogMessage> { return log_.at(sequence); }));
  EXPECT_EQ(other.positions(), order_.positions());
  EXPECT_EQ(other.waiting_size(), order_.waiting_size());
  for (ReleaseOrder* const one : {&order_, &other}) {
    const auto give = [&](const Batch& batch) {
      LogMessage message{100, encode_batch(batch)};
      auto decoded = decode_batch(message.bytes);
      one->take(std::move(message), std::move(*decoded));
    };
    give(batch(1, 1, {30}));
    give(saying(Batch::Kind::gone, 2, 1));
    EXPECT_THAT(released(*one), ElementsAre("1:20", "1:30", "1:40"));
  }
}

}  // namespace
}  // namespace restitch::cluster
