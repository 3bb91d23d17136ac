// decode() over IP and TCP; link layers have their own file.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "restitch/packet.h"
#include "support/frame_builder.h"
#include "unit/packet/decoded.h"

namespace restitch {
namespace {

using testing::address;
using testing::decode_ethernet;
using testing::Decoded;
using testing::Frame;
using testing::FrameBuilder;
using testing::hello;
using testing::hello6;
using testing::to_text;
namespace tcp_option = testing::tcp_option;

TEST(Decode, FindsEveryFieldOfASegment) {
  const Frame frame = FrameBuilder()
                          .ipv4("192.0.2.1", "198.51.100.7")
                          .ttl(57)
                          .tcp(40001, 443)
                          .seq(0xfffffffe)
                          .ack(0x12345678)
                          .flags(TcpFlag::ack | TcpFlag::psh | TcpFlag::urg)
                          .window(512)
                          .urgent_pointer(3)
                          .option(tcp_option::timestamps(5, 6))
                          .payload("hello")
                          .build();
  const Decoded packet = decode_ethernet(frame, frame.size());
  ASSERT_EQ(packet.reason, DropReason::none);
  EXPECT_EQ(packet.net, (NetFlow{address("192.0.2.1"), address("198.51.100.7"), 0}));
  EXPECT_EQ(packet.tcp.transport(), (TransportFlow{40001, 443}));
  EXPECT_EQ(packet.ttl, 57);
  EXPECT_EQ(packet.vlan, 0);
  EXPECT_EQ(packet.tcp.sequence, Sequence(0xfffffffe));
  EXPECT_EQ(packet.tcp.acknowledgment, Sequence(0x12345678));
  EXPECT_EQ(packet.tcp.flags, TcpFlag::ack | TcpFlag::psh | TcpFlag::urg);
  EXPECT_TRUE(packet.tcp.ack() && packet.tcp.urg() && !packet.tcp.syn() && !packet.tcp.fin());
  EXPECT_EQ(packet.tcp.window, 512);
  EXPECT_EQ(packet.tcp.urgent_pointer, 3);
  EXPECT_EQ(packet.tcp.missing_size, 0u);
  EXPECT_EQ(packet.tcp.options.size(), 12u);
  EXPECT_EQ(to_text(packet.tcp.payload), "hello");
  EXPECT_EQ(packet.tcp.bytes.size(), 37u);
  EXPECT_TRUE(packet.ip_checksum_ok);
  EXPECT_TRUE(checksum_ok(packet.net, packet.tcp));
}

TEST(Decode, LendsTheBytesOfTheFrame) {
  const Frame frame = hello().build();
  const DecodedPacket packet = decode(LinkType::ethernet, frame, frame.size());
  EXPECT_EQ(packet.tcp.payload.data(), frame.data() + frame.size() - 5);
  EXPECT_EQ(packet.tcp.bytes.data(), frame.data() + 34);
}

TEST(Decode, CutsOffWhatLiesBehindTheIpLength) {
  EXPECT_EQ(to_text(decode_ethernet(hello().trailer(Frame(9, 'x')).build()).tcp.payload), "hello");
  EXPECT_EQ(to_text(decode_ethernet(hello6().trailer(Frame(9, 'x')).build()).tcp.payload), "hello");
  const Frame bare = FrameBuilder().trailer(Frame(6, 0)).build();  // Ethernet's 60 bytes
  EXPECT_TRUE(decode_ethernet(bare).tcp.payload.empty());
}

TEST(Decode, TakesAnIpLengthOfZeroForTheRestOfTheFrame) {
  EXPECT_EQ(to_text(decode_ethernet(hello().ip_length(0).build()).tcp.payload), "hello");
  EXPECT_EQ(to_text(decode_ethernet(hello6().ip_length(0).build()).tcp.payload), "hello");
  const Frame large = FrameBuilder().payload(Frame(100000, 'x')).ip_length(0).build();
  const Decoded packet = decode_ethernet(large);
  EXPECT_EQ(packet.tcp.payload.size(), 100000u);
  EXPECT_TRUE(checksum_ok(packet.net, packet.tcp));
}

TEST(Decode, CountsBytesThatTheSnapLengthCut) {
  for (const bool offloaded : {false, true}) {
    FrameBuilder builder = hello().payload(Frame(1000, 'x'));
    if (offloaded) builder.ip_length(0);
    Frame frame = builder.build();
    const std::size_t original_size = frame.size();
    frame.resize(54 + 100);
    const Decoded packet = decode_ethernet(frame, original_size);
    ASSERT_EQ(packet.reason, DropReason::none);
    EXPECT_EQ(packet.tcp.payload.size(), 100u);
    EXPECT_EQ(packet.tcp.missing_size, 900u);
    EXPECT_TRUE(checksum_ok(packet.net, packet.tcp)) << "cannot be checked, so it passes";
  }
}

TEST(Decode, DoesNotCountPaddingThatTheSnapLengthCut) {
  Frame frame = hello().trailer(Frame(50, 0)).build();
  const std::size_t original_size = frame.size();
  frame.resize(54 + 2);
  const Decoded packet = decode_ethernet(frame, original_size);
  EXPECT_EQ(to_text(packet.tcp.payload), "he");
  EXPECT_EQ(packet.tcp.missing_size, 3u);
}

TEST(Decode, CountsNothingThatWasNeverOnTheWire) {
  const Frame frame = hello().ip_length(1500).build();
  for (const std::size_t original_size : {std::size_t{0}, frame.size()}) {
    const Decoded packet = decode_ethernet(frame, original_size);
    ASSERT_EQ(packet.reason, DropReason::none);
    EXPECT_EQ(to_text(packet.tcp.payload), "hello");
    EXPECT_EQ(packet.tcp.missing_size, 0u);
  }
  EXPECT_EQ(decode_ethernet(frame, frame.size() + 10).tcp.missing_size, 10u);
}

TEST(Decode, DoesNotBelieveInFramesLargerThanAnyWindow) {
  const Frame frame = hello().ip_length(0).build();
  EXPECT_EQ(decode_ethernet(frame, frame.size() + (1u << 30)).tcp.missing_size, 1u << 30);
  EXPECT_EQ(decode_ethernet(frame, 0xffffffff).tcp.missing_size, 0u);
}

TEST(Decode, NamesBrokenTcpHeaders) {
  EXPECT_EQ(decode_ethernet(hello().data_offset(4).build()).reason, DropReason::bad_tcp_header);
  EXPECT_EQ(decode_ethernet(hello().data_offset(0).build()).reason, DropReason::bad_tcp_header);
  EXPECT_EQ(decode_ethernet(hello().data_offset(7).build()).reason, DropReason::bad_tcp_header)
      << "25 bytes of segment, 28 of header";
  EXPECT_EQ(decode_ethernet(hello().ip_length(20 + 19).build()).reason, DropReason::bad_tcp_header);
  EXPECT_EQ(decode_ethernet(hello6().ip_length(19).build()).reason, DropReason::bad_tcp_header);
  EXPECT_EQ(decode_ethernet(hello().data_offset(6).build()).reason, DropReason::none);
}

TEST(Decode, CallsAHeaderTruncatedWhereTheSnapLengthCutIt) {
  const Frame frame = hello().option(tcp_option::timestamps(1, 2)).build();
  const Frame options_cut(frame.begin(), frame.begin() + 34 + 25);
  EXPECT_EQ(decode_ethernet(options_cut, frame.size()).reason, DropReason::truncated);
  const Frame fixed_part_cut(frame.begin(), frame.begin() + 34 + 19);
  EXPECT_EQ(decode_ethernet(fixed_part_cut, frame.size()).reason, DropReason::truncated);
  EXPECT_EQ(decode(LinkType::ethernet, {}, 0).reason, DropReason::truncated);
}

// Any frame that decodes, of the kinds that FrameBuilder can make.
Frame any_frame() {
  FrameBuilder builder = *rc::gen::arbitrary<bool>() ? hello() : hello6();
  builder.payload(*rc::gen::scale(2.0, rc::gen::arbitrary<Frame>()));
  if (*rc::gen::arbitrary<bool>()) builder.option(tcp_option::timestamps(1, 2));
  if (*rc::gen::arbitrary<bool>()) builder.option(tcp_option::sack({{1, 2}, {3, 4}}));
  for (int tags = *rc::gen::inRange(0, 3); tags > 0; --tags) builder.vlan(5, 0x88a8);
  for (int headers = *rc::gen::inRange(0, 3); headers > 0; --headers) builder.extension(60, Frame(8));
  if (*rc::gen::arbitrary<bool>()) builder.trailer(*rc::gen::arbitrary<Frame>());
  return builder.build();
}

TEST(Decode, FindsInAnyPrefixWhatIsThereAndCountsTheRest) {
  EXPECT_TRUE(rc::check([] {
    const Frame frame = any_frame();
    const DecodedPacket whole = decode(LinkType::ethernet, frame, frame.size());
    RC_ASSERT(whole.reason == DropReason::none);
    RC_ASSERT(checksum_ok(whole.net, whole.tcp));
    const auto header_size = static_cast<std::size_t>(whole.tcp.payload.data() - frame.data());
    for (std::size_t size = 0; size < frame.size(); ++size) {
      // A block of exactly this size: AddressSanitizer sees a read behind it.
      const auto prefix = std::make_unique<std::uint8_t[]>(size);
      std::copy_n(frame.begin(), size, prefix.get());
      const DecodedPacket cut = decode(LinkType::ethernet, Bytes(prefix.get(), size), frame.size());
      if (size < header_size) {
        RC_ASSERT(cut.reason == DropReason::truncated);
        continue;
      }
      RC_ASSERT(cut.reason == DropReason::none);
      RC_ASSERT(cut.tcp.payload.size() + cut.tcp.missing_size == whole.tcp.payload.size());
      RC_ASSERT(std::equal(cut.tcp.payload.begin(), cut.tcp.payload.end(), whole.tcp.payload.begin()));
    }
  }));
}

// Ethernet takes the row of inlined steps, Linux cooked the general walk: they must not differ.
TEST(Decode, FindsTheSameOnTheShortWayAndOnTheLongOne) {
  EXPECT_TRUE(rc::check([](std::size_t position, std::uint8_t value, std::uint8_t snapped) {
    Frame datagram = hello().option(tcp_option::timestamps(1, 2)).build_ip();
    const std::size_t original_size = datagram.size();
    datagram[position % datagram.size()] = value;
    datagram.resize(std::max<std::size_t>(20, datagram.size() - snapped % 40));
    const auto behind = [&](Frame link) {
      testing::put(link, datagram);
      return link;
    };
    const Frame ethernet = behind({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0});
    const Frame cooked = behind({0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0});
    const DecodedPacket a = decode(LinkType::ethernet, ethernet, 14 + original_size);
    const DecodedPacket b = decode(LinkType::linux_sll, cooked, 16 + original_size);
    RC_ASSERT(a.reason == b.reason);
    RC_ASSERT(a.ttl == b.ttl);
    RC_ASSERT(a.ip_checksum_ok == b.ip_checksum_ok);
    RC_ASSERT(a.net == b.net);
    RC_ASSERT(to_text(a.tcp.bytes) == to_text(b.tcp.bytes));
    RC_ASSERT(to_text(a.tcp.payload) == to_text(b.tcp.payload));
    RC_ASSERT(a.tcp.sequence == b.tcp.sequence);
    RC_ASSERT(a.tcp.missing_size == b.tcp.missing_size);
  }));
}

TEST(Decode, StaysInsideAFrameWithAnyByteChanged) {
  EXPECT_TRUE(rc::check([](std::size_t position, std::uint8_t value) {
    Frame frame = any_frame();
    frame[position % frame.size()] = value;
    const DecodedPacket packet = decode(LinkType::ethernet, frame, frame.size());
    if (packet.reason != DropReason::none) return;
    const std::uint8_t* end = frame.data() + frame.size();
    RC_ASSERT(packet.tcp.bytes.data() >= frame.data());
    RC_ASSERT(packet.tcp.bytes.data() + packet.tcp.bytes.size() <= end);
    RC_ASSERT(packet.tcp.missing_size == 0u);
  }));
}

}  // namespace
}  // namespace restitch
