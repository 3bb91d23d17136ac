#include "restitch/cluster/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>
#include <string_view>

#include "restitch/cluster/memory_cluster.h"
#include "restitch/cluster/memory_queue.h"
#include "restitch/cluster/partition_worker.h"
#include "restitch/cluster/spool.h"
#include "restitch/cluster/spool_report.h"

namespace restitch::cluster {
namespace {

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest() : folder_(::testing::TempDir() + "outbox-" + std::to_string(std::random_device()())) {}
  ~OutboxTest() override { std::filesystem::remove_all(folder_); }

  static SentBatch batch(std::uint64_t number, std::size_t ids = 0) {
    Batch made;
    made.sensor = 1;
    made.epoch = 1;
    made.number = number;
    made.partitions = 1;
    const std::vector<std::uint8_t> frame(ids, 7);
    BatchRecord record;
    record.kind = BatchRecord::Kind::frame;
    record.frame = frame;
    record.info.original_size = static_cast<std::uint32_t>(ids);
    if (ids != 0) made.records.push_back(record);
    return {made.partition, made.epoch, made.number, made.id(), encode_batch(made)};
  }
  static int send_all(Outbox& outbox) {
    int sent = 0;
    while (outbox.send_one() == Outbox::Sent::one) ++sent;
    return sent;
  }
  std::uint64_t messages(MemoryCluster& cluster) { return cluster.range(0)->next - 1; }

  std::string folder_;
  MemoryCluster cluster_{1};
};

TEST_F(OutboxTest, WhatTheLogDoesNotTakeIsSentLaterInOrder) {
  MemoryQueue queue(1 << 20);
  Outbox outbox(cluster_, cluster_, queue, 1, 1);
  bool away = true;
  cluster_.set_faults([&](std::string_view what, bool done) {
    return away && !done && what == "publish" ? Fault::lost_call : Fault::none;
  });
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_TRUE(outbox.add(batch(i)));
  EXPECT_EQ(outbox.send_one(), Outbox::Sent::failed);
  EXPECT_EQ(outbox.send_one(), Outbox::Sent::failed);
  away = false;
  EXPECT_EQ(send_all(outbox), 3);
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.counts().failures, 2u);
  const auto read = cluster_.read(0, 1, 1 << 20);
  ASSERT_EQ(read->size(), 3u);
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(decode_batch((*read)[i].bytes)->number, i);
}

TEST_F(OutboxTest, WhatFindsNoRoomIsCountedAndSaid) {
  MemoryQueue queue(2 * batch(0).bytes.size());
  Outbox outbox(cluster_, cluster_, queue, 1, 1);
  EXPECT_TRUE(outbox.add(batch(0)));
  EXPECT_TRUE(outbox.add(batch(1)));
  EXPECT_FALSE(outbox.add(batch(2)));
  EXPECT_EQ(outbox.counts().lost, 1u);
  EXPECT_THAT(outbox.counts().why, ::testing::HasSubstr("no more memory"));
  EXPECT_EQ(send_all(outbox), 2);
}

TEST_F(OutboxTest, WhatTheLogLosesAfterItAcknowledgedItIsSentAgain) {
  auto spool = Spool::open(folder_, 1 << 20);
  ASSERT_TRUE(spool);
  MemoryCluster after(1);  // the same broker, after its machine had lost power
  {
    Outbox outbox(cluster_, cluster_, *spool, 1, 1);
    for (std::uint64_t i = 0; i < 3; ++i) outbox.add(batch(i));
    EXPECT_EQ(send_all(outbox), 3);
    outbox.care();
    EXPECT_EQ(send_all(outbox), 0) << "nothing is lost";
  }
  spool->rewind();
  Outbox outbox(after, after, *spool, 1, 1);
  EXPECT_EQ(send_all(outbox), 3);
  after = MemoryCluster(1);
  outbox.care();
  EXPECT_EQ(outbox.counts().repeated, 1u);
  EXPECT_EQ(send_all(outbox), 3);
  // Now others have written to it in between.
  after = MemoryCluster(1);
  for (std::uint64_t i = 10; i < 20; ++i) ASSERT_TRUE(after.publish(0, std::to_string(i), batch(i).bytes));
  outbox.care();
  EXPECT_EQ(outbox.counts().repeated, 2u);
  EXPECT_EQ(send_all(outbox), 3);
  EXPECT_EQ(messages(after), 13u);
}

TEST_F(OutboxTest, WhatACheckpointHasTakenInIsKeptNoLonger) {
  auto spool = Spool::open(folder_, 1 << 20);
  ASSERT_TRUE(spool);
  Outbox outbox(cluster_, cluster_, *spool, 1, 1);
  for (std::uint64_t i = 0; i < 8; ++i) outbox.add(batch(i, 60'000));
  EXPECT_EQ(send_all(outbox), 8);
  outbox.care();
  EXPECT_GT(outbox.counts().waiting_size, 480'000u);
  WorkerOptions options;
  options.checkpoint_messages = 2;
  PartitionWorker worker(0, options, cluster_, cluster_, cluster_);
  ASSERT_TRUE(worker.open());
  ASSERT_TRUE(worker.step());
  EXPECT_EQ(worker.head().cut, 9u);
  outbox.care();
  EXPECT_LT(outbox.counts().waiting_size, 70'000u) << "the last file";
}

TEST_F(OutboxTest, SaysInTheLedgerWhatWaits) {
  MemoryQueue queue(batch(0).bytes.size());
  Outbox outbox(cluster_, cluster_, queue, 1, 1);
  outbox.report();
  (void)outbox.add(batch(0));
  (void)outbox.add(batch(1));
  outbox.report();
  const auto value = cluster_.get(SpoolReport::key(1));
  ASSERT_TRUE(value && *value);
  const auto report = SpoolReport::read(std::string((*value)->bytes.begin(), (*value)->bytes.end()));
  ASSERT_TRUE(report);
  EXPECT_EQ(*report, (SpoolReport{batch(0).bytes.size(), 1, 0}));
  EXPECT_FALSE(SpoolReport::read("1 2"));
  EXPECT_FALSE(SpoolReport::read("a b c"));
}

}  // namespace
}  // namespace restitch::cluster
