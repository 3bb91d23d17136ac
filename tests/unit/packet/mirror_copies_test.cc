// Packets that a capture holds twice, told from those that their sender sent twice.
#include <gtest/gtest.h>

#include "restitch/defragmenter.h"
#include "restitch/mirror_copies.h"
#include "support/frame_builder.h"

namespace restitch {
namespace {

using testing::Frame;
using testing::FrameBuilder;

constexpr std::int64_t ms = 1'000'000;

FrameBuilder data_packet(std::uint16_t ip_id) {
  return FrameBuilder()
      .ipv4("10.0.0.1", "10.0.0.2")
      .ip_id(ip_id)
      .tcp(40000, 80)
      .seq(1000)
      .ack(5)
      .payload("hello");
}

FrameBuilder ipv6_packet() {
  return FrameBuilder().ipv6("2001:db8::1", "2001:db8::2").tcp(40000, 80).seq(1000).ack(5).payload("hello");
}

// A decoder with a window of 20 ms.
class MirrorCopiesTest : public ::testing::Test {
 protected:
  bool copied(const FrameBuilder& frame, std::int64_t at_ns) {
    const Frame bytes = frame.build();
    CaptureInfo info;
    info.timestamp = {1'000'000 * ms + at_ns};
    info.original_size = static_cast<std::uint32_t>(bytes.size());
    const DecodedPacket packet = decoder_.decode(LinkType::ethernet, bytes, info);
    EXPECT_EQ(packet.reason, DropReason::none);
    return packet.copied;
  }

  Decoder decoder_{{.copies_window_ns = 20 * ms}};
};

TEST_F(MirrorCopiesTest, TheSamePacketAgainIsACopy) {
  EXPECT_FALSE(copied(data_packet(7), 0));
  EXPECT_TRUE(copied(data_packet(7), 1 * ms));
  EXPECT_TRUE(copied(data_packet(7), 2 * ms));
}

TEST_F(MirrorCopiesTest, AlsoWithAnotherVlanAndOneHopLater) {
  EXPECT_FALSE(copied(data_packet(7), 0));
  EXPECT_TRUE(copied(data_packet(7).vlan(12), 1 * ms));
  EXPECT_TRUE(copied(data_packet(7).ttl(63), 2 * ms));
}

TEST_F(MirrorCopiesTest, ARetransmissionHasAnIdentificationOfItsOwn) {
  EXPECT_FALSE(copied(data_packet(7), 0));
  EXPECT_FALSE(copied(data_packet(8), 1 * ms));
}

TEST_F(MirrorCopiesTest, WhatComesLaterThanTheWindowIsNone) {
  EXPECT_FALSE(copied(data_packet(7), 0));
  EXPECT_FALSE(copied(data_packet(7), 21 * ms));
}

TEST_F(MirrorCopiesTest, WithoutAnIdentificationTheWindowIsOneMillisecond) {
  EXPECT_FALSE(copied(ipv6_packet(), 0));
  EXPECT_TRUE(copied(ipv6_packet(), 900'000));
  EXPECT_FALSE(copied(ipv6_packet(), 3 * ms));
}

// Two taps, or a slow path through a switch: many packets may come in between.
TEST_F(MirrorCopiesTest, CopiesAreFoundBehindAHundredOthersAndNearlyAllBehindAThousand) {
  for (const int distance : {100, 1000}) {
    int found = 0;
    constexpr int packets = 3000;
    const int first = distance * 10;
    for (int i = 0; i < packets + distance; ++i) {
      if (i < packets) {
        EXPECT_FALSE(copied(data_packet(static_cast<std::uint16_t>(first + i)), 0));
      }
      if (i >= distance) found += copied(data_packet(static_cast<std::uint16_t>(first + i - distance)), 0);
    }
    EXPECT_GE(found, distance == 100 ? packets : packets * 95 / 100) << distance;
  }
}

TEST_F(MirrorCopiesTest, AClockThatStepsBackALittleDoesNotMatter) {
  EXPECT_FALSE(copied(data_packet(7), 5 * ms));
  EXPECT_TRUE(copied(data_packet(7), 4 * ms));
}

TEST_F(MirrorCopiesTest, AnythingThatDiffersInTheHeaderMakesAnotherPacket) {
  EXPECT_FALSE(copied(data_packet(7), 0));
  EXPECT_FALSE(copied(data_packet(7).seq(1005), 0));
  EXPECT_FALSE(copied(data_packet(7).ack(6), 0));
  EXPECT_FALSE(copied(data_packet(7).window(99), 0));
  EXPECT_FALSE(copied(data_packet(7).payload("hellO"), 0));
  EXPECT_FALSE(copied(data_packet(7).tcp(40001, 80), 0));
  EXPECT_FALSE(copied(data_packet(7).ipv4("10.0.0.3", "10.0.0.2"), 0));
}

TEST_F(MirrorCopiesTest, TimesAtTheEndsOfTheirRangeDoNoHarm) {
  MirrorCopies copies(20 * ms);
  const Frame bytes = data_packet(7).build();
  const DecodedPacket packet = decode(LinkType::ethernet, bytes, bytes.size());
  EXPECT_FALSE(copies.seen_before(packet, {INT64_MAX}));
  EXPECT_FALSE(copies.seen_before(packet, {INT64_MIN}));
  EXPECT_TRUE(copies.seen_before(packet, {INT64_MIN + 1}));
}

TEST(MirrorCopies, AreNotLookedForUnlessAsked) {
  const Frame bytes = data_packet(7).build();
  CaptureInfo info;
  info.original_size = static_cast<std::uint32_t>(bytes.size());
  Decoder decoder;
  EXPECT_FALSE(decoder.decode(LinkType::ethernet, bytes, info).copied);
  EXPECT_FALSE(decoder.decode(LinkType::ethernet, bytes, info).copied);
}

TEST(MirrorCopies, AreRememberedElsewhere) {
  const Frame frame = data_packet(7).build();
  DecodedPacket packet = decode(LinkType::ethernet, frame, frame.size());
  MirrorCopies copies(20 * ms);
  EXPECT_FALSE(copies.seen_before(packet, {1 * ms}));
  MirrorCopies others(20 * ms);
  others.remember(copies.memory());
  EXPECT_TRUE(others.seen_before(packet, {2 * ms}));
}

}  // namespace
}  // namespace restitch
