#include "packet/l2tp.h"

#include <gtest/gtest.h>

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
using testing::join;
using testing::outcome;

const Frame ids{0, 7, 0, 9};  // tunnel and session
const Frame ppp{0xff, 3, 0, 0x21};

TEST(L2tp, EntersDataMessagesOfVersion2) {
  const Frame frame = carry_udp(1701, join({{0, 2}, ids, ppp, hello_ip()}));
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, frame));
  EXPECT_EQ(decode_ethernet(frame).tunnel, LayerKind::l2tp);
  EXPECT_EQ(decode_ethernet(frame).tunnel_id, 0x70009u);
  EXPECT_EQ(outcome(carry_udp(1701, join({{0, 2}, ids, {0, 0x21}, hello_ip()}))), "hello")
      << "PPP without address";
  EXPECT_EQ(outcome(carry_udp(1701, join({{8, 2}, ids, Frame(4), ppp, hello_ip()}))), "hello") << "numbered";
  EXPECT_EQ(outcome(carry_udp(1701, join({{2, 2}, ids, {0, 3}, Frame(3), ppp, hello_ip()}))), "hello")
      << "an offset";
  const Frame sized = join({{0x4a, 2, 0, 67}, ids, Frame(4), {0, 0}, ppp, hello_ip()});
  Frame right = sized;
  testing::set_be16(right, 2, static_cast<std::uint32_t>(sized.size()));
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, carry_udp(1701, right))) << "a length";
  Frame wrong = sized;
  testing::set_be16(wrong, 2, 5);
  EXPECT_EQ(outcome(carry_udp(1701, wrong)), "not_tcp");
}

TEST(L2tp, LeavesControlMessagesAlone) {
  EXPECT_EQ(outcome(carry_udp(1701, join({{0xc8, 2, 0, 12}, ids, Frame(4), ppp, hello_ip()}))), "not_tcp");
  EXPECT_EQ(outcome(carry(115, join({Frame(4), hello_frame()}))), "not_tcp") << "session 0 of version 3";
}

TEST(L2tp, LooksForEthernetBehindTheCookieOfVersion3) {
  for (std::size_t cookie = 0; cookie <= 12; cookie += 4) {
    const Frame behind_ip = carry(115, join({{0, 0, 1, 2}, Frame(cookie, 0xee), hello_frame()}));
    EXPECT_TRUE(every_prefix_is_safe(LinkType::ethernet, behind_ip));
    EXPECT_EQ(decode_ethernet(behind_ip).tunnel_id, 0x102u);
    EXPECT_EQ(outcome(carry_udp(1701, join({{0, 3, 0, 0, 0, 0, 1, 2}, Frame(cookie, 0xee), hello_frame()}))),
              "hello");
  }
  EXPECT_EQ(outcome(carry(115, join({{0, 0, 1, 2}, Frame(60, 0xee)}))), "not_tcp");
}

}  // namespace
}  // namespace restitch
