#include "packet/udp_tunnels.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "unit/packet/decoded.h"

namespace restitch {
namespace {

using testing::carry;
using testing::carry_udp;
using testing::decode_ethernet;
using testing::every_prefix_is_safe;
using testing::Frame;
using testing::hello_frame;
using testing::hello_ip;
using testing::hello_ip6;
using testing::join;
using testing::outcome;

TEST(UdpTunnels, EnterVxlanOnBothOfItsPorts) {
  const Frame inner = join({{8, 0, 0, 0, 0, 1, 2, 0}, hello_frame()});
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{4789, 8472}) {
    EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, carry_udp(port, inner)));
    EXPECT_EQ(decode_ethernet(carry_udp(port, inner)).tunnel, LayerKind::vxlan);
    EXPECT_EQ(decode_ethernet(carry_udp(port, inner)).tunnel_id, 0x102u);
  }
  EXPECT_EQ(outcome(carry(17, testing::udp(4789, 50000, inner))), "hello") << "the source port counts too";
  EXPECT_EQ(outcome(carry_udp(4789, join({{0x88, 9, 9, 9, 0, 1, 2, 9}, hello_frame()}))), "hello")
      << "reserved bits";
  EXPECT_EQ(outcome(carry_udp(4789, join({{0, 0, 0, 0, 0, 1, 2, 0}, hello_frame()}))), "not_tcp");
  EXPECT_EQ(outcome(carry_udp(4788, inner)), "not_tcp");
}

TEST(UdpTunnels, EnterVxlanWithANextProtocol) {
  EXPECT_EQ(outcome(carry_udp(4790, join({{0x0c, 0, 0, 1, 0, 1, 2, 0}, hello_ip()}))), "hello");
  EXPECT_EQ(outcome(carry_udp(4790, join({{0x0c, 0, 0, 2, 0, 1, 2, 0}, hello_ip6()}))), "hello");
  EXPECT_EQ(outcome(carry_udp(4790, join({{0x0c, 0, 0, 3, 0, 1, 2, 0}, hello_frame()}))), "hello");
  EXPECT_EQ(outcome(carry_udp(4790, join({{0x08, 0, 0, 0, 0, 1, 2, 0}, hello_frame()}))), "hello");
  const Frame service{0, 2, 1, 1, 0, 0, 0, 0};  // an NSH in front of IPv4
  EXPECT_EQ(outcome(carry_udp(4790, join({{0x0c, 0, 0, 4, 0, 1, 2, 0}, service, hello_ip()}))), "hello");
  const Frame label{0, 1, 1, 64};  // 16, the last one
  EXPECT_EQ(outcome(carry_udp(4790, join({{0x0c, 0, 0, 5, 0, 1, 2, 0}, label, hello_ip()}))), "hello");
  EXPECT_EQ(outcome(carry_udp(4790, join({{0x0c, 0, 0, 9, 0, 1, 2, 0}, hello_ip()}))), "not_tcp");
}

TEST(UdpTunnels, EnterGeneveAndStepOverItsOptions) {
  const Frame frame = carry_udp(6081, join({{2, 0, 0x65, 0x58, 0, 0, 7, 0}, Frame(8), hello_frame()}));
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, frame));
  EXPECT_EQ(decode_ethernet(frame).tunnel, LayerKind::geneve);
  EXPECT_EQ(decode_ethernet(frame).tunnel_id, 7u);
  EXPECT_EQ(outcome(carry_udp(6081, join({{0, 0, 8, 0, 0, 0, 7, 0}, hello_ip()}))), "hello");
  EXPECT_EQ(outcome(carry_udp(6081, join({{0x40, 0, 8, 0, 0, 0, 7, 0}, hello_ip()}))), "not_tcp");
}

TEST(UdpTunnels, EnterGtpAndStepOverItsExtensions) {
  const auto gtp = [](std::uint8_t flags, std::uint8_t message, const Frame& body) {
    Frame out{flags, message};
    testing::put_be16(out, static_cast<std::uint32_t>(body.size()));
    testing::put_be32(out, 0xdeadbeef);
    return carry_udp(2152, join({out, body}));
  };
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, gtp(0x30, 255, hello_ip())));
  EXPECT_EQ(decode_ethernet(gtp(0x30, 255, hello_ip())).tunnel_id, 0xdeadbeefu);
  EXPECT_EQ(outcome(gtp(0x32, 255, join({{0, 1, 0, 0}, hello_ip6()}))), "hello") << "a sequence number";
  EXPECT_TRUE(every_prefix_is_safe(
      LinkType::ethernet,
      gtp(0x34, 255, join({{0, 0, 0, 0x85}, {1, 0, 9, 0xc0}, {2, 0, 0, 0, 0, 0, 0, 0}, hello_ip()}))));
  EXPECT_EQ(outcome(gtp(0x34, 255, join({{0, 0, 0, 0x85}, {0, 0, 9, 0}, hello_ip()}))), "not_tcp")
      << "an extension without length";
  EXPECT_EQ(outcome(gtp(0x30, 1, hello_ip())), "not_tcp") << "an echo request";
  EXPECT_EQ(outcome(gtp(0x50, 255, hello_ip())), "not_tcp") << "version 2";
}

TEST(UdpTunnels, EnterTeredo) {
  const Frame origin{0, 0, 1, 2, 3, 4, 5, 6};
  const Frame authentication = join({{0, 1, 2, 3}, Frame(2), Frame(3), Frame(9)});
  EXPECT_TRUE(
      every_prefix_is_safe(LinkType::ethernet, carry_udp(3544, join({authentication, origin, hello_ip6()}))));
  EXPECT_EQ(outcome(carry_udp(3544, hello_ip6())), "hello");
  EXPECT_EQ(outcome(carry_udp(3544, join({origin, hello_ip6()}))), "hello");
  EXPECT_EQ(decode_ethernet(carry_udp(3544, hello_ip6())).tunnel, LayerKind::teredo);
  EXPECT_EQ(outcome(carry_udp(3544, hello_ip())), "not_tcp") << "IPv4";
}

TEST(UdpTunnels, EnterTeredoAtAnyPortWhereAnAddressIsOne) {
  const auto ip6 = [](const char* source, const char* destination) {
    return testing::hello().ipv6(source, destination).build_ip();
  };
  const auto tunnel = [](const Frame& inside) { return decode_ethernet(carry_udp(32900, inside)).tunnel; };
  const Frame teredo = ip6("2001::1", "2001:db8::1");
  EXPECT_EQ(tunnel(teredo), LayerKind::teredo);
  EXPECT_EQ(tunnel(ip6("2001:db8::1", "2001::1")), LayerKind::teredo);
  EXPECT_EQ(outcome(carry_udp(32900, ip6("2001:db8::1", "2001:db8::2"))), "not_tcp");
  EXPECT_EQ(outcome(carry_udp(32900, join({teredo, Frame(1)}))), "not_tcp")
      << "it does not fill the datagram";
  const Frame frame = carry_udp(32900, teredo);
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_NE(outcome(Frame(frame.begin(), frame.begin() + static_cast<long>(size))), "hello") << size;
  }
}

TEST(UdpTunnels, EnterAyiya) {
  const Frame head = join({{0x41, 0x52, 0x11, 41, 1, 2, 3, 4}, Frame(16), Frame(20)});
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, carry_udp(5072, join({head, hello_ip6()}))));
  Frame other = head;
  other[3] = 59;
  EXPECT_EQ(outcome(carry_udp(5072, join({other, hello_ip6()}))), "not_tcp") << "nothing follows";
  other[3] = 41;
  other[2] = 0x10;
  EXPECT_EQ(outcome(carry_udp(5072, join({other, hello_ip6()}))), "not_tcp") << "no packet is forwarded";
}

TEST(UdpTunnels, EnterTheRarerOnes) {
  EXPECT_EQ(outcome(carry_udp(4341, join({Frame(8), hello_ip()}))), "hello") << "LISP";
  EXPECT_EQ(outcome(carry_udp(4754, join({{0, 0, 8, 0}, hello_ip()}))), "hello") << "GRE";
  EXPECT_EQ(outcome(carry_udp(6635, join({{0, 0, 0x11, 64}, hello_ip()}))), "hello") << "MPLS";
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet,
                                   carry_udp(37008, join({{1, 0, 0, 1, 0, 10, 1, 0xc8, 1}, hello_frame()}))))
      << "TZSP";
  const Frame wireless = join({{8, 1}, Frame(22), {0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, hello_ip()});
  EXPECT_EQ(outcome(carry_udp(37008, join({{1, 0, 0, 18, 1}, wireless}))), "hello") << "TZSP of 802.11";
  EXPECT_EQ(outcome(carry_udp(37008, join({{1, 0, 0, 7, 1}, hello_frame()}))), "not_tcp")
      << "of another link";
}

TEST(UdpTunnels, ReadNothingBehindTheUdpLength) {
  const Frame inner = join({{8, 0, 0, 0, 0, 1, 2, 0}, testing::hello().ip_length(0).build()});
  Frame datagram = testing::udp(50000, 4789, inner);
  testing::put(datagram, Frame(20, 'x'));
  EXPECT_EQ(outcome(carry(17, datagram)), "hello");
  Frame impossible = testing::udp(50000, 4789, inner);
  testing::set_be16(impossible, 4, 7);
  EXPECT_EQ(outcome(carry(17, impossible)), "not_tcp");
}

TEST(UdpTunnels, AreNoTunnelsWhereNothingInThemHoldsUp) {
  EXPECT_EQ(outcome(carry_udp(4789, join({{8, 0, 0, 0, 0, 1, 2, 0}, Frame(60, 0x99)}))), "not_tcp");
  EXPECT_EQ(outcome(carry_udp(4789, {8, 0, 0, 0, 0, 1, 2, 0})), "not_tcp") << "nothing was cut";
  const Frame frame = carry_udp(4789, join({{8, 0, 0, 0, 0, 1, 2, 0}, hello_frame()}));
  EXPECT_EQ(decode_ethernet(Frame(frame.begin(), frame.end() - 20), frame.size()).reason,
            DropReason::truncated)
      << "the snap length cut it";
}

TEST(UdpTunnels, TurnAnyBytesIntoNotTcpOrFewOtherAnswers) {
  EXPECT_TRUE(rc::check([] {
    const auto port =
        *rc::gen::element<std::uint16_t>(1701, 2152, 3544, 4341, 4754, 4789, 4790, 6081, 6635, 8472, 37008);
    const std::string seen = outcome(carry_udp(port, *rc::gen::arbitrary<Frame>()));
    RC_ASSERT(seen == "not_tcp" || seen == "fragment");
  }));
}

}  // namespace
}  // namespace restitch
