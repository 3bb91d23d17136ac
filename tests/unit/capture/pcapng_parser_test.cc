// pcapng, read from files built byte by byte.
#include "capture/pcapng_parser.h"

#include <gmock/gmock.h>

#include "unit/capture/capture_builder.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::uint16_t ethernet_type = 1;
constexpr std::uint16_t raw = 101;

class PcapngOrderTest : public ::testing::TestWithParam<Order> {
 protected:
  PcapngOrderTest() { file_.order(GetParam()); }
  Reading read() const { return read_bytes(file_.bytes); }

  PcapngBuilder file_;
};

INSTANTIATE_TEST_SUITE_P(BothByteOrders, PcapngOrderTest, ::testing::Values(Order::little, Order::big),
                         [](const auto& order) { return order.param == Order::little ? "little" : "big"; });

TEST_P(PcapngOrderTest, EnhancedPacketsComeOutWithTheirTimesSizesAndNumbers) {
  file_.section(GetParam()).interface(ethernet_type);
  file_.enhanced(0, 1'700'000'000'123'456, "first").enhanced(0, 5, "second", 1500);
  const Reading reading = read();
  ASSERT_THAT(reading.records, SizeIs(2));
  EXPECT_EQ(reading.records[0].frame, "first");
  EXPECT_EQ(reading.records[0].info, (CaptureInfo{{1'700'000'000'123'456'000}, 1, 0, 5, 5, 0, 0}));
  EXPECT_EQ(reading.records[1].info, (CaptureInfo{{5'000}, 2, 0, 6, 1500, 0, 0}));
  EXPECT_FALSE(reading.end.damaged);
  EXPECT_EQ(reading.format, GetParam() == Order::little ? "pcapng, little-endian" : "pcapng, big-endian");
}

TEST_P(PcapngOrderTest, EachInterfaceHasItsOwnLinkTypeAndClock) {
  file_.section(GetParam());
  file_.interface(ethernet_type, 0, file_.option(9, "\x09"));                                 // nanoseconds
  file_.interface(raw, 0, file_.option(9, "\x83"));                                           // eighths
  file_.interface(raw, 0, file_.option64(14, 1000) + file_.option(9, std::string(1, '\0')));  // whole seconds
  file_.enhanced(0, 1'234'567'890'123, "a").enhanced(1, 13, "b").enhanced(2, 7, "c");
  const Reading reading = read();
  ASSERT_THAT(reading.records, SizeIs(3));
  EXPECT_EQ(reading.records[0].info.timestamp.ns, 1'234'567'890'123);
  EXPECT_EQ(reading.records[0].link_type, LinkType::ethernet);
  EXPECT_EQ(reading.records[1].info.timestamp.ns, 1'625'000'000);
  EXPECT_EQ(reading.records[1].link_type, LinkType::raw);
  EXPECT_EQ(reading.records[1].info.interface_index, 1U);
  EXPECT_EQ(reading.records[2].info.timestamp.ns, 1'007'000'000'000);
  EXPECT_EQ(reading.records[2].info.interface_index, 2U);
}

TEST_P(PcapngOrderTest, ASimplePacketIsCutAtTheSnapLengthOfTheFirstInterface) {
  file_.section(GetParam()).interface(raw, 6).interface(ethernet_type, 2);
  file_.simple("sixsix\0\0", 100).simple("five.", 5);
  const Reading reading = read();
  ASSERT_THAT(reading.records, SizeIs(2));
  EXPECT_EQ(reading.records[0].frame, "sixsix");
  EXPECT_EQ(reading.records[0].info.original_size, 100U);
  EXPECT_EQ(reading.records[0].link_type, LinkType::raw);
  EXPECT_EQ(reading.records[0].info.timestamp.ns, 0) << "it has none";
  EXPECT_EQ(reading.records[1].frame, "five.");
}

TEST_P(PcapngOrderTest, ASimplePacketWithoutSnapLengthEndsWithItsBlock) {
  file_.section(GetParam()).interface(raw, 0).simple("12345678", 9000);
  const Reading reading = read();
  ASSERT_THAT(reading.records, SizeIs(1));
  EXPECT_EQ(reading.records[0].frame, "12345678");
  EXPECT_EQ(reading.records[0].info.original_size, 9000U);
}

TEST_P(PcapngOrderTest, TheObsoletePacketBlockIsReadLikeTheEnhancedOne) {
  file_.section(GetParam()).interface(ethernet_type).interface(raw).obsolete(1, 77, "old");
  const Reading reading = read();
  ASSERT_THAT(reading.records, SizeIs(1));
  EXPECT_EQ(reading.records[0].frame, "old");
  EXPECT_EQ(reading.records[0].link_type, LinkType::raw);
  EXPECT_EQ(reading.records[0].info.timestamp.ns, 77'000);
}

TEST_P(PcapngOrderTest, UnknownBlocksArePassedOver) {
  file_.section(GetParam()).block(0x0bad, {1, 2, 3}).interface(ethernet_type).block(0x4000'0bad, {});
  file_.enhanced(0, 1, "a").block(4, ByteVector(5000, 7)).enhanced(0, 2, "b");
  const Reading reading = read();
  ASSERT_THAT(reading.records, SizeIs(2));
  EXPECT_EQ(reading.records[1].frame, "b");
  EXPECT_EQ(reading.records[1].info.packet_number, 2U);
  EXPECT_FALSE(reading.end.damaged);
}

TEST_P(PcapngOrderTest, KeyLogsOfTlsAreKept) {
  file_.section(GetParam()).secrets("one\ntwo\n").interface(ethernet_type).enhanced(0, 0, "x");
  file_.secrets("three").secrets("of WireGuard", 0x57474b4c).secrets("");
  const Reading reading = read();
  EXPECT_EQ(reading.tls_secrets, "one\ntwo\nthree\n");
  EXPECT_THAT(reading.records, SizeIs(1));
  EXPECT_FALSE(reading.end.damaged);
}

TEST_P(PcapngOrderTest, AFileCutAnywhereGivesWhatIsWholeAndSaysWhereItBreaksOff) {
  std::vector<std::pair<std::size_t, std::size_t>> ends;  // of each block: offset, packets so far
  const auto mark = [&](std::size_t packets) { ends.emplace_back(file_.bytes.size(), packets); };
  file_.section(GetParam()), mark(0);
  file_.interface(ethernet_type), mark(0);
  file_.enhanced(0, 1, "one"), mark(1);
  file_.block(99, {1, 2, 3}), mark(1);
  file_.obsolete(0, 1, "two, longer"), mark(2);
  file_.section(GetParam() == Order::little ? Order::big : Order::little), mark(2);
  file_.interface(raw), mark(2);
  file_.simple("three", 5), mark(3);
  for (std::size_t cut = ends.front().first; cut <= file_.bytes.size(); ++cut) {
    SCOPED_TRACE("cut at " + std::to_string(cut));
    const auto after =
        std::find_if(ends.begin(), ends.end(), [&](const auto& end) { return end.first > cut; });
    const auto [offset, packets] = *std::prev(after);
    const Reading reading = read_bytes(Bytes(file_.bytes).first(cut));
    ASSERT_THAT(reading.records, SizeIs(packets));
    EXPECT_EQ(reading.end.damaged, cut != offset);
    if (reading.end.damaged) {
      EXPECT_EQ(reading.end.offset, offset);
      EXPECT_THAT(reading.end.message, HasSubstr("cut short in "));
      EXPECT_THAT(reading.end.message, HasSubstr("at byte " + std::to_string(offset)));
    }
  }
}

TEST(PcapngParserTest, ANewSectionForgetsTheInterfacesButNotTheirNumbers) {
  PcapngBuilder file;
  file.section(Order::little).interface(ethernet_type).interface(raw).enhanced(1, 0, "little");
  file.section(Order::big).interface(raw).enhanced(0, 0, "big").enhanced(1, 0, "of the first section");
  const Reading reading = read_bytes(file.bytes);
  ASSERT_THAT(reading.records, SizeIs(2));
  EXPECT_EQ(reading.records[0].info.interface_index, 1U);
  EXPECT_EQ(reading.records[1].frame, "big");
  EXPECT_EQ(reading.records[1].link_type, LinkType::raw);
  EXPECT_EQ(reading.records[1].info.interface_index, 2U) << "unique in the file";
  EXPECT_EQ(reading.end.skipped, 1U);
  ASSERT_THAT(reading.metadata.interfaces, SizeIs(3));
  EXPECT_EQ(reading.metadata.interfaces[1].section, 0U);
  EXPECT_EQ(reading.metadata.interfaces[2].section, 1U);
}

TEST(PcapngParserTest, PacketsThatContradictTheFileAreLeftOutAndCounted) {
  PcapngBuilder file;
  file.section().interface(ethernet_type).enhanced(0, 0, "good");
  const std::size_t bad_at = file.bytes.size();
  file.enhanced(7, 0, "of nowhere");
  ByteWriter lying(Order::little);
  lying.u32(0).u64(0).u32(1000).u32(1000).raw("far less");
  file.block(6, lying.bytes).block(6, {1, 2, 3, 4}).block(2, {}).block(3, {}).enhanced(0, 0, "good again");
  const Reading reading = read_bytes(file.bytes);
  ASSERT_THAT(reading.records, SizeIs(2));
  EXPECT_EQ(reading.records[1].frame, "good again");
  EXPECT_EQ(reading.records[1].info.packet_number, 2U);
  EXPECT_TRUE(reading.end.damaged);
  EXPECT_EQ(reading.end.skipped, 5U);
  EXPECT_EQ(reading.end.offset, bad_at);
  EXPECT_EQ(reading.end.message, "5 packets left out, the first at byte " + std::to_string(bad_at) +
                                     ": interface 7 is not defined");
}

TEST(PcapngParserTest, ABlockSizeThatCannotBeTrueEndsTheCaptureThere) {
  for (const std::uint32_t size : {0U, 4U, 8U, 11U, 33U, 34U, 0xfffffffcU, 0x10000004U}) {
    PcapngBuilder file;
    file.section().interface(ethernet_type).enhanced(0, 0, "good");
    const std::size_t bad_at = file.bytes.size();
    const ByteVector bytes =
        file.bytes + ByteWriter(Order::little).u32(6).u32(size).raw(std::string(64, 'x')).bytes;
    const Reading reading = read_bytes(bytes);
    EXPECT_THAT(reading.records, SizeIs(1));
    EXPECT_TRUE(reading.end.damaged);
    EXPECT_EQ(reading.end.message, "a block claims a size of " + std::to_string(size) + " bytes at byte " +
                                       std::to_string(bad_at));
  }
}

TEST(PcapngParserTest, ABlockWhoseTwoSizesDifferEndsTheCaptureThere) {
  PcapngBuilder file;
  file.section().interface(ethernet_type).enhanced(0, 0, "good");
  const std::size_t bad_at = file.bytes.size();
  file.enhanced(0, 0, "bad");
  file.bytes[file.bytes.size() - 4] ^= 4;
  file.enhanced(0, 0, "behind");
  const Reading reading = read_bytes(file.bytes);
  EXPECT_THAT(reading.records, SizeIs(1));
  EXPECT_EQ(reading.end.offset, bad_at);
  EXPECT_THAT(reading.end.message, HasSubstr("given as 36 and as 32"));
}

TEST(PcapngParserTest, ASectionOfAnotherMajorVersionEndsTheCaptureThere) {
  PcapngBuilder file;
  file.section().interface(ethernet_type).enhanced(0, 0, "good");
  const std::size_t second = file.bytes.size();
  file.section().interface(ethernet_type).enhanced(0, 0, "of version 2");
  file.bytes[second + 12] = 2;
  const Reading reading = read_bytes(file.bytes);
  EXPECT_THAT(reading.records, SizeIs(1));
  EXPECT_THAT(reading.end.message, HasSubstr("pcapng version 2"));
}

TEST(PcapngParserTest, NamesCommentsAndDropCountsAreKept) {
  PcapngBuilder file;
  file.order(Order::big);
  file.section(Order::big, file.option(1, "a comment") + file.option(2, "cpu") + file.option(3, "os") +
                               file.option(4, "tool"));
  file.interface(ethernet_type, 1500,
                 file.option(2, "eth0") + file.option(3, "uplink") + file.option(1, "mirrored") +
                     file.option(11, std::string("\0tcp port 80", 12)));
  file.interface(raw);
  file.enhanced(0, 0, "x");
  file.statistics(0, file.option64(4, 1000) + file.option64(5, 30) + file.option64(7, 2));
  file.statistics(9, file.option64(5, 99));  // of an interface that is not there
  const Reading reading = read_bytes(file.bytes);
  const CaptureMetadata& about = reading.metadata;
  EXPECT_THAT(about.comments, ElementsAre("a comment"));
  EXPECT_EQ(about.hardware, "cpu");
  EXPECT_EQ(about.os, "os");
  EXPECT_EQ(about.application, "tool");
  ASSERT_THAT(about.interfaces, SizeIs(2));
  EXPECT_EQ(about.interfaces[0].name, "eth0");
  EXPECT_EQ(about.interfaces[0].description, "uplink");
  EXPECT_EQ(about.interfaces[0].comment, "mirrored");
  EXPECT_EQ(about.interfaces[0].filter, "tcp port 80");
  EXPECT_EQ(about.interfaces[0].snap_size, 1500U);
  EXPECT_EQ(about.interfaces[0].received, 1000U);
  EXPECT_EQ(about.interfaces[0].dropped, 30U);
  EXPECT_EQ(about.interfaces[0].os_dropped, 2U);
  EXPECT_EQ(about.interfaces[1].dropped, std::nullopt);
  EXPECT_FALSE(reading.end.damaged);
}

TEST(PcapngParserTest, TextsAreOneCleanLineWhateverTheFileSays) {
  PcapngBuilder file;
  file.section(Order::little, file.option(1, "two\nlines") + file.option(2, "cpu\x1b]0;title\a") +
                                  file.option(3, std::string("zeros\0\0", 7)));
  file.interface(ethernet_type, 0,
                 file.option(2,
                             "eth\x9b"
                             "31m") +
                     file.option(11, std::string("\0\xc3(", 3)));
  const CaptureMetadata about = read_bytes(file.bytes).metadata;
  const std::string odd = "\xef\xbf\xbd";
  EXPECT_THAT(about.comments, ElementsAre("two lines"));
  EXPECT_EQ(about.hardware, "cpu" + odd + "]0;title" + odd);
  EXPECT_EQ(about.os, "zeros");
  EXPECT_EQ(about.interfaces.at(0).name, "eth" + odd + "31m");
  EXPECT_EQ(about.interfaces.at(0).filter, odd + "(");
}

TEST(PcapngParserTest, OptionsThatRunOverTheirBlockAreCutOff) {
  PcapngBuilder file;
  file.section().interface(ethernet_type, 0,
                           file.option(2, "eth0") + ByteVector{3, 0, 0xff, 0xff, 1, 2, 3, 4});
  const Reading reading = read_bytes(file.bytes);
  EXPECT_EQ(reading.metadata.interfaces.at(0).name, "eth0");
  EXPECT_EQ(reading.metadata.interfaces.at(0).description, "");
}

TEST(PcapngParserTest, MetadataOfHostileSizeIsBounded) {
  PcapngBuilder file;
  file.section();
  const ByteVector long_name = file.option(2, std::string(60'000, 'n'));
  for (int i = 0; i < 40; ++i) file.interface(ethernet_type, 0, long_name);
  std::size_t kept = 0;
  for (const CaptureInterface& interface : read_bytes(file.bytes).metadata.interfaces)
    kept += interface.name.size();
  EXPECT_EQ(kept, PcapngParser::text_size_max);

  PcapngBuilder crowd;
  crowd.section();
  for (std::size_t i = 0; i <= PcapngParser::interfaces_max; ++i) crowd.interface(ethernet_type);
  const Reading reading = read_bytes(crowd.bytes);
  EXPECT_THAT(reading.metadata.interfaces, SizeIs(PcapngParser::interfaces_max));
  EXPECT_THAT(reading.end.message, HasSubstr("more than 65536 interfaces"));
}

TEST(PcapngParserTest, ASecretsBlockNeverGivesMoreThanItHas) {
  PcapngBuilder file;
  ByteWriter liar(Order::little);
  liar.u32(0x544c534b).u32(0xffffffff).raw("key ");
  file.section().block(10, liar.bytes).block(10, {}).interface(ethernet_type).enhanced(0, 0, "x");
  const Reading reading = read_bytes(file.bytes);
  EXPECT_EQ(reading.tls_secrets, "key \n");
  EXPECT_THAT(reading.records, SizeIs(1));
}

TEST(PcapngParserTest, SecretsOfHostileSizeAreBounded) {
  PcapngBuilder file;
  file.section();
  for (int i = 0; i < 20; ++i) file.secrets(std::string(std::size_t{1} << 20, 'k'));
  const std::string kept = read_bytes(file.bytes).tls_secrets;
  EXPECT_EQ(kept.size(), 16 * ((std::size_t{1} << 20) + 1));
}

TEST(PcapngParserTest, RecordsAreTheSameWhateverPiecesTheBytesComeIn) {
  PcapngBuilder file;
  for (int section = 0; section < 3; ++section) {
    file.section(section % 2 == 0 ? Order::little : Order::big).interface(ethernet_type).interface(raw, 20);
    for (unsigned i = 0; i < 100; ++i) {
      const std::string frame(i % 29 * 7, static_cast<char>('a' + i % 26));
      if (i % 3 == 0) file.enhanced(i % 2, i, frame);
      if (i % 3 == 1) file.obsolete(1, i, frame);
      if (i % 3 == 2) file.simple(frame, i % 29 * 7).block(17, {1, 2, 3});
    }
  }
  const Reading expected = read_bytes(file.bytes);
  ASSERT_THAT(expected.records, SizeIs(300));
  for (const unsigned chunk : {1U, 2U, 3U, 7U, 12U, 27U, 28U, 29U, 64U, 1000U, 5000U}) {
    for (const unsigned buffer : {1U, 28U, 100U, 4096U}) {
      EXPECT_EQ(read_bytes(file.bytes, chunk, buffer).records, expected.records)
          << "chunk " << chunk << ", buffer " << buffer;
    }
  }
}

}  // namespace
}  // namespace restitch::testing
