#include "packet/other_links.h"

#include <gtest/gtest.h>

#include "unit/packet/decoded.h"

namespace restitch {
namespace {

using testing::every_prefix_is_safe;
using testing::Frame;
using testing::hello_frame;
using testing::hello_ip;
using testing::hello_ip6;
using testing::join;
using testing::outcome;
using testing::snap;

TEST(OtherLinks, ReadsRings) {
  EXPECT_TRUE(every_prefix_is_safe(LinkType::fddi, join({{0x50}, Frame(12), snap, hello_ip()})));
  EXPECT_EQ(outcome(LinkType::fddi, join({{0x80}, Frame(12), snap, hello_ip()})), "not_ip");
  EXPECT_TRUE(every_prefix_is_safe(LinkType::token_ring, join({{0x10, 0x40}, Frame(12), snap, hello_ip()})));
  Frame routed = join({{0x10, 0x40}, Frame(12), {0x06, 0, 1, 2, 3, 4}, snap, hello_ip()});
  routed[8] = 0x80;
  EXPECT_TRUE(every_prefix_is_safe(LinkType::token_ring, routed));
}

TEST(OtherLinks, ReadsAtm) {
  EXPECT_TRUE(every_prefix_is_safe(LinkType::atm_rfc1483, join({snap, hello_ip()})));
  EXPECT_EQ(outcome(LinkType::atm_rfc1483, hello_ip()), "hello") << "a circuit for IP alone";
  const Frame bridged = join({{0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0}, hello_frame()});
  EXPECT_TRUE(every_prefix_is_safe(LinkType::atm_rfc1483, bridged));
  EXPECT_EQ(outcome(LinkType::sunatm, join({{2, 0, 0, 9}, snap, hello_ip()})), "hello");
  EXPECT_EQ(outcome(LinkType::sunatm, join({{1, 0, 0, 9, 0, 0}, hello_frame()})), "hello");
  EXPECT_EQ(outcome(LinkType::sunatm, join({{6, 0, 0, 9}, snap, hello_ip()})), "not_ip") << "signalling";
}

TEST(OtherLinks, ReadsLinksWithAHeaderOfFixedSize) {
  EXPECT_TRUE(every_prefix_is_safe(LinkType::slip, join({Frame(16), hello_ip()})));
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ip_over_fc, join({Frame(16), snap, hello_ip()})));
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ip_over_1394, join({Frame(16), {8, 0}, hello_ip()})));
  EXPECT_TRUE(
      every_prefix_is_safe(LinkType::ip_over_infiniband, join({Frame(20), {8, 0, 0, 0}, hello_ip()})));
  EXPECT_EQ(outcome(LinkType::netanalyzer, join({Frame(4), hello_frame()})), "hello");
  EXPECT_EQ(outcome(LinkType::netanalyzer_transparent, join({Frame(12), hello_frame()})), "hello");
  EXPECT_EQ(outcome(LinkType::mpls, join({{0, 0, 0x11, 64}, hello_ip()})), "hello");
}

TEST(OtherLinks, ReadsPacketFilters) {
  EXPECT_TRUE(every_prefix_is_safe(LinkType::openbsd_enc, join({{2, 0, 0, 0}, Frame(8), hello_ip()})));
  EXPECT_EQ(outcome(LinkType::openbsd_enc, join({{0, 0, 0, 24}, Frame(8), hello_ip6()})), "hello");
  EXPECT_EQ(outcome(LinkType::openbsd_enc, join({{9, 9, 9, 9}, Frame(8), hello_ip()})), "not_ip");
  EXPECT_TRUE(every_prefix_is_safe(LinkType::pflog, join({{61, 2}, Frame(62), hello_ip()})));
  EXPECT_EQ(outcome(LinkType::pflog, join({{61, 1}, Frame(62), hello_ip()})), "not_ip");
  EXPECT_EQ(outcome(LinkType::pflog, join({{0, 2}, hello_ip()})), "not_ip");
}

TEST(OtherLinks, FindsThePayloadAmongTheAttributesOfNflog) {
  const Frame head{2, 0, 0, 0};
  EXPECT_TRUE(every_prefix_is_safe(
      LinkType::nflog,
      join({head, {8, 0, 1, 0, 8, 0, 1, 0}, {5, 0, 10, 0, 7, 0, 0, 0}, {49, 0, 9, 0}, hello_ip()})));
  EXPECT_EQ(outcome(LinkType::nflog, join({head, {0, 8, 0, 1, 8, 0, 1, 0}, {0, 49, 0, 9}, hello_ip()})),
            "hello")
      << "a big-endian host";
  EXPECT_EQ(outcome(LinkType::nflog, join({head, {3, 0, 1, 0}, hello_ip()})), "not_ip");
}

TEST(OtherLinks, FindsAnyLinkTypeInPktap) {
  for (const LinkType link_type : {LinkType::pktap, LinkType::user2}) {
    EXPECT_TRUE(every_prefix_is_safe(
        link_type, join({{108, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}, Frame(96), hello_frame()})));
    EXPECT_EQ(outcome(link_type, join({{12, 0, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0}, hello_ip()})), "hello");
    EXPECT_EQ(outcome(link_type, join({{12, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0}, hello_ip()})), "not_ip");
    EXPECT_EQ(outcome(link_type, join({{11, 0, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0}, hello_ip()})), "not_ip");
  }
}

TEST(OtherLinks, StepsOverThePreambleOfAnMpacket) {
  for (const std::uint8_t kind : Frame{0xd5, 0xe6, 0x4c, 0x7f, 0xb3}) {
    EXPECT_TRUE(
        every_prefix_is_safe(LinkType::ethernet_mpacket, join({Frame(7, 0x55), {kind}, hello_frame()})));
    EXPECT_EQ(outcome(LinkType::ethernet_mpacket, join({Frame(2, 0x55), {kind}, hello_frame()})), "hello");
  }
  EXPECT_EQ(outcome(LinkType::ethernet_mpacket, join({Frame(6, 0x55), {0x61, 0xe6}, hello_frame()})),
            "link_fragment")
      << "the rest of a frame";
}

TEST(OtherLinks, StepsOverTheTagsOfSwitches) {
  const Frame frame = hello_frame();
  const Frame addresses(frame.begin(), frame.begin() + 12);
  const Frame rest(frame.begin() + 12, frame.end());
  for (const LinkType link_type : {LinkType::dsa_tag, LinkType::dsa_tag_brcm})
    EXPECT_TRUE(every_prefix_is_safe(link_type, join({addresses, {0xc0, 1, 0, 0}, rest})));
  EXPECT_TRUE(every_prefix_is_safe(LinkType::dsa_tag_edsa,
                                   join({addresses, {0xda, 0xda, 0, 0, 0xc0, 1, 0, 0}, rest})));
  EXPECT_EQ(outcome(LinkType::dsa_tag_edsa, frame), "hello") << "a frame without tag";
  EXPECT_EQ(outcome(LinkType::dsa_tag_brcm_prepend, join({{0, 0, 0, 1}, frame})), "hello");
}

}  // namespace
}  // namespace restitch
