// How a reading ends when the source does not end well.
#include "capture/stream_reader.h"

#include <gmock/gmock.h>

#include "unit/capture/capture_builder.h"

namespace restitch::testing {
namespace {

using ::testing::SizeIs;

// Gives its bytes and then fails, as a disk does.
class FailingSource final : public ByteSource {
 public:
  explicit FailingSource(Bytes bytes) : good_(bytes, 100) {}

  std::size_t read(std::uint8_t* to, std::size_t size) override {
    const std::size_t got = good_.read(to, size);
    if (got == 0) failure_ = "the disk is gone";
    return got;
  }
  [[nodiscard]] const std::string& failure() const override { return failure_; }
  [[nodiscard]] std::uint64_t bytes_read() const override { return good_.bytes_read(); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  MemorySource good_;
  std::string failure_;
};

Reading read_failing(Bytes bytes) { return read_all(open_source(std::make_unique<FailingSource>(bytes))); }

TEST(StreamReaderTest, AReadErrorBetweenRecordsIsDamageAlthoughEveryRecordIsWhole) {
  PcapBuilder file;
  file.record(0, 0, "whole");
  const Reading reading = read_failing(file.bytes);
  EXPECT_THAT(reading.records, SizeIs(1));
  EXPECT_TRUE(reading.end.damaged);
  EXPECT_EQ(reading.end.message, "the disk is gone at byte 45");
}

TEST(StreamReaderTest, AReadErrorInsideARecordSaysWhichOne) {
  PcapBuilder file;
  file.record(0, 0, "whole").head(0, 0, 50, 50).raw("half");
  const Reading reading = read_failing(file.bytes);
  EXPECT_THAT(reading.records, SizeIs(1));
  EXPECT_EQ(reading.end.message, "the disk is gone, in the middle of record 2 at byte 45");
}

TEST(StreamReaderTest, AReadErrorBeforeTheHeaderIsAnErrorOfOpening) {
  const Reading reading = read_failing({});
  ASSERT_FALSE(reading.opened);
  EXPECT_EQ(reading.error.code, ErrorCode::io);
  EXPECT_EQ(reading.error.message, "the disk is gone");
}

TEST(StreamReaderTest, BothABreakAndPacketsLeftOutAreTold) {
  PcapngBuilder file;
  file.section().interface(1).enhanced(3, 0, "of nowhere").enhanced(0, 0, "good").enhanced(0, 0, "cut");
  const Reading reading = read_bytes(Bytes(file.bytes).first(file.bytes.size() - 1));
  EXPECT_THAT(reading.records, SizeIs(1));
  EXPECT_EQ(reading.end.skipped, 1U);
  EXPECT_EQ(reading.end.message,
            "cut short in the middle of a block after record 1 at byte 128; 1 packet left out, the first at "
            "byte 48: interface 3 is not defined");
}

TEST(StreamReaderTest, NothingComesBehindTheEnd) {
  PcapBuilder file;
  file.record(0, 0, "only");
  auto opened = open_source(std::make_unique<MemorySource>(file.bytes, 1000));
  ASSERT_TRUE(opened);
  EXPECT_THAT((*opened)->next_batch(), SizeIs(1));
  EXPECT_THAT((*opened)->next_batch(), SizeIs(0));
  EXPECT_TRUE((*opened)->finished());
  EXPECT_THAT((*opened)->next_batch(), SizeIs(0));
}

TEST(StreamReaderTest, RecordsThatAreKeptLiveUntilTheirMemoryIsGivenUp) {
  PcapBuilder file;
  for (unsigned i = 0; i < 1000; ++i) file.record(i, 0, "frame " + std::to_string(i));
  auto opened = open_source(std::make_unique<MemorySource>(file.bytes, 777), {.buffer_size = 2048});
  ASSERT_TRUE(opened);
  CaptureReader& reader = **opened;
  ASSERT_TRUE(reader.keep_records());
  std::vector<Record> all;
  std::vector<RecordMemory> memories;
  while (!reader.finished()) {
    const auto batch = reader.next_batch();
    all.insert(all.end(), batch.begin(), batch.end());
    if (batch.empty()) reader.hand_over(memories.emplace_back(), 2048);
  }
  ASSERT_THAT(all, SizeIs(1000));
  EXPECT_GT(memories.size(), 5U);
  for (unsigned i = 0; i < 1000; ++i) {
    EXPECT_EQ(std::string(all[i].frame.begin(), all[i].frame.end()), "frame " + std::to_string(i));
  }
}

TEST(StreamReaderTest, ABatchIsNeverLargerThanPromised) {
  PcapBuilder file;
  for (unsigned i = 0; i < 1000; ++i) file.record(i, 0, "x");
  auto opened = open_source(std::make_unique<MemorySource>(file.bytes, file.bytes.size()));
  ASSERT_TRUE(opened);
  EXPECT_THAT((*opened)->next_batch(), SizeIs(StreamReader::batch_size_max));
}

}  // namespace
}  // namespace restitch::testing
