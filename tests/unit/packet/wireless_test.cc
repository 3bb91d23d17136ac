#include "packet/wireless.h"

#include <gtest/gtest.h>

#include "unit/packet/decoded.h"

namespace restitch {
namespace {

using testing::every_prefix_is_safe;
using testing::Frame;
using testing::hello_ip;
using testing::join;
using testing::outcome;
using testing::snap;

// A data frame: type and flags, then as many bytes as the header has, then LLC and IP.
Frame data_frame(std::uint8_t type, std::uint8_t flags, std::size_t header_size) {
  return join({{type, flags}, Frame(header_size - 2), snap, hello_ip()});
}

std::string behind(Frame radio, const Frame& frame) {
  return outcome(LinkType::ieee80211_radiotap, join({std::move(radio), frame}));
}

TEST(Wireless, FindsIpInDataFramesOfAllShapes) {
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ieee80211, data_frame(0x08, 1, 24)));
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ieee80211, data_frame(0x88, 2, 26)));
  EXPECT_EQ(outcome(LinkType::ieee80211, data_frame(0x08, 3, 30)), "hello") << "four addresses";
  EXPECT_EQ(outcome(LinkType::ieee80211, data_frame(0x88, 3, 32)), "hello");
  EXPECT_EQ(outcome(LinkType::ieee80211, data_frame(0x88, 0x81, 30)), "hello") << "HT control";
}

TEST(Wireless, LooksAtTheFirstFrameOfAnAggregate) {
  Frame frame = join({{0x88, 1}, Frame(24), Frame(14), snap, hello_ip()});
  frame[24] = 0x80;
  frame[26 + 13] = 8 + 45;
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ieee80211, frame));
}

TEST(Wireless, LeavesAloneWhatCannotBeRead) {
  EXPECT_EQ(outcome(LinkType::ieee80211, data_frame(0x80, 0, 24)), "not_ip") << "a beacon";
  EXPECT_EQ(outcome(LinkType::ieee80211, data_frame(0x48, 1, 24)), "not_ip") << "no data";
  EXPECT_EQ(outcome(LinkType::ieee80211, data_frame(0x08, 0x41, 24)), "encrypted");
  EXPECT_EQ(outcome(LinkType::ieee80211, data_frame(0x08, 0x05, 24)), "link_fragment");
  Frame later = data_frame(0x08, 1, 24);
  later[22] = 1;
  EXPECT_EQ(outcome(LinkType::ieee80211, later), "link_fragment") << "a later fragment";
}

TEST(Wireless, StepsOverRadiotapHeadersAndTheirPadding) {
  const Frame plain = data_frame(0x08, 1, 24);
  EXPECT_TRUE(every_prefix_is_safe(LinkType::ieee80211_radiotap, join({{0, 0, 8, 0, 0, 0, 0, 0}, plain})));
  EXPECT_EQ(behind({0, 0, 10, 0, 0, 0, 0, 0, 9, 9}, plain), "hello");
  EXPECT_EQ(behind({1, 0, 8, 0, 0, 0, 0, 0}, plain), "not_ip");
  EXPECT_EQ(behind({0, 0, 7, 0, 0, 0, 0, 0}, plain), "not_ip");

  const Frame padded = data_frame(0x88, 1, 28);  // 26 bytes of header, then two to align
  EXPECT_EQ(behind({0, 0, 9, 0, 2, 0, 0, 0, 0x20}, padded), "hello");
  EXPECT_EQ(behind({0, 0, 9, 0, 2, 0, 0, 0, 0}, padded), "not_ip");
  EXPECT_EQ(behind(join({{0, 0, 17, 0, 3, 0, 0, 0}, Frame(8), {0x20}}), padded), "hello")
      << "a time in front of the flags";
  EXPECT_EQ(behind(join({{0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0}, Frame(12), {0x20}}), padded), "hello")
      << "a second word of what is present, then alignment";
}

TEST(Wireless, StepsOverOlderRadioHeaders) {
  const Frame plain = data_frame(0x08, 1, 24);
  EXPECT_EQ(outcome(LinkType::ieee80211_prism, join({{0, 0, 0, 0x44, 0, 0, 0, 144}, Frame(136), plain})),
            "hello");
  const Frame avs = join({{0x80, 0x21, 0x10, 1, 0, 0, 0, 64}, Frame(56), plain});
  EXPECT_EQ(outcome(LinkType::ieee80211_avs, avs), "hello");
  EXPECT_EQ(outcome(LinkType::ieee80211_prism, avs), "hello") << "both share a number";
  EXPECT_EQ(outcome(LinkType::ieee80211_avs, join({{0x80, 0x21, 0x10, 1, 0, 0, 0, 7}, plain})), "not_ip");
}

TEST(Wireless, FindsAnyLinkTypeInPerPacketInformation) {
  EXPECT_TRUE(
      every_prefix_is_safe(LinkType::ppi, join({{0, 0, 8, 0, 105, 0, 0, 0}, data_frame(0x08, 1, 24)})));
  EXPECT_EQ(outcome(LinkType::ppi, join({{0, 0, 12, 0, 1, 0, 0, 0, 9, 9, 9, 9}, testing::hello_frame()})),
            "hello");
  EXPECT_EQ(outcome(LinkType::ppi, join({{0, 0, 8, 0, 0, 0, 1, 0}, hello_ip()})), "not_ip");
  EXPECT_EQ(outcome(LinkType::ppi, join({{0, 0, 7, 0, 1, 0, 0, 0}, hello_ip()})), "not_ip");
  Frame endless;
  for (int i = 0; i < 40; ++i) testing::put(endless, {0, 0, 8, 0, 192, 0, 0, 0});
  EXPECT_EQ(outcome(LinkType::ppi, endless), "too_deep");
}

}  // namespace
}  // namespace restitch
