// What connections are dealt out by, from a decoded packet and from a look at its frame.
#include "restitch/detail/flow_hash.h"

#include <gtest/gtest.h>

#include "unit/packet/decoded.h"

namespace restitch {
namespace {

using detail::flow_hash;
using testing::Decoded;
using testing::Frame;
using testing::FrameBuilder;
using testing::hello;
using testing::hello6;

std::uint64_t hash_of(const Decoded& packet) {
  EXPECT_EQ(packet.reason, DropReason::none);
  return flow_hash(packet.net, packet.tcp.transport());
}

std::optional<std::uint64_t> at_a_glance(const Frame& frame) { return flow_hash(LinkType::ethernet, frame); }

TEST(FlowHash, ALookAtTheFrameTellsWhatDecodingItTells) {
  for (const FrameBuilder& builder : {hello(), hello6()}) {
    const Frame frame = builder.build();
    ASSERT_TRUE(at_a_glance(frame));
    EXPECT_EQ(at_a_glance(frame), hash_of(testing::decode_ethernet(frame)));
  }
}

TEST(FlowHash, IsTheSameForBothDirections) {
  const auto there = FrameBuilder().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80);
  const auto back = FrameBuilder().ipv4("10.0.0.2", "10.0.0.1").tcp(80, 40000);
  const auto other = FrameBuilder().ipv4("10.0.0.2", "10.0.0.1").tcp(40000, 80);
  EXPECT_EQ(at_a_glance(there.build()), at_a_glance(back.build()));
  EXPECT_NE(at_a_glance(there.build()), at_a_glance(other.build()));
}

TEST(FlowHash, OfHostsDoesNotDependOnPorts) {
  using detail::FlowGroup;
  const Frame one = FrameBuilder().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80).build();
  const Frame other = FrameBuilder().ipv4("10.0.0.2", "10.0.0.1").tcp(20, 50000).build();
  const Frame third = FrameBuilder().ipv4("10.0.0.3", "10.0.0.1").tcp(20, 50000).build();
  const auto hash = [](const Frame& frame) { return flow_hash(LinkType::ethernet, frame, FlowGroup::hosts); };
  EXPECT_EQ(hash(one), hash(other));
  EXPECT_NE(hash(one), hash(third));
  const Decoded decoded = testing::decode_ethernet(one);
  EXPECT_EQ(hash(one), flow_hash(decoded.net, decoded.tcp.transport(), FlowGroup::hosts));
}

TEST(FlowHash, WhatTakesMoreThanALookIsLeftToTheDecoder) {
  EXPECT_FALSE(at_a_glance(hello().vlan(7).build()));
  EXPECT_FALSE(at_a_glance(hello().fragment_field(0x2000).build()));
  EXPECT_FALSE(at_a_glance(hello().fragment_field(0x0001).build()));
  EXPECT_FALSE(at_a_glance(hello().ip_options(Frame(4, 1)).build()));
  EXPECT_FALSE(at_a_glance(hello6().extension(0, Frame(6)).build()));
  EXPECT_FALSE(at_a_glance(hello().ip_payload(17, Frame(20)).build()));
  EXPECT_FALSE(at_a_glance(hello6().ip_payload(17, Frame(20)).build()));
  EXPECT_FALSE(flow_hash(LinkType::raw, hello().build()));
}

TEST(FlowHash, LooksNoFurtherThanTheFrameReaches) {
  for (const FrameBuilder& builder : {hello(), hello6()}) {
    const Frame whole = builder.build();
    const std::size_t ports_end = whole.size() - 5 - 20 + 4;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Frame frame(whole.begin(), whole.begin() + static_cast<long>(size));
      EXPECT_EQ(at_a_glance(frame).has_value(), size >= ports_end) << size;
    }
  }
}

}  // namespace
}  // namespace restitch
