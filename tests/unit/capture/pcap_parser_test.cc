// Classic pcap, read from files built byte by byte.
#include "capture/pcap_parser.h"

#include <gmock/gmock.h>

#include "unit/capture/capture_builder.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class PcapOrderTest : public ::testing::TestWithParam<Order> {};

INSTANTIATE_TEST_SUITE_P(BothByteOrders, PcapOrderTest, ::testing::Values(Order::little, Order::big),
                         [](const auto& order) { return order.param == Order::little ? "little" : "big"; });

TEST_P(PcapOrderTest, RecordsComeOutWithTheirTimesSizesAndNumbers) {
  PcapBuilder file(GetParam());
  file.record(1'700'000'000, 123'456, "first").record(1'700'000'001, 999'999, "second, cut", 1500);
  const Reading reading = read_bytes(file.bytes);
  ASSERT_THAT(reading.records, SizeIs(2));
  EXPECT_EQ(reading.records[0].frame, "first");
  EXPECT_EQ(reading.records[0].link_type, LinkType::ethernet);
  EXPECT_EQ(reading.records[0].info, (CaptureInfo{{1'700'000'000'123'456'000}, 1, 0, 5, 5, 0, 0}));
  EXPECT_EQ(reading.records[1].frame, "second, cut");
  EXPECT_EQ(reading.records[1].info, (CaptureInfo{{1'700'000'001'999'999'000}, 2, 0, 11, 1500, 0, 0}));
  EXPECT_FALSE(reading.end.damaged);
  EXPECT_EQ(reading.end.message, "");
}

TEST_P(PcapOrderTest, TheNanosecondMagicMakesTheFractionNanoseconds) {
  PcapBuilder file(GetParam(), {.magic = 0xa1b23c4d});
  file.record(10, 999'999'999, "x");
  const Reading reading = read_bytes(file.bytes);
  ASSERT_THAT(reading.records, SizeIs(1));
  EXPECT_EQ(reading.records[0].info.timestamp.ns, 10'999'999'999);
  EXPECT_THAT(reading.format, HasSubstr("nanoseconds"));
  EXPECT_THAT(reading.format, HasSubstr(GetParam() == Order::little ? "little-endian" : "big-endian"));
}

TEST_P(PcapOrderTest, TheModifiedVariantHasEightMoreBytesInEachRecordHeader) {
  PcapBuilder file(GetParam(), {.magic = 0xa1b2cd34});
  file.record(1, 2, "one").record(3, 4, "two");
  const Reading reading = read_bytes(file.bytes);
  ASSERT_THAT(reading.records, SizeIs(2));
  EXPECT_EQ(reading.records[0].frame, "one");
  EXPECT_EQ(reading.records[1].frame, "two");
  EXPECT_EQ(reading.records[1].info.timestamp.ns, 3'000'004'000);
  EXPECT_FALSE(reading.end.damaged);
}

TEST_P(PcapOrderTest, BitsAboveTheLinkTypeAreNotPartOfIt) {
  PcapBuilder file(GetParam(), {.link_type = 0x5400'0071});  // 4 bytes of frame check sequence, cooked
  file.record(0, 0, "x");
  const Reading reading = read_bytes(file.bytes);
  ASSERT_THAT(reading.records, SizeIs(1));
  EXPECT_EQ(reading.records[0].link_type, LinkType::linux_sll);
}

// Cuts a file at every byte: what is whole comes out, and only a cut between records is a clean end.
void expect_every_cut_told(const PcapBuilder& whole, const std::vector<std::size_t>& ends) {
  for (std::size_t cut = PcapParser::file_header_size; cut <= whole.bytes.size(); ++cut) {
    SCOPED_TRACE("cut at " + std::to_string(cut));
    const Reading reading = read_bytes(Bytes(whole.bytes).first(cut));
    const auto sound = std::upper_bound(ends.begin(), ends.end(), cut) - ends.begin();
    const std::size_t records = static_cast<std::size_t>(sound) - 1;  // ends[0]: the file header's
    ASSERT_THAT(reading.records, SizeIs(records));
    EXPECT_EQ(reading.end.damaged, cut != ends[records]);
    if (!reading.end.damaged) continue;
    EXPECT_EQ(reading.end.offset, ends[records]);
    EXPECT_EQ(reading.end.message, "cut short in the middle of record " + std::to_string(records + 1) +
                                       " at byte " + std::to_string(ends[records]));
  }
}

TEST_P(PcapOrderTest, AFileCutAnywhereGivesWhatIsWholeAndSaysWhereItBreaksOff) {
  for (const std::uint32_t magic : {0xa1b2c3d4U, 0xa1b2cd34U}) {
    PcapBuilder file(GetParam(), {.magic = magic});
    std::vector<std::size_t> ends{file.bytes.size()};
    for (const char* frame : {"one", "", "three is longer", "4"}) {
      file.record(1, 2, frame);
      ends.push_back(file.bytes.size());
    }
    expect_every_cut_told(file, ends);
  }
}

TEST(PcapParserTest, TheLatestSecondAndTheLargestFractionDoNotOverflow) {
  PcapBuilder file;
  file.record(0xffffffff, 0xffffffff, "x");
  const Reading reading = read_bytes(file.bytes);
  ASSERT_THAT(reading.records, SizeIs(1));
  EXPECT_EQ(reading.records[0].info.timestamp.ns, 4'294'967'295'000'000'000 + 4'294'967'295'000);
}

TEST(PcapParserTest, ARecordLongerThanTheSnapLengthIsRead) {
  PcapBuilder file(Order::little, {.snap_size = 4});
  file.record(0, 0, "longer than four");
  const Reading reading = read_bytes(file.bytes);
  ASSERT_THAT(reading.records, SizeIs(1));
  EXPECT_EQ(reading.records[0].frame, "longer than four");
  EXPECT_FALSE(reading.end.damaged);
  EXPECT_EQ(reading.metadata.interfaces.at(0).snap_size, 4U);
}

TEST(PcapParserTest, AnOriginalSizeBelowTheCapturedOneIsRaisedToIt) {
  PcapBuilder file;
  file.record(0, 0, "captured", 3);
  const Reading reading = read_bytes(file.bytes);
  ASSERT_THAT(reading.records, SizeIs(1));
  EXPECT_EQ(reading.records[0].info.captured_size, 8U);
  EXPECT_EQ(reading.records[0].info.original_size, 8U);
}

TEST(PcapParserTest, BeforeVersion23TheTwoSizesStandTheOtherWayRound) {
  PcapBuilder file(Order::little, {.minor = 2});
  file.head(0, 0, 100, 3).raw("abc");
  const Reading reading = read_bytes(file.bytes);
  ASSERT_THAT(reading.records, SizeIs(1));
  EXPECT_EQ(reading.records[0].frame, "abc");
  EXPECT_EQ(reading.records[0].info.original_size, 100U);
}

TEST(PcapParserTest, InVersion23TheSmallerOfTheTwoSizesIsTheCapturedOne) {
  PcapBuilder file(Order::little, {.minor = 3});
  file.head(0, 0, 100, 3).raw("abc");
  file.head(0, 0, 3, 100).raw("def");
  const Reading reading = read_bytes(file.bytes);
  ASSERT_THAT(reading.records, SizeIs(2));
  EXPECT_EQ(reading.records[1].frame, "def");
  EXPECT_EQ(reading.records[0].info.original_size, 100U);
}

TEST(PcapParserTest, AnAbsurdLengthIsDamageAtThatRecord) {
  PcapBuilder file;
  file.record(0, 0, "good");
  const std::size_t bad_at = file.bytes.size();
  file.head(0, 0, record_size_max + 1, 60).raw("and so on");
  const Reading reading = read_bytes(file.bytes);
  EXPECT_THAT(reading.records, SizeIs(1));
  EXPECT_TRUE(reading.end.damaged);
  EXPECT_EQ(reading.end.offset, bad_at);
  EXPECT_EQ(reading.end.message, "record 2 claims 268435457 bytes at byte 44");
}

TEST(PcapParserTest, RecordsAreTheSameWhateverPiecesTheBytesComeIn) {
  PcapBuilder file(Order::big);
  for (unsigned i = 0; i < 300; ++i)
    file.record(i, i, std::string(i % 37 * 11, static_cast<char>('a' + i % 26)));
  const Reading expected = read_bytes(file.bytes);
  ASSERT_THAT(expected.records, SizeIs(300));
  for (const unsigned chunk : {1U, 2U, 3U, 7U, 16U, 23U, 24U, 25U, 64U, 1000U, 5000U}) {
    for (const unsigned buffer : {1U, 24U, 100U, 4096U}) {
      EXPECT_EQ(read_bytes(file.bytes, chunk, buffer).records, expected.records)
          << "chunk " << chunk << ", buffer " << buffer;
    }
  }
}

}  // namespace
}  // namespace restitch::testing
