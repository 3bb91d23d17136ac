#include "packet/walk.h"

#include <gtest/gtest.h>

#include "support/frame_builder.h"

namespace restitch {
namespace {

using testing::Frame;

TEST(Walk, BelievesTheFrameWhereTheRecordSaysLess) {
  const Frame frame(10);
  EXPECT_EQ(Walk(frame, 4).wire, 10u);
  EXPECT_EQ(Walk(frame, 25).wire, 25u);
}

TEST(Walk, CutsPaddingFromTheCapturedBytesAndFromTheWire) {
  const Frame frame(10);
  Walk walk(frame, 25);
  walk.skip(2);
  walk.limit(12);  // four bytes of it were not captured
  EXPECT_EQ(walk.captured, 8u);
  EXPECT_EQ(walk.wire, 12u);
  walk.limit(5);
  EXPECT_EQ(walk.captured, 5u);
  EXPECT_EQ(walk.wire, 5u);
  EXPECT_EQ(walk.declared, 5u);
}

TEST(Walk, NeverWidensALimit) {
  const Frame frame(10);
  Walk walk(frame, 10);
  walk.limit(6);
  walk.limit(8);
  walk.skip(1);
  EXPECT_EQ(walk.data, frame.data() + 1);
  EXPECT_EQ(walk.captured, 5u);
  EXPECT_EQ(walk.declared, 5u);
}

TEST(Walk, SaysWhetherALimitIsTheLeast) {
  const Frame frame(10);
  Walk walk(frame, 10);
  EXPECT_TRUE(walk.limit(20)) << "nothing was promised yet";
  EXPECT_TRUE(walk.limit(6));
  EXPECT_TRUE(walk.limit(6));
  EXPECT_FALSE(walk.limit(7));
}

TEST(Walk, StartsFromAnEmptyPacket) {
  EXPECT_EQ(empty_packet.reason, DropReason::truncated);
  EXPECT_TRUE(empty_packet.ip_checksum_ok);
  EXPECT_EQ(empty_packet.net, NetFlow{});
  EXPECT_TRUE(empty_packet.tcp.bytes.empty());
}

}  // namespace
}  // namespace restitch
