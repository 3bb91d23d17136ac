// What a worker does with bad input, and with another one that believes it has the same partition. That it
// finds what one process finds is seen by property/cluster_simulation_test.
#include "restitch/cluster/partition_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "restitch/cluster/memory_cluster.h"
#include "restitch/cluster/result_lines.h"
#include "restitch/cluster/sensor.h"
#include "support/frame_builder.h"

namespace restitch::cluster {
namespace {

using restitch::testing::Frame;
using restitch::testing::FrameBuilder;
using ::testing::HasSubstr;

class PartitionWorkerTest : public ::testing::Test {
 protected:
  PartitionWorkerTest() { options_.checkpoint_messages = 2; }

  std::unique_ptr<PartitionWorker> worker() {
    return std::make_unique<PartitionWorker>(0, options_, cluster_, cluster_, cluster_);
  }
  void publish(const std::vector<std::uint8_t>& bytes) {
    ASSERT_TRUE(cluster_.publish(0, std::to_string(++ids_), bytes));
  }
  // So many packets of a connection that stays open, each in a batch of its own.
  void sense(int packets) {
    SensorOptions options;
    Sensor sensor(options, [&](SentBatch&& batch) {
      if (batch.number != lost_) publish(batch.bytes);
    });
    for (int i = 0; i < packets; ++i) {
      const Frame frame = FrameBuilder()
                              .ipv4("10.0.0.1", "10.0.0.2")
                              .tcp(40000, 80)
                              .seq(static_cast<std::uint32_t>(1 + 3 * i))
                              .payload("abc")
                              .build();
      Record record;
      record.frame = frame;
      record.info.timestamp.ns = std::int64_t{1'700'000'000} * 1'000'000'000 + i;
      record.info.captured_size = record.info.original_size = static_cast<std::uint32_t>(frame.size());
      sensor.take(record);
      sensor.heartbeat(record.info.timestamp);
    }
  }
  void end() {
    Batch batch;
    batch.kind = Batch::Kind::end;
    batch.partitions = 1;
    publish(encode_batch(batch));
  }
  std::string found() {
    std::string text;
    EXPECT_TRUE(write_results(1, cluster_, cluster_, [&](std::string_view lines) { text += lines; }));
    return text;
  }

  MemoryCluster cluster_{1};
  WorkerOptions options_;
  int ids_ = 0;
  std::uint64_t lost_ = 1000;  // the batch that never comes
};

TEST_F(PartitionWorkerTest, WhatIsNoBatchIsCountedAndNamed) {
  publish({1, 2, 3});
  Batch other;
  other.sensor = 7;
  other.partitions = 5;
  publish(encode_batch(other));
  auto broken = encode_batch(other);
  broken.back() ^= 1U;
  publish(broken);
  end();
  const auto one = worker();
  ASSERT_TRUE(one->open());
  ASSERT_TRUE(one->step());
  EXPECT_TRUE(one->ended());
  EXPECT_EQ(one->head().counts.set_aside, 3u);
  ASSERT_EQ(one->head().set_aside.size(), 3u);
  EXPECT_EQ(one->head().set_aside[0], (SetAside{1, "no magic number"}));
  EXPECT_EQ(one->head().set_aside[1], (SetAside{2, "sensor 7 says partition 0 of 5"}));
  EXPECT_EQ(one->head().set_aside[2], (SetAside{3, "wrong CRC"}));
}

TEST_F(PartitionWorkerTest, OfTwoThatHaveAPartitionOnlyOneMakesACheckpoint) {
  sense(4);
  const auto first = worker();
  ASSERT_TRUE(first->open());
  const auto second = worker();
  ASSERT_TRUE(second->open());
  const auto lost = first->step();
  ASSERT_FALSE(lost);
  EXPECT_THAT(lost.error().message, HasSubstr("belongs to somebody else"));
  end();
  ASSERT_TRUE(second->step());
  EXPECT_TRUE(second->ended());
  EXPECT_THAT(found(), HasSubstr(R"("bytes":12,)"));
}

TEST_F(PartitionWorkerTest, AnotherOneGoesOnInTheMiddleOfAConnection) {
  sense(6);
  {
    const auto first = worker();
    ASSERT_TRUE(first->open());
    ASSERT_TRUE(first->step());
    EXPECT_EQ(first->head().open, 1u);
    EXPECT_EQ(first->head().mark, 1u);
  }
  end();
  options_.read_size = 1;  // so that others can be looked after in between
  const auto second = worker();
  ASSERT_TRUE(second->open());
  int steps = 0;
  for (; !second->ended(); ++steps) ASSERT_TRUE(second->step());
  EXPECT_EQ(steps, 7) << "each message is one";
  EXPECT_THAT(found(), HasSubstr(R"("bytes":18,)"));
}

TEST_F(PartitionWorkerTest, StopsWhenTheLogLacksWhatItNeeds) {
  sense(6);
  {
    const auto first = worker();
    ASSERT_TRUE(first->open());
    ASSERT_TRUE(first->step());
  }
  ASSERT_TRUE(cluster_.trim(0, 4));
  const auto second = worker();
  ASSERT_TRUE(second->open());
  const auto stepped = second->step();
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error().code, ErrorCode::damaged);
  EXPECT_EQ(stepped.error().message, "partition 0 begins with message 4: message 1 was taken away");
}

TEST_F(PartitionWorkerTest, ABatchThatNeverComesIsToldToAllThatIsOpen) {
  options_.held_max = 3;
  lost_ = 3;
  sense(10);
  end();
  const auto one = worker();
  ASSERT_TRUE(one->open());
  ASSERT_TRUE(one->step());
  EXPECT_TRUE(one->ended());
  EXPECT_EQ(one->head().counts.missing, 1u);
  EXPECT_THAT(found(), HasSubstr(R"("packets_lost":1)"));
  EXPECT_THAT(found(), HasSubstr(R"("gaps":[[9,3]])"));
}

TEST_F(PartitionWorkerTest, WhatWaitsForABatchIsTakenInWhenTheInputIsOver) {
  lost_ = 3;
  sense(10);
  end();
  const auto one = worker();
  ASSERT_TRUE(one->open());
  ASSERT_TRUE(one->step());
  EXPECT_EQ(one->head().counts.missing, 1u);
  EXPECT_THAT(found(), HasSubstr(R"("bytes":27,)"));
}

TEST_F(PartitionWorkerTest, WhatBeganTooFarBehindIsCut) {
  options_.replay_max = 1000;
  sense(40);
  end();
  const auto one = worker();
  ASSERT_TRUE(one->open());
  while (!one->ended()) {
    ASSERT_TRUE(one->step());
    EXPECT_LT(one->head().cut - one->head().mark, 70u) << "as a place to begin is noted each 64 messages";
  }
  EXPECT_GT(one->head().counts.connections, 2u);
  EXPECT_THAT(found(), HasSubstr(R"("end":"evicted")"));
  EXPECT_THAT(found(), HasSubstr(R"("limit":1)"));
}

TEST_F(PartitionWorkerTest, RefusesAClusterWithOtherPartitions) {
  ASSERT_TRUE(worker()->open());
  options_.partitions = 3;
  const auto opened = worker()->open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message, "the cluster has 1 partitions, and not 3");
}

}  // namespace
}  // namespace restitch::cluster
