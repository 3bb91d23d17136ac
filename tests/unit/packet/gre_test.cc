#include "packet/gre.h"

#include <gtest/gtest.h>

#include "unit/packet/decoded.h"

namespace restitch {
namespace {

using testing::carry;
using testing::decode_ethernet;
using testing::every_prefix_is_safe;
using testing::Frame;
using testing::hello_frame;
using testing::hello_ip;
using testing::hello_ip6;
using testing::join;
using testing::outcome;

constexpr std::uint8_t protocol_gre = 47;

Frame gre(const std::vector<Frame>& parts) {
  Frame out;
  for (const Frame& part : parts) testing::put(out, part);
  return carry(protocol_gre, out);
}

TEST(Gre, StepsOverItsOptionalFields) {
  const Frame four(4);
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, gre({{0, 0, 8, 0}, hello_ip()})));
  EXPECT_EQ(outcome(gre({{0, 0, 0x86, 0xdd}, hello_ip6()})), "hello");
  EXPECT_EQ(outcome(gre({{0x80, 0, 8, 0}, four, hello_ip()})), "hello") << "checksum";
  EXPECT_EQ(outcome(gre({{0x10, 0, 8, 0}, four, hello_ip()})), "hello") << "sequence number";
  EXPECT_EQ(outcome(gre({{0xb0, 0, 8, 0}, four, four, four, hello_ip()})), "hello") << "all of them";
  EXPECT_TRUE(every_prefix_is_safe(
      LinkType::ethernet, gre({{0x40, 0, 8, 0}, four, {8, 0, 0, 4, 1, 2, 3, 4}, {0, 0, 0, 0}, hello_ip()})))
      << "a source route";
  EXPECT_EQ(outcome(gre({{0, 2, 8, 0}, hello_ip()})), "not_tcp") << "an unknown version";
}

TEST(Gre, NamesItsKey) {
  const auto packet = decode_ethernet(gre({{0x20, 0, 8, 0}, {0, 0, 1, 2}, hello_ip()}));
  EXPECT_EQ(packet.reason, DropReason::none);
  EXPECT_EQ(packet.tunnel, LayerKind::gre);
  EXPECT_EQ(packet.tunnel_id, 0x102u);
}

TEST(Gre, CarriesEthernetMplsAndCacheTraffic) {
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, gre({{0, 0, 0x65, 0x58}, hello_frame()})));
  EXPECT_EQ(outcome(gre({{0, 0, 0x88, 0x47}, {0, 0, 0x11, 64}, hello_ip()})), "hello");
  EXPECT_EQ(outcome(gre({{0, 0, 0x88, 0x3e}, hello_ip()})), "hello") << "WCCP";
  EXPECT_EQ(outcome(gre({{0, 0, 0x88, 0x3e}, {0, 1, 2, 3}, hello_ip()})), "hello") << "WCCP 2";
}

TEST(Gre, EntersTheFramesOfArubasAccessPoints) {
  const Frame frame = join({{8, 1}, Frame(22), {0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, hello_ip()});
  for (const std::uint32_t type : {0x8200u, 0x8210u, 0x82f0u, 0x8300u, 0x8370u, 0x9000u}) {
    Frame header{0, 0};
    testing::put_be16(header, type);
    EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, gre({header, frame}))) << type;
  }
  EXPECT_EQ(outcome(gre({{0, 0, 0x82, 0x01}, frame})), "not_ip");
  EXPECT_EQ(outcome(gre({{0, 0, 0x83, 0x80}, frame})), "not_ip");
}

TEST(Gre, EntersMirroredTrafficOfAllThreeTypes) {
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, gre({{0, 0, 0x88, 0xbe}, hello_frame()})));
  const Frame two = gre({{0x10, 0, 0x88, 0xbe}, Frame(4), {0x10, 0, 0, 77, 0, 0, 0, 0}, hello_frame()});
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, two));
  EXPECT_EQ(decode_ethernet(two).tunnel, LayerKind::erspan);
  EXPECT_EQ(decode_ethernet(two).tunnel_id, 77u);
  const Frame head{0x20, 0, 0, 78, 0, 0, 0, 0, 0, 0};
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet,
                                   gre({{0x10, 0, 0x22, 0xeb}, Frame(4), head, {0, 0}, hello_frame()})));
  EXPECT_EQ(outcome(gre({{0x10, 0, 0x22, 0xeb}, Frame(4), head, {0, 1}, Frame(8), hello_frame()})), "hello")
      << "a subheader";
  EXPECT_EQ(outcome(gre({{0x10, 0, 0x22, 0xeb}, Frame(4), head, {0x08, 0}, hello_ip()})), "hello")
      << "bare IP";
}

TEST(Gre, EntersPptp) {
  const Frame frame =
      gre({{0x30, 0x81, 0x88, 0x0b, 0, 4 + 45, 0, 9}, Frame(8), {0xff, 3, 0, 0x21}, hello_ip()});
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, frame));
  EXPECT_EQ(decode_ethernet(frame).tunnel, LayerKind::pptp);
  EXPECT_EQ(decode_ethernet(frame).tunnel_id, 9u);
  EXPECT_EQ(outcome(gre({{0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 9}, Frame(4)})), "not_tcp")
      << "an acknowledgment alone";
  EXPECT_EQ(outcome(gre({{0x30, 1, 8, 0, 0, 40, 0, 9}, Frame(4), hello_ip()})), "not_tcp");
}

TEST(Gre, IsNotTheOnlyTunnelDirectlyInIp) {
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, carry(4, hello_ip())));
  EXPECT_EQ(outcome(carry(41, hello_ip6())), "hello") << "6in4";
  EXPECT_EQ(decode_ethernet(carry(41, hello_ip6())).tunnel, LayerKind::ip);
  const Frame in6 = testing::hello6().ipv6("fe80::1", "fe80::2").ip_payload(4, hello_ip()).build();
  EXPECT_EQ(outcome(in6), "hello") << "4in6";
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, carry(97, join({{0x30, 0}, hello_frame()}))))
      << "EtherIP";
  EXPECT_EQ(outcome(carry(97, join({{0x20, 0}, hello_frame()}))), "not_tcp");
  EXPECT_EQ(outcome(carry(137, join({{0, 0, 0x11, 64}, hello_ip()}))), "hello") << "MPLS";
  EXPECT_EQ(outcome(carry(143, hello_frame())), "hello") << "Ethernet";
  EXPECT_EQ(outcome(carry(51, join({{4, 4, 0, 0}, Frame(20), hello_ip()}))), "hello") << "signed by IPsec";
  EXPECT_EQ(outcome(carry(50, hello_ip())), "encrypted") << "by IPsec";
  EXPECT_EQ(outcome(carry(1, join({{3, 1}, Frame(6), hello_ip()}))), "not_tcp") << "quoted in an ICMP error";
}

TEST(Gre, MayBeNestedUpToTheLimit) {
  Frame datagram = hello_ip();
  for (int i = 0; i < 10; ++i)
    datagram = testing::FrameBuilder().ip_payload(protocol_gre, join({{0, 0, 8, 0}, datagram})).build_ip();
  EXPECT_EQ(outcome(LinkType::raw, datagram), "hello");
  for (int i = 0; i < 10; ++i)
    datagram = testing::FrameBuilder().ip_payload(protocol_gre, join({{0, 0, 8, 0}, datagram})).build_ip();
  EXPECT_EQ(outcome(LinkType::raw, datagram), "too_deep");
}

TEST(Gre, LeavesNothingOfTheOuterAddressesBehind) {
  const Frame in6 = testing::hello6().ipv6("ffff:ffff::1", "ffff:ffff::2").ip_payload(4, hello_ip()).build();
  EXPECT_EQ(decode_ethernet(in6).net.source, testing::address("10.0.0.1"));
  EXPECT_EQ(decode_ethernet(in6).net.destination, testing::address("10.0.0.2"));
}

}  // namespace
}  // namespace restitch
