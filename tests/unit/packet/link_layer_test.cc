#include "packet/link_layer.h"

#include <gtest/gtest.h>

#include "support/frame_builder.h"

namespace restitch {
namespace {

using testing::Frame;
using testing::FrameBuilder;
using testing::to_text;

FrameBuilder greeting() { return FrameBuilder().payload("hello"); }
FrameBuilder greeting6() { return greeting().ipv6("fe80::1", "fe80::2"); }

DecodedPacket decode_as(LinkType link_type, const Frame& frame) {
  return decode(link_type, frame, frame.size());
}

// "hello" when the frame decodes, else the reason.
std::string outcome_as(LinkType link_type, const Frame& frame) {
  const DecodedPacket packet = decode_as(link_type, frame);
  return packet.reason == DropReason::none ? to_text(packet.tcp.payload)
                                           : std::string(to_string(packet.reason));
}

TEST(LinkLayer, StepsOverVlanTagsOfAllKinds) {
  for (const std::uint16_t tag : std::initializer_list<std::uint16_t>{0x8100, 0x88a8, 0x9100, 0x9200}) {
    const Frame frame = greeting().vlan(0x6000 | 100, tag).vlan(200).build();
    const DecodedPacket packet = decode_as(LinkType::ethernet, frame);
    ASSERT_EQ(packet.reason, DropReason::none);
    EXPECT_EQ(packet.vlan, 200) << "the innermost counts";
    EXPECT_EQ(to_text(packet.tcp.payload), "hello");
  }
  EXPECT_EQ(decode_as(LinkType::ethernet, greeting6().vlan(0xf123).build()).vlan, 0x123)
      << "priority bits are no part of the id";
}

TEST(LinkLayer, GivesUpOnEndlessVlanTags) {
  FrameBuilder builder = greeting();
  for (std::size_t i = 0; i + 3 < decode_depth_max; ++i) builder.vlan(1);
  EXPECT_EQ(outcome_as(LinkType::ethernet, builder.build()), "hello");
  EXPECT_EQ(outcome_as(LinkType::ethernet, builder.vlan(1).build()), "too_deep");
}

TEST(LinkLayer, FindsIpBehindLlcAndSnap) {
  const Frame ethernet_and_length{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 73};
  const auto behind = [&](Frame llc, FrameBuilder builder) {
    Frame link = ethernet_and_length;
    testing::put(link, llc);
    return outcome_as(LinkType::ethernet, builder.link_header(link).build());
  };
  EXPECT_EQ(behind({0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00}, greeting()), "hello");
  EXPECT_EQ(behind({0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd}, greeting6()), "hello");
  EXPECT_EQ(behind({0x06, 0x06, 3}, greeting()), "hello");
  EXPECT_EQ(behind({0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0x00}, greeting()), "not_ip") << "Cisco's OUI: CDP";
  EXPECT_EQ(behind({0x42, 0x42, 3}, greeting()), "not_ip") << "spanning tree";
  EXPECT_EQ(outcome_as(LinkType::ethernet, ethernet_and_length), "truncated");
}

TEST(LinkLayer, LeavesOtherEthertypesAlone) {
  EXPECT_EQ(outcome_as(LinkType::ethernet, greeting().ethertype(0x0806).build()), "not_ip");
  EXPECT_EQ(outcome_as(LinkType::ethernet, greeting().ethertype(0x88cc).build()), "not_ip");
}

TEST(LinkLayer, ReadsRawIpOfEitherVersion) {
  for (const LinkType link_type : {LinkType::raw_bsd, LinkType::raw_openbsd, LinkType::raw}) {
    EXPECT_EQ(outcome_as(link_type, greeting().raw().build()), "hello");
    EXPECT_EQ(outcome_as(link_type, greeting6().raw().build()), "hello");
    EXPECT_EQ(outcome_as(link_type, {0x50, 0, 0, 0}), "bad_ip_header");
    EXPECT_EQ(outcome_as(link_type, {}), "truncated");
  }
  EXPECT_EQ(outcome_as(LinkType::ipv4, greeting().raw().build()), "hello");
  EXPECT_EQ(outcome_as(LinkType::ipv6, greeting6().raw().build()), "hello");
  EXPECT_EQ(outcome_as(LinkType::ipv4, greeting6().raw().build()), "bad_ip_header");
  EXPECT_EQ(outcome_as(LinkType::ipv6, greeting().raw().build()), "bad_ip_header");
}

TEST(LinkLayer, ReadsLoopbackFamiliesInEitherByteOrder) {
  for (const LinkType link_type : {LinkType::null, LinkType::loop}) {
    EXPECT_EQ(outcome_as(link_type, greeting().link_header({2, 0, 0, 0}).build()), "hello");
    EXPECT_EQ(outcome_as(link_type, greeting().link_header({0, 0, 0, 2}).build()), "hello");
    for (const std::uint8_t family : Frame{10, 24, 28, 30}) {
      EXPECT_EQ(outcome_as(link_type, greeting6().link_header({family, 0, 0, 0}).build()), "hello");
      EXPECT_EQ(outcome_as(link_type, greeting6().link_header({0, 0, 0, family}).build()), "hello");
    }
    EXPECT_EQ(outcome_as(link_type, greeting().link_header({7, 0, 0, 0}).build()), "not_ip");
    EXPECT_EQ(outcome_as(link_type, {2, 0, 0}), "truncated");
  }
}

Frame sll(std::uint16_t hardware, std::uint16_t protocol) {
  Frame out{0, 0};
  testing::put_be16(out, hardware);
  testing::put(out, Frame(10));
  testing::put_be16(out, protocol);
  return out;
}

Frame sll2(std::uint16_t hardware, std::uint16_t protocol) {
  Frame out;
  testing::put_be16(out, protocol);
  testing::put(out, Frame(6));
  testing::put_be16(out, hardware);
  testing::put(out, Frame(10));
  return out;
}

TEST(LinkLayer, ReadsLinuxCookedCaptures) {
  for (const auto& [link_type, cooked] :
       {std::pair(LinkType::linux_sll, &sll), std::pair(LinkType::linux_sll2, &sll2)}) {
    EXPECT_EQ(outcome_as(link_type, greeting().link_header(cooked(1, 0x0800)).build()), "hello");
    EXPECT_EQ(outcome_as(link_type, greeting6().link_header(cooked(772, 0x86dd)).build()), "hello");
    EXPECT_EQ(outcome_as(link_type, greeting().link_header(cooked(1, 0x0806)).build()), "not_ip");
    EXPECT_EQ(outcome_as(link_type, greeting().link_header(cooked(1, 1)).build()), "not_ip") << "Novell";
    EXPECT_EQ(outcome_as(link_type, greeting().link_header(cooked(824, 0x0800)).build()), "not_ip")
        << "netlink";
    EXPECT_EQ(outcome_as(link_type, Frame(15)), "truncated");

    Frame tagged = cooked(1, 0x8100);
    testing::put(tagged, {0x00, 0x2a, 0x08, 0x00});
    EXPECT_EQ(decode_as(link_type, greeting().link_header(tagged).build()).vlan, 42);
    EXPECT_EQ(outcome_as(link_type, greeting().link_header(tagged).build()), "hello");

    Frame llc = cooked(1, 4);
    testing::put(llc, {0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00});
    EXPECT_EQ(outcome_as(link_type, greeting().link_header(llc).build()), "hello");
  }
}

TEST(LinkLayer, LeavesUnknownLinkTypesAlone) {
  EXPECT_EQ(outcome_as(static_cast<LinkType>(147), greeting().build()), "unknown_link_type");
}

}  // namespace
}  // namespace restitch
