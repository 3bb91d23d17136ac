#include "packet/tags.h"

#include <gtest/gtest.h>

#include "unit/packet/decoded.h"

namespace restitch {
namespace {

using testing::decode_ethernet;
using testing::every_prefix_is_safe;
using testing::Frame;
using testing::hello_frame;
using testing::hello_ip;
using testing::hello_ip6;
using testing::join;
using testing::outcome;

// An Ethernet header with this type.
Frame ethernet(std::uint16_t ethertype) {
  Frame out{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  testing::put_be16(out, ethertype);
  return out;
}

// An entry of a label stack.
Frame label(std::uint32_t number, bool bottom) {
  Frame out;
  testing::put_be32(out, number << 12 | (bottom ? 0x100u : 0u) | 64);
  return out;
}

TEST(Tags, EnterMplsToTheInnermostLabel) {
  const Frame frame = join({ethernet(0x8847), label(100, false), label(200, true), hello_ip()});
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, frame));
  EXPECT_EQ(decode_ethernet(frame).tunnel, LayerKind::mpls);
  EXPECT_EQ(decode_ethernet(frame).tunnel_id, 200u);
  EXPECT_EQ(outcome(join({ethernet(0x8848), label(2, true), hello_ip6()})), "hello");
}

TEST(Tags, GuessWhatAPseudowireCarries) {
  const Frame link = join({ethernet(0x8847), label(16, true)});
  EXPECT_EQ(outcome(join({link, {0, 0, 0, 1}, hello_frame()})), "hello") << "a control word";
  EXPECT_EQ(outcome(join({link, hello_frame()})), "hello") << "none, an address that begins with zeros";
  for (int first = 0; first < 256; ++first) {
    Frame frame = hello_frame();
    frame[0] = static_cast<std::uint8_t>(first);
    EXPECT_EQ(outcome(join({link, frame})), "hello") << "none, an address that begins with " << first;
  }
  EXPECT_EQ(outcome(join({link, {0x10, 0, 0, 0x21}, hello_ip()})), "not_ip") << "a control channel";
}

TEST(Tags, GiveUpOnEndlessLabels) {
  Frame frame = ethernet(0x8847);
  for (int i = 0; i < 40; ++i) testing::put(frame, label(1, false));
  EXPECT_EQ(outcome(frame), "too_deep");
}

TEST(Tags, EnterTheCustomersFrameInAProviderBackbone) {
  const Frame frame = join({ethernet(0x88e7), {0, 1, 0xe2, 0x40}, hello_frame()});
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, frame));
  EXPECT_EQ(decode_ethernet(frame).tunnel, LayerKind::pbb);
  EXPECT_EQ(decode_ethernet(frame).tunnel_id, 123456u);
}

TEST(Tags, StepOverWhatSwitchesAdd) {
  const Frame ip{8, 0};
  for (const Frame& tagged : {
           join({ethernet(0x8903), {0, 0x42}, hello_frame()}),                        // FabricPath
           join({ethernet(0x8909), {1, 1, 0, 1, 0, 7}, ip, hello_ip()}),              // Cisco metadata
           join({ethernet(0x8909), {1, 2, 0, 1, 0, 7, 0, 1, 0, 8}, ip, hello_ip()}),  // two of them
           join({ethernet(0x8926), {0, 1, 0, 2}, ip, hello_ip()}),                    // VN-Tag
           join({ethernet(0x893f), {0, 1, 0, 2, 0, 0}, ip, hello_ip()}),              // E-Tag
           join({ethernet(0x892f), {0, 60, 0, 9}, ip, hello_ip()}),                   // HSR
           join({ethernet(0x22f3), {0, 0x3f, 0, 1, 0, 2}, hello_frame()}),            // TRILL
           join({ethernet(0x22f3), {0, 0x7f, 0, 1, 0, 2}, Frame(4), hello_frame()}),  // … with options
           join({ethernet(0x894f), {0, 2, 1, 1, 0, 0, 0, 0}, hello_ip()}),            // NSH
           join({ethernet(0x894f), {0, 2, 1, 2, 0, 0, 0, 0}, hello_ip6()}),
           join({ethernet(0x894f), {0, 2, 1, 5, 0, 0, 0, 0}, label(16, true), hello_ip()}),
           join({ethernet(0x894f), {0, 3, 1, 3, 0, 0, 0, 0}, Frame(4), hello_frame()}),
           join({ethernet(0x88e5), {0, 0, 0, 0, 0, 1}, ip, hello_ip()}),               // MACsec, signed
           join({ethernet(0x88e5), {0x20, 0, 0, 0, 0, 1}, Frame(8), ip, hello_ip()}),  // … with its channel
           join({ethernet(0x6558), hello_frame()}),
           join({ethernet(0x8870), {0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, hello_ip()}),  // jumbo LLC
       }) {
    EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, tagged))
        << std::hex << int{tagged[12]} << int{tagged[13]};
  }
}

TEST(Tags, LeaveAloneWhatCannotBeRead) {
  EXPECT_EQ(outcome(join({ethernet(0x88e5), {0x0c, 0, 0, 0, 0, 1, 8, 0}, hello_ip()})), "encrypted");
  EXPECT_EQ(outcome(join({ethernet(0x8909), {2, 1, 0, 1, 0, 7, 8, 0}, hello_ip()})), "not_ip");
  EXPECT_EQ(outcome(join({ethernet(0x894f), {0, 1, 1, 1}, Frame(8), hello_ip()})), "not_ip");
  EXPECT_EQ(outcome(join({ethernet(0x894f), {0, 2, 1, 4, 0, 0, 0, 0}, hello_ip()})), "not_ip")
      << "NSH in NSH";
}

}  // namespace
}  // namespace restitch
