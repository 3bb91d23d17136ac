// What is left of dead connections: how many stay, and for how long.
#include "restitch/detail/tombstones.h"

#include <gtest/gtest.h>

namespace restitch::detail {
namespace {

constexpr std::int64_t second = 1'000'000'000;

class TombstonesTest : public testing::Test {
 protected:
  Connection connection(std::uint16_t port) {
    Connection connection;
    connection.key.ports_and_domain = port;
    connection.hash = port * 2654435761U;
    return connection;
  }
  void bury(std::uint16_t port) { stones_.add(connection(port), {}, clock_); }
  Tombstone* find(std::uint16_t port) {
    const Connection wanted = connection(port);
    return stones_.find(wanted.key, wanted.hash);
  }
  void pass(std::int64_t seconds) {
    for (; seconds > 0; --seconds) clock_.observe({now_ += second});
  }
  bool absorbs(std::uint16_t port, TcpFlags flags = TcpFlags{} | TcpFlag::ack) {
    TcpSegment tcp;
    tcp.flags = flags;
    return stones_.absorbs(*find(port), TcpFlowDirection::client_to_server, tcp, {0}, clock_);
  }

  std::int64_t now_ = 0;
  CaptureClock clock_;
  BlockSource memory_;
  Tombstones stones_{memory_, 1, 100, 120 * second};
};

TEST_F(TombstonesTest, AreNoMoreThanAllowedAndTheOldestGo) {
  for (std::uint16_t port = 1; port <= 150; ++port) bury(port);
  EXPECT_EQ(stones_.size(), 100u);
  EXPECT_EQ(find(50), nullptr);
  EXPECT_NE(find(51), nullptr);
}

TEST_F(TombstonesTest, GoWhenTheirTimeIsOverAFewForEachThatComes) {
  for (std::uint16_t port = 1; port <= 50; ++port) bury(port);
  pass(150);
  bury(51);
  EXPECT_EQ(stones_.size(), 49u);
  stones_.expire(clock_, 1000);
  EXPECT_EQ(stones_.size(), 1u);
}

TEST_F(TombstonesTest, AStrayPacketMakesOneYoungAgain) {
  bury(1);
  bury(2);
  pass(100);
  EXPECT_TRUE(absorbs(1));
  pass(50);
  stones_.expire(clock_, 1000);
  EXPECT_NE(find(1), nullptr);
  EXPECT_EQ(find(2), nullptr);
  stones_.clear();
  EXPECT_EQ(stones_.size(), 0u);
}

TEST_F(TombstonesTest, ASynOfOneThatNobodyKnewTheStartOfBeginsAnew) {
  bury(1);
  EXPECT_FALSE(absorbs(1, TcpFlags{} | TcpFlag::syn));
  EXPECT_TRUE(absorbs(1, TcpFlag::syn | TcpFlag::ack)) << "the answer to a SYN that was seen";
}

}  // namespace
}  // namespace restitch::detail
