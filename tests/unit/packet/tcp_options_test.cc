#include <gtest/gtest.h>

#include "restitch/packet.h"
#include "support/frame_builder.h"

namespace restitch {
namespace {

using testing::Frame;
namespace tcp_option = testing::tcp_option;

Frame list(std::initializer_list<Frame> options) {
  Frame out;
  for (const Frame& option : options) testing::put(out, option);
  return out;
}

TEST(TcpOptions, ReadsThoseOfASyn) {
  const TcpOptions options =
      parse_options(list({tcp_option::mss(1460), tcp_option::sack_permitted(), tcp_option::timestamps(7, 0),
                          tcp_option::nop(), tcp_option::window_scale(7)}));
  EXPECT_TRUE(options.has_mss && options.has_window_scale && options.has_timestamps &&
              options.sack_permitted);
  EXPECT_EQ(options.mss, 1460);
  EXPECT_EQ(options.window_scale, 7);
  EXPECT_EQ(options.timestamp_value, 7u);
  EXPECT_FALSE(options.malformed || options.has_md5 || options.has_fast_open);
}

TEST(TcpOptions, ReadsTimestampsWhereverTheyStand) {
  for (const Frame& bytes : {list({{1}, {1}, tcp_option::timestamps(0xdeadbeef, 3)}),
                             list({tcp_option::timestamps(0xdeadbeef, 3)}),
                             list({tcp_option::timestamps(0xdeadbeef, 3), {0, 0}})}) {
    const TcpOptions options = parse_options(bytes);
    EXPECT_TRUE(options.has_timestamps);
    EXPECT_EQ(options.timestamp_value, 0xdeadbeefu);
    EXPECT_EQ(options.timestamp_echo, 3u);
    EXPECT_FALSE(options.malformed);
  }
}

TEST(TcpOptions, ReadsSackBlocks) {
  const TcpOptions options = parse_options(tcp_option::sack({{10, 20}, {0xfffffff0, 5}}));
  ASSERT_EQ(options.sack_count, 2);
  EXPECT_EQ(options.sacks[0].left, Sequence(10));
  EXPECT_EQ(options.sacks[1].left, Sequence(0xfffffff0));
  EXPECT_EQ(options.sacks[1].right, Sequence(5));
  const TcpOptions many = parse_options(tcp_option::sack({{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10}}));
  EXPECT_EQ(many.sack_count, 4) << "more than a TCP header can hold: a list made by hand";
}

TEST(TcpOptions, ReadsFastOpenInBothForms) {
  EXPECT_TRUE(parse_options(Frame{34, 2}).has_fast_open);
  EXPECT_TRUE(parse_options(Frame{34, 10, 1, 2, 3, 4, 5, 6, 7, 8}).has_fast_open);
  EXPECT_TRUE(parse_options(Frame{254, 4, 0xf9, 0x89}).has_fast_open);
  EXPECT_FALSE(parse_options(Frame{254, 4, 0xf9, 0x88}).has_fast_open);
  EXPECT_TRUE(parse_options(Frame{34, 5, 1, 2, 3}).malformed);
}

TEST(TcpOptions, ReadsMd5) {
  Frame bytes(18);
  bytes[0] = 19;
  bytes[1] = 18;
  EXPECT_TRUE(parse_options(bytes).has_md5);
}

TEST(TcpOptions, StopsAtTheEndOfTheList) {
  const TcpOptions options = parse_options(list({{1}, {0}, tcp_option::mss(9)}));
  EXPECT_FALSE(options.has_mss);
  EXPECT_FALSE(options.malformed);
}

TEST(TcpOptions, EndsAtAnImpossibleLength) {
  for (const Frame& bad : {Frame{99, 0}, Frame{99, 1}, Frame{99, 200}, Frame{99}}) {
    const TcpOptions options = parse_options(list({tcp_option::mss(9), bad}));
    EXPECT_TRUE(options.malformed);
    EXPECT_EQ(options.mss, 9) << "what came before counts";
  }
  EXPECT_FALSE(parse_options(list({{99, 0}, tcp_option::mss(9)})).has_mss);
}

TEST(TcpOptions, PassesOverAKnownOptionOfAWrongLength) {
  for (const Frame& wrong :
       {Frame{2, 3, 1}, Frame{3, 4, 1, 1}, Frame{4, 3, 1}, Frame{5, 9, 0, 0, 0, 0, 0, 0, 0}, Frame{5, 2},
        Frame{8, 9, 0, 0, 0, 0, 0, 0, 0}, Frame{19, 3, 0}}) {
    const TcpOptions options = parse_options(list({wrong, tcp_option::window_scale(5)}));
    EXPECT_TRUE(options.malformed);
    EXPECT_EQ(options.window_scale, 5);
    EXPECT_FALSE(options.has_mss || options.has_timestamps || options.sack_permitted || options.has_md5);
    EXPECT_EQ(options.sack_count, 0);
  }
}

TEST(TcpOptions, PassesOverUnknownOptions) {
  const TcpOptions options = parse_options(list({{99, 5, 1, 2, 3}, tcp_option::mss(9)}));
  EXPECT_EQ(options.mss, 9);
  EXPECT_FALSE(options.malformed);
  EXPECT_FALSE(parse_options({}).malformed);
}

}  // namespace
}  // namespace restitch
