#include "packet/ip.h"

#include <gtest/gtest.h>

#include <vector>

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
using testing::set_be32;
using testing::to_text;

TEST(Ip, StepsOverIpv4Options) {
  const Decoded packet = decode_ethernet(hello().ip_options({7, 7, 4, 0, 0, 0, 0}).build());
  ASSERT_EQ(packet.reason, DropReason::none);
  EXPECT_TRUE(packet.ip_checksum_ok);
  EXPECT_EQ(to_text(packet.tcp.payload), "hello");
}

TEST(Ip, SeesAWrongIpChecksum) {
  const Decoded packet = decode_ethernet(hello().bad_ip_checksum().build());
  EXPECT_EQ(packet.reason, DropReason::none);
  EXPECT_FALSE(packet.ip_checksum_ok);
}

TEST(Ip, NamesBrokenIpv4Headers) {
  EXPECT_EQ(decode_ethernet(hello().ip_length(19).build()).reason, DropReason::bad_ip_header);
  Frame frame = hello().build();
  frame[14] = 0x44;
  EXPECT_EQ(decode_ethernet(frame).reason, DropReason::bad_ip_header) << "header length below 20";
  frame[14] = 0x65;
  EXPECT_EQ(decode_ethernet(frame).reason, DropReason::bad_ip_header) << "version 6 behind 0x0800";
  frame[14] = 0x4f;
  frame.resize(14 + 45);
  EXPECT_EQ(decode_ethernet(frame).reason, DropReason::bad_ip_header) << "total length below the header's";
}

TEST(Ip, NamesBrokenIpv6Headers) {
  Frame frame = hello6().build();
  frame[14] = 0x45;
  EXPECT_EQ(decode_ethernet(frame).reason, DropReason::bad_ip_header);
  EXPECT_EQ(decode_ethernet(hello6().extension(60, Frame(8)).ip_length(7).build()).reason,
            DropReason::bad_ip_header);
  EXPECT_EQ(decode_ethernet(hello6().extension(60, Frame{0, 200, 0, 0, 0, 0, 0, 0}).build()).reason,
            DropReason::bad_ip_header)
      << "an extension longer than the datagram";
}

TEST(Ip, LeavesOtherProtocolsAlone) {
  EXPECT_EQ(decode_ethernet(hello().protocol(17).build()).reason, DropReason::not_tcp);
  EXPECT_EQ(decode_ethernet(hello6().protocol(58).build()).reason, DropReason::not_tcp);
  EXPECT_EQ(decode_ethernet(hello6().protocol(59).build()).reason, DropReason::not_tcp);
  EXPECT_EQ(decode_ethernet(hello6().extension(0, Frame(8)).protocol(50).build()).reason,
            DropReason::encrypted);
  EXPECT_EQ(decode_ethernet(hello().protocol(108).build()).reason, DropReason::compressed);
  EXPECT_EQ(decode_ethernet(hello().protocol(0).build()).reason, DropReason::not_tcp)
      << "extension headers belong to IPv6 only";
}

TEST(Ip, LeavesFragmentsToADefragmenter) {
  EXPECT_EQ(decode_ethernet(hello().fragment_field(0x2000).build()).reason, DropReason::fragment);
  EXPECT_EQ(decode_ethernet(hello().fragment_field(0x0001).build()).reason, DropReason::fragment);
  EXPECT_EQ(decode_ethernet(hello().fragment_field(0xc000).build()).reason, DropReason::none)
      << "neither the reserved bit nor don't-fragment makes a fragment";
  EXPECT_EQ(decode_ethernet(hello6().extension(44, {0, 0, 0, 1, 0, 0, 0, 9}).build()).reason,
            DropReason::fragment);
  EXPECT_EQ(decode_ethernet(hello6().extension(44, {0, 0, 0, 8, 0, 0, 0, 9}).build()).reason,
            DropReason::fragment);
}

TEST(Ip, EntersAtomicFragments) {
  const Decoded packet = decode_ethernet(hello6().extension(44, {0, 99, 0, 6, 0, 0, 0, 9}).build());
  ASSERT_EQ(packet.reason, DropReason::none);
  EXPECT_EQ(to_text(packet.tcp.payload), "hello");
}

TEST(Ip, StepsOverIpv6ExtensionHeaders) {
  const Decoded packet = decode_ethernet(
      hello6()
          .ttl(3)
          .extension(0, Frame(8))
          .extension(60, {0, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
          .extension(43, Frame(8))
          .extension(51, {0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
          .extension(135, Frame(8))
          .extension(60, Frame(8))
          .build());
  ASSERT_EQ(packet.reason, DropReason::none);
  EXPECT_EQ(packet.ttl, 3);
  EXPECT_EQ(packet.net.source, address("2001:db8::1"));
  EXPECT_EQ(packet.net.destination, address("2001:db8::2"));
  EXPECT_EQ(to_text(packet.tcp.payload), "hello");
  EXPECT_TRUE(checksum_ok(packet.net, packet.tcp));
}

TEST(Ip, GivesUpOnEndlessExtensionHeaders) {
  FrameBuilder builder = hello6();
  for (std::size_t i = 0; i < decode_depth_max; ++i) builder.extension(60, Frame(8));
  EXPECT_EQ(decode_ethernet(builder.build()).reason, DropReason::none);
  builder.extension(60, Frame(8));
  EXPECT_EQ(decode_ethernet(builder.build()).reason, DropReason::too_deep);
}

TEST(Ip, CutsAJumbogramAtItsOwnLength) {
  const Frame jumbo_option{0, 0, 0xc2, 4, 0, 0, 0, 0};
  Frame frame =
      hello6().extension(0, jumbo_option).payload(Frame(70000, 'x')).ip_length(0).trailer(Frame(4)).build();
  set_be32(frame, 14 + 40 + 4, 8 + 20 + 70000);
  EXPECT_EQ(decode_ethernet(frame).tcp.payload.size(), 70000u);

  const std::size_t original_size = frame.size();
  frame.resize(14 + 40 + 8 + 20 + 10);
  EXPECT_EQ(decode_ethernet(frame, original_size).tcp.missing_size, 69990u);
}

TEST(Ip, FindsAJumboLengthAmongOtherOptions) {
  const auto payload_size = [](const Frame& options) {
    Frame frame =
        hello6().extension(0, options).payload(Frame(70000, 'x')).ip_length(0).trailer(Frame(4)).build();
    const auto size = static_cast<std::uint32_t>(options.size() + 20 + 70000);
    set_be32(frame, 14 + 40 + options.size() - 4, size);
    return decode_ethernet(frame).tcp.payload.size();
  };
  EXPECT_EQ(payload_size({0, 1, 0, 0, 1, 2, 9, 9, 0, 0, 0xc2, 4, 0, 0, 0, 0}), 70000u) << "Pad1, PadN, Pad1";
  EXPECT_NE(payload_size({0, 1, 0, 0, 1, 99, 9, 9, 0, 0, 0xc2, 4, 0, 0, 0, 0}), 70000u)
      << "behind an option that leaves the header";
}

TEST(Ip, BelievesAJumboLengthOnlyWhereItMayStand) {
  const Frame jumbo_option{0, 0, 0xc2, 4, 0, 1, 0, 0};
  EXPECT_EQ(to_text(decode_ethernet(hello6().extension(0, jumbo_option).build()).tcp.payload), "hello");
  const Frame too_small{0, 0, 0xc2, 4, 0, 0, 0, 20};
  EXPECT_EQ(to_text(decode_ethernet(hello6().extension(0, too_small).ip_length(0).build()).tcp.payload),
            "hello");
}

// The address in the header is the next hop only; the checksum, and both ends, go by the last one.
TEST(Ip, TakesTheLastAddressOfASourceRouteForTheDestination) {
  const Frame last = testing::address_bytes("2001:db8::2");
  const Frame other = testing::address_bytes("2001:db8::99");
  const auto route = [](std::uint8_t type, std::uint8_t left, const std::vector<Frame>& hops) {
    Frame out{0, static_cast<std::uint8_t>(2 * hops.size()), type, left, 0, 0, 0, 0};
    for (const Frame& hop : hops) testing::put(out, hop);
    return out;
  };
  for (const Frame& extension :
       {route(0, 1, {other, last}), route(4, 1, {last, other}), route(2, 1, {last})}) {
    Frame frame = hello6().extension(43, extension).build();
    frame[14 + 39] = 0x55;  // on its way to some hop
    const Decoded packet = decode_ethernet(frame);
    ASSERT_EQ(packet.reason, DropReason::none);
    EXPECT_EQ(packet.net.destination, address("2001:db8::2"));
    EXPECT_TRUE(checksum_ok(packet.net, packet.tcp));
  }
  const Frame arrived = hello6().extension(43, route(0, 0, {other, other})).build();
  EXPECT_EQ(decode_ethernet(arrived).net.destination, address("2001:db8::2"));
}

}  // namespace
}  // namespace restitch
