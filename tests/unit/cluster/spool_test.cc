#include "restitch/cluster/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace restitch::cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() : folder_(::testing::TempDir() + "spool-" + std::to_string(std::random_device()())) {}
  ~SpoolTest() override { std::filesystem::remove_all(folder_); }

  Spool open(std::uint64_t size_max = std::uint64_t{1} << 20) {
    auto spool = Spool::open(folder_, size_max);
    EXPECT_TRUE(spool) << spool.error().message;
    return std::move(*spool);
  }
  // Of some size, as a sensor makes it.
  static SentBatch batch(std::uint64_t number, std::size_t size = 100, std::uint16_t partition = 0) {
    Batch made;
    made.sensor = 3;
    made.epoch = 2;
    made.number = number;
    made.partition = partition;
    made.partitions = 4;
    const std::vector<std::uint8_t> frame(size, static_cast<std::uint8_t>(number));
    BatchRecord record;
    record.kind = BatchRecord::Kind::frame;
    record.frame = frame;
    record.info.original_size = static_cast<std::uint32_t>(size);
    made.records.push_back(record);
    return {made.partition, made.epoch, made.number, made.id(), encode_batch(made)};
  }
  // What comes next, all of it.
  static std::vector<std::string> send_all(Spool& spool) {
    std::vector<std::string> ids;
    for (const SentBatch* next = spool.next(); next != nullptr; next = spool.next()) {
      EXPECT_EQ(next->bytes,
                batch(next->number, next->bytes.size() < 1000 ? 100 : 60'000, next->partition).bytes);
      ids.push_back(next->id);
      spool.sent();
    }
    return ids;
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }
  [[nodiscard]] std::filesystem::path newest() const {
    std::filesystem::path found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      found = std::max(found, entry.path());
    return found;
  }

  std::string folder_;
};

TEST_F(SpoolTest, GivesBackWhatItWasGivenInItsOrder) {
  Spool spool = open();
  EXPECT_EQ(spool.next(), nullptr);
  ASSERT_TRUE(spool.add(batch(0)));
  ASSERT_TRUE(spool.add(batch(0, 100, 3)));
  EXPECT_THAT(send_all(spool), ElementsAre("3.2.p0.0", "3.2.p3.0"));
  ASSERT_TRUE(spool.add(batch(1)));
  EXPECT_THAT(send_all(spool), ElementsAre("3.2.p0.1"));
}

TEST_F(SpoolTest, AnotherProcessGoesOnWithAllThatIsNotConfirmed) {
  {
    Spool spool = open();
    EXPECT_FALSE(spool.origin());
    for (std::uint64_t i = 0; i < 3; ++i) ASSERT_TRUE(spool.add(batch(i)));
    EXPECT_EQ(send_all(spool).size(), 3u);
  }
  Spool spool = open();
  ASSERT_TRUE(spool.origin());
  EXPECT_EQ(spool.origin()->sensor, 3u);
  EXPECT_EQ(spool.origin()->partitions, 4u);
  EXPECT_EQ(spool.origin()->epoch, 2u);
  ASSERT_TRUE(spool.add(batch(3)));
  EXPECT_THAT(send_all(spool), ElementsAre("3.2.p0.0", "3.2.p0.1", "3.2.p0.2", "3.2.p0.3"));
}

TEST_F(SpoolTest, ForgetsFilesOfWhichAllIsConfirmed) {
  Spool spool = open();
  for (std::uint64_t i = 0; i < 8; ++i) ASSERT_TRUE(spool.add(batch(i, 60'000)));
  EXPECT_EQ(files(), 8u);
  spool.confirm(0, 2, 8);
  EXPECT_EQ(files(), 8u) << "none was sent";
  EXPECT_EQ(send_all(spool).size(), 8u);
  spool.confirm(0, 2, 8);
  EXPECT_EQ(files(), 8u) << "nothing new is confirmed";
  spool.confirm(0, 2, 9);
  EXPECT_EQ(files(), 1u);
  spool.rewind();
  EXPECT_THAT(send_all(spool), ElementsAre("3.2.p0.7"));
}

TEST_F(SpoolTest, KeepsWhatOnePartitionHasNotTakenIn) {
  Spool spool = open();
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_TRUE(spool.add(batch(i, 60'000, i == 1 ? 1 : 0)));
  EXPECT_EQ(send_all(spool).size(), 4u);
  spool.confirm(0, 2, 4);
  EXPECT_EQ(files(), 3u);
  spool.confirm(1, 3, 0);  // a later epoch
  EXPECT_EQ(files(), 1u);
}

TEST_F(SpoolTest, WhatFindsNoRoomIsNotThere) {
  Spool spool = open(150'000);
  ASSERT_TRUE(spool.add(batch(0, 60'000)));
  ASSERT_TRUE(spool.add(batch(1, 60'000)));
  const auto full = spool.add(batch(2, 60'000));
  ASSERT_FALSE(full);
  EXPECT_THAT(full.error().message, HasSubstr("the spool is full"));
  EXPECT_EQ(send_all(spool).size(), 2u);
  spool.confirm(0, 2, 1);
  EXPECT_TRUE(spool.add(batch(3, 60'000)));
  EXPECT_THAT(send_all(spool), ElementsAre("3.2.p0.3"));
}

TEST_F(SpoolTest, AFileIsReadUpToWhereItWasCutOff) {
  {
    Spool spool = open();
    for (std::uint64_t i = 0; i < 3; ++i) ASSERT_TRUE(spool.add(batch(i)));
  }
  const std::size_t whole = std::filesystem::file_size(newest());
  for (std::size_t size = whole - 1; size + 40 > whole; size -= 7) {
    std::filesystem::resize_file(newest(), size);
    Spool spool = open();
    EXPECT_GT(spool.damaged(), 0u);
    EXPECT_THAT(send_all(spool), ElementsAre("3.2.p0.0", "3.2.p0.1"));
  }
}

TEST_F(SpoolTest, WhatIsNoBatchIsCountedAndNotSent) {
  {
    Spool spool = open();
    for (std::uint64_t i = 0; i < 3; ++i) ASSERT_TRUE(spool.add(batch(i)));
  }
  std::fstream file(newest(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(newest()) / 2));
  file.put('\x7f');
  file.close();
  {
    Spool spool = open();
    EXPECT_GT(spool.damaged(), 0u);
    EXPECT_THAT(send_all(spool), ElementsAre("3.2.p0.0"));
  }
  std::ofstream(newest(), std::ios::binary) << "no batch at all";
  Spool spool = open();
  EXPECT_EQ(spool.damaged(), 15u);
  EXPECT_THAT(send_all(spool), IsEmpty());
  EXPECT_EQ(files(), 0u);
}

TEST_F(SpoolTest, OneProcessHasItAtATime) {
  const Spool spool = open();
  const auto other = Spool::open(folder_, 1 << 20);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("another sensor has this spool"));
}

}  // namespace
}  // namespace restitch::cluster
