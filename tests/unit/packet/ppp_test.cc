#include "packet/ppp.h"

#include <gtest/gtest.h>

#include "unit/packet/decoded.h"

namespace restitch {
namespace {

using testing::every_prefix_is_safe;
using testing::Frame;
using testing::hello;
using testing::hello_frame;
using testing::hello_ip;
using testing::hello_ip6;
using testing::join;
using testing::outcome;

TEST(Ppp, FindsIpBehindItsProtocolNumber) {
  for (const LinkType link_type : {LinkType::ppp, LinkType::ppp_hdlc}) {
    EXPECT_TRUE(every_prefix_is_safe(link_type, join({{0xff, 3, 0, 0x21}, hello_ip()})));
    EXPECT_EQ(outcome(link_type, join({{0xff, 3, 0, 0x57}, hello_ip6()})), "hello");
    EXPECT_EQ(outcome(link_type, join({{0, 0x21}, hello_ip()})), "hello") << "no address and control";
    EXPECT_EQ(outcome(link_type, join({{0x21}, hello_ip()})), "hello") << "half a protocol number";
    EXPECT_EQ(outcome(link_type, join({{0xff, 3, 0x57}, hello_ip6()})), "hello");
    EXPECT_EQ(outcome(link_type, join({{0xff, 3, 0xc0, 0x21}, hello_ip()})), "not_ip") << "link control";
  }
}

TEST(Ppp, NamesWhatItLeavesOut) {
  const auto of_protocol = [](std::uint8_t number) {
    return outcome(LinkType::ppp, join({{0, number}, hello_ip()}));
  };
  for (const std::uint8_t number : Frame{0x2d, 0x2f, 0xfd}) EXPECT_EQ(of_protocol(number), "compressed");
  EXPECT_EQ(of_protocol(0x53), "encrypted");
  EXPECT_EQ(of_protocol(0x3d), "link_fragment");
  EXPECT_EQ(outcome(LinkType::frame_relay, join({{0x18, 0x41, 3, 0xb1}, hello_ip()})), "link_fragment");
}

TEST(Ppp, FindsMplsInPpp) {
  EXPECT_EQ(outcome(LinkType::ppp, join({{0xff, 3, 2, 0x81, 0, 0, 0x11, 64}, hello_ip()})), "hello");
}

TEST(Ppp, StepsOverTheByteThatSaysTheDirection) {
  EXPECT_EQ(outcome(LinkType::ppp_pppd, join({{1, 3, 0, 0x21}, hello_ip()})), "hello");
  EXPECT_EQ(outcome(LinkType::ppp_with_direction, join({{0, 0xff, 3, 0, 0x21}, hello_ip()})), "hello");
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ppp_with_direction, join({{1, 0, 0x21}, hello_ip()})));
  EXPECT_EQ(outcome(LinkType::cisco_hdlc_with_direction, join({{1, 0x0f, 0, 8, 0}, hello_ip()})), "hello");
  EXPECT_EQ(outcome(LinkType::frame_relay_with_direction, join({{1, 0x18, 0x41, 3, 0xcc}, hello_ip()})),
            "hello");
}

TEST(Ppp, ReadsCiscoHdlc) {
  for (const std::uint8_t address : Frame{0x0f, 0x8f}) {
    EXPECT_TRUE(every_prefix_is_safe(LinkType::cisco_hdlc, join({{address, 0, 8, 0}, hello_ip()})));
    EXPECT_EQ(outcome(LinkType::ppp_hdlc, join({{address, 0, 0x86, 0xdd}, hello_ip6()})), "hello");
    EXPECT_EQ(outcome(LinkType::cisco_hdlc, join({{address, 0, 8, 0}, hello_ip6()})), "hello")
        << "the version nibble is right";
    EXPECT_EQ(outcome(LinkType::cisco_hdlc, join({{address, 0, 0x80, 0x35}, hello_ip()})), "not_ip");
  }
}

TEST(Ppp, EntersPppoeSessionsAndLeavesDiscoveryAlone) {
  const Frame session{0x11, 0, 0x12, 0x34, 0, 47, 0, 0x21};
  EXPECT_TRUE(every_prefix_is_safe(LinkType::pppoe, join({session, hello_ip()})));
  const Frame link{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x88, 0x64};
  const auto packet = testing::decode_ethernet(join({link, session, hello_ip()}));
  EXPECT_EQ(packet.reason, DropReason::none);
  EXPECT_EQ(packet.tunnel, LayerKind::pppoe);
  EXPECT_EQ(packet.tunnel_id, 0x1234u);
  EXPECT_EQ(outcome(LinkType::pppoe, join({{0x11, 9, 0, 0, 0, 4}, hello_ip()})), "not_ip");
  EXPECT_EQ(outcome(LinkType::pppoe, join({{0x21, 0, 0, 0, 0, 4}, hello_ip()})), "not_ip");
}

TEST(Ppp, ReadsFrameRelayInAllItsForms) {
  EXPECT_TRUE(every_prefix_is_safe(LinkType::frame_relay, join({{0x18, 0x41, 3, 0xcc}, hello_ip()})));
  EXPECT_EQ(outcome(LinkType::frame_relay, join({{0x18, 0x41, 3, 0x8e}, hello_ip6()})), "hello");
  EXPECT_EQ(outcome(LinkType::frame_relay, join({{0x18, 0x40, 0, 1, 3, 0xcc}, hello_ip()})), "hello")
      << "four bytes of address";
  EXPECT_EQ(outcome(LinkType::frame_relay, join({{0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0}, hello_ip()})),
            "hello");
  EXPECT_EQ(
      outcome(LinkType::frame_relay, join({{0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7}, hello_frame()})),
      "hello")
      << "bridged Ethernet";
  EXPECT_EQ(outcome(LinkType::frame_relay, join({{0x18, 0x41, 3, 0xcf, 0, 0x21}, hello_ip()})), "hello");
  EXPECT_EQ(outcome(LinkType::frame_relay, join({{0x18, 0x41, 8, 0}, hello_ip()})), "hello") << "Cisco";
  EXPECT_EQ(outcome(LinkType::frame_relay, Frame(12, 0x18)), "not_ip") << "an address without end";
}

}  // namespace
}  // namespace restitch
