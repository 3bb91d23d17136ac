// Filters as tcpdump takes them, on files of several link types.
#include <gmock/gmock.h>

#include "restitch/capture_filter.h"
#include "unit/capture/capture_builder.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// An IPv4 packet with the first four bytes of a TCP or UDP header.
std::string ip_packet(std::uint8_t protocol, std::uint16_t source_port, std::uint16_t destination_port) {
  ByteWriter packet(Order::big);
  packet.u8(0x45).u8(0).u16(40).u16(1).u16(0).u8(64).u8(protocol).u16(0).u32(0x0a000001).u32(0x0a000002);
  packet.u16(source_port).u16(destination_port).raw(std::string(16, '\0'));
  return {packet.bytes.begin(), packet.bytes.end()};
}

std::string ethernet(const std::string& packet) { return std::string(12, '\x02') + "\x08" + '\0' + packet; }

const std::string to_web = ip_packet(6, 40000, 80);
const std::string from_web = ip_packet(6, 80, 40000);
const std::string to_dns = ip_packet(17, 40000, 53);

std::vector<std::uint64_t> numbers(const Reading& reading) {
  std::vector<std::uint64_t> all;
  for (const KeptRecord& record : reading.records) all.push_back(record.info.packet_number);
  return all;
}

Reading read_filtered(const ByteVector& bytes, const std::string& expression) {
  auto filter = PacketFilter::compile(expression);
  EXPECT_TRUE(filter) << filter.error().message;
  auto inner = open_source(std::make_unique<MemorySource>(bytes, 100));
  return read_all(std::make_unique<FilteredReader>(std::move(*inner), std::move(*filter)));
}

TEST(PacketFilterTest, OnlyWhatMatchesComesThroughWithItsOwnNumber) {
  PcapBuilder file;
  file.record(0, 0, ethernet(to_web)).record(0, 1, ethernet(to_dns)).record(0, 2, ethernet(from_web));
  EXPECT_THAT(numbers(read_filtered(file.bytes, "tcp port 80")), ElementsAre(1, 3));
  EXPECT_THAT(numbers(read_filtered(file.bytes, "dst port 80")), ElementsAre(1));
  EXPECT_THAT(numbers(read_filtered(file.bytes, "udp")), ElementsAre(2));
  EXPECT_THAT(numbers(read_filtered(file.bytes, "host 10.0.0.1")), ElementsAre(1, 2, 3));
  EXPECT_THAT(numbers(read_filtered(file.bytes, "host 10.0.0.9")), IsEmpty());
  EXPECT_THAT(numbers(read_filtered(file.bytes, "")), ElementsAre(1, 2, 3));
  EXPECT_FALSE(read_filtered(file.bytes, "udp").end.damaged);
}

// "vlan" and a tag, in front of what ethernet() has behind its addresses.
std::string tagged(const std::string& packet) {
  return std::string(12, '\x02') + "\x81" + std::string(1, '\0') + std::string(1, '\0') + "\x07\x08" +
         std::string(1, '\0') + packet;
}

std::string advice_on(const ByteVector& bytes, const std::string& expression) {
  auto filter = PacketFilter::compile(expression);
  EXPECT_TRUE(filter) << filter.error().message;
  auto inner = open_source(std::make_unique<MemorySource>(bytes, 100));
  FilteredReader reader(std::move(*inner), std::move(*filter));
  while (!reader.finished()) reader.next_batch();
  return reader.would_match();
}

TEST(PacketFilterTest, OneThatMatchesNothingSaysWhatWould) {
  PcapBuilder plain;
  plain.record(0, 0, ethernet(to_web));
  PcapBuilder vlan;
  vlan.record(0, 0, tagged(to_dns)).record(0, 1, tagged(to_web));
  PcapBuilder both;
  both.record(0, 0, tagged(to_web)).record(0, 1, ethernet(to_web));
  EXPECT_EQ(advice_on(vlan.bytes, "tcp port 80"), "vlan and (tcp port 80)");
  EXPECT_EQ(advice_on(vlan.bytes, "tcp port 81"), "");
  EXPECT_EQ(advice_on(plain.bytes, "tcp port 81"), "");
  EXPECT_EQ(advice_on(plain.bytes, "tcp port 80"), "");
  EXPECT_EQ(advice_on(both.bytes, "tcp port 80"), "");  // it matches
}

TEST(PacketFilterTest, EachLinkTypeOfAFileGetsAProgramOfItsOwn) {
  PcapngBuilder file;
  file.section().interface(1).interface(101).interface(228);
  file.enhanced(0, 0, ethernet(to_web)).enhanced(1, 0, to_web).enhanced(2, 0, to_web);
  file.enhanced(0, 0, ethernet(to_dns)).enhanced(1, 0, to_dns).enhanced(2, 0, to_dns);
  EXPECT_THAT(numbers(read_filtered(file.bytes, "tcp dst port 80")), ElementsAre(1, 2, 3));
}

TEST(PacketFilterTest, AnExpressionThatDoesNotFitALinkTypeSaysSoAtTheEnd) {
  PcapngBuilder file;
  file.section().interface(1).interface(101);
  file.enhanced(1, 0, to_web).enhanced(0, 0, ethernet(to_web));
  const Reading reading = read_filtered(file.bytes, "ether src 02:02:02:02:02:02");
  EXPECT_THAT(numbers(reading), ElementsAre(2));
  EXPECT_TRUE(reading.end.damaged);
  EXPECT_THAT(reading.end.message, HasSubstr("the filter does not fit"));
}

TEST(PacketFilterTest, AWrongExpressionIsAnErrorWithTheMessageOfLibpcap) {
  const auto filter = PacketFilter::compile("tcp prot 80");
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(filter.error().message, HasSubstr("filter \"tcp prot 80\": "));
  EXPECT_THAT(filter.error().message, HasSubstr("syntax error"));
}

TEST(PacketFilterTest, AnExpressionForWirelessFramesCompilesAlthoughItMeansNothingOnEthernet) {
  EXPECT_TRUE(PacketFilter::compile("wlan type mgt"));
}

TEST(PacketFilterTest, AFrameThatIsCutOrEmptyDoesNotMatchAndDoesNoHarm) {
  auto filter = PacketFilter::compile("tcp port 80");
  ASSERT_TRUE(filter);
  const std::string whole = ethernet(to_web);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const Bytes frame(reinterpret_cast<const std::uint8_t*>(whole.data()), size);
    EXPECT_EQ(filter->matches(LinkType::ethernet, frame, whole.size()), size >= 38) << size;
  }
}

TEST(PacketFilterTest, WhatIsLeftOutIsCounted) {
  PcapBuilder file;
  for (unsigned i = 0; i < 1000; ++i) file.record(0, i, ethernet(i % 10 == 0 ? to_web : to_dns));
  auto inner = open_source(std::make_unique<MemorySource>(file.bytes, 5000));
  FilteredReader reader(std::move(*inner), std::move(*PacketFilter::compile("tcp")));
  std::size_t records = 0;
  while (!reader.finished()) records += reader.next_batch().size();
  EXPECT_EQ(records, 100U);
  EXPECT_EQ(reader.filtered_out(), 900U);
}

}  // namespace
}  // namespace restitch::testing
