#include "packet/checksum.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "restitch/packet.h"
#include "support/frame_builder.h"

namespace restitch {
namespace {

using testing::Frame;
using testing::FrameBuilder;

DecodedPacket decoded(const Frame& frame) { return decode(LinkType::ethernet, frame, frame.size()); }

TEST(Checksum, HoldsForEveryPayloadSize) {
  for (std::size_t size = 0; size < 70; ++size) {
    const Frame payload(size, 0xa5);
    for (const bool v6 : {false, true}) {
      FrameBuilder builder = FrameBuilder().payload(payload);
      if (v6) builder.ipv6("2001:db8::1", "ff02::fffe");
      const Frame good = builder.build();
      EXPECT_TRUE(checksum_ok(decoded(good).net, decoded(good).tcp)) << size;
      const Frame bad = builder.bad_checksum().build();
      EXPECT_FALSE(checksum_ok(decoded(bad).net, decoded(bad).tcp)) << size;
    }
  }
}

TEST(Checksum, CoversTheAddresses) {
  const Frame frame = FrameBuilder().payload("hello").build();
  DecodedPacket packet = decoded(frame);
  packet.net.source.bytes[15] ^= 1;
  EXPECT_FALSE(checksum_ok(packet.net, packet.tcp));
}

TEST(Checksum, PassesWhatCannotBeChecked) {
  const Frame frame = FrameBuilder().payload("hello").bad_checksum().build();
  DecodedPacket packet = decoded(frame);
  packet.tcp.missing_size = 1;
  EXPECT_TRUE(checksum_ok(packet.net, packet.tcp));
  packet.tcp.missing_size = 0;
  packet.tcp.bytes = {};
  EXPECT_TRUE(checksum_ok(packet.net, packet.tcp));
}

// A single changed bit always shows: the sum is linear.
TEST(Checksum, SeesEverySingleBitFlip) {
  const Frame frame = FrameBuilder().payload("hello world").option(testing::tcp_option::mss(1460)).build();
  for (std::size_t bit = 34 * 8; bit < frame.size() * 8; ++bit) {
    if (bit / 8 == 34 + 12) continue;  // the data offset: another header, not another sum
    Frame flipped = frame;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_FALSE(checksum_ok(decoded(flipped).net, decoded(flipped).tcp)) << bit;
  }
}

TEST(Checksum, AgreesWithTheSlowSumOverAnyBytes) {
  EXPECT_TRUE(rc::check([](const Frame& bytes) {
    std::uint16_t fast = fold_sum(sum_words(bytes.data(), bytes.size()));
    if constexpr (std::endian::native == std::endian::little) fast = __builtin_bswap16(fast);
    const std::uint16_t slow = static_cast<std::uint16_t>(~testing::internet_checksum(bytes));
    RC_ASSERT(fast == slow);
  }));
}

TEST(Checksum, FoldsTheLargestSums) {
  EXPECT_EQ(fold_sum(0), 0);
  EXPECT_EQ(fold_sum(0xffff), 0xffff);
  EXPECT_EQ(fold_sum(0x10000), 1);
  EXPECT_EQ(fold_sum(~std::uint64_t{0}), 0xffff);
  EXPECT_EQ(fold_sum(0xfffffffeffffffff), 0xfffe);
}

}  // namespace
}  // namespace restitch
