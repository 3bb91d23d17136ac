// What is written is what a reader of pcapng finds.
#include "output/pcapng_writer.h"

#include <gtest/gtest.h>

#include "unit/capture/capture_builder.h"

namespace restitch {
namespace {

using testing::Reading;

TEST(PcapngWriter, WritesWhatOurReaderFinds) {
  std::vector<std::uint8_t> file;
  append_section_header(file);
  append_interface(file, LinkType::ethernet);
  append_interface(file, LinkType::raw);
  const std::vector<std::uint8_t> frame = {1, 2, 3, 4, 5};
  CaptureInfo info;
  info.timestamp = {1'600'000'000'123'456'789};
  info.original_size = 9;
  append_packet(file, 1, info, frame);
  append_packet(file, 0, info, Bytes(frame).first(4), "why");

  const Reading reading = testing::read_bytes(file);
  EXPECT_FALSE(reading.end.damaged) << reading.end.message;
  ASSERT_EQ(reading.records.size(), 2u);
  EXPECT_EQ(reading.records[0].frame, std::string("\1\2\3\4\5"));
  EXPECT_EQ(reading.records[0].info.timestamp, info.timestamp);
  EXPECT_EQ(reading.records[0].info.original_size, 9u);
  EXPECT_EQ(reading.records[0].info.interface_index, 1u);
  EXPECT_EQ(reading.records[1].frame, std::string("\1\2\3\4"));
  ASSERT_EQ(reading.metadata.interfaces.size(), 2u);
  EXPECT_EQ(reading.metadata.interfaces[1].link_type, LinkType::raw);
  ASSERT_EQ(reading.metadata.packet_comments.size(), 1u);
  EXPECT_EQ(reading.metadata.packet_comments[0].text, "why");
}

TEST(PcapngWriter, NeverClaimsThatLessWasOnTheWireThanIsThere) {
  std::vector<std::uint8_t> file;
  append_section_header(file);
  append_interface(file, LinkType::raw);
  append_packet(file, 0, CaptureInfo(), std::vector<std::uint8_t>(40));
  const Reading reading = testing::read_bytes(file);
  ASSERT_EQ(reading.records.size(), 1u);
  EXPECT_EQ(reading.records[0].info.original_size, 40u);
}

}  // namespace
}  // namespace restitch
