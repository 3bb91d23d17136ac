// Segments that came before the receiver's window was known, and turn out to lie where that window never
// reached: nothing delivers them behind a gap.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/two_hosts.h"

namespace restitch::testing {
namespace {

using ::testing::Contains;
using ::testing::Not;

class Unreachable : public ::testing::TestWithParam<Setting> {
 protected:
  static constexpr std::int64_t far_ahead = 100'000'000;

  [[nodiscard]] FrameBuilder client(std::int64_t offset, std::string_view text = {}) const {
    return GetParam().a_is_client ? hosts.a(offset, text) : hosts.b(offset, text);
  }
  [[nodiscard]] FrameBuilder server(std::int64_t offset, std::string_view text = {}) const {
    return GetParam().a_is_client ? hosts.b(offset, text) : hosts.a(offset, text);
  }
  // The forged packet comes between the SYN and its answer.
  void open_around(const FrameBuilder& forged) {
    hosts.send(client(-1).ack(0).flags(TcpFlag::syn)).send(forged);
    hosts.send(server(-1).flags(TcpFlag::syn | TcpFlag::ack));
    hosts.send(client(0, "hello"));
    hosts.send(GetParam().a_is_client ? hosts.b_acks(5) : hosts.a_acks(5));
  }
  [[nodiscard]] std::string from_client() const {
    return GetParam().a_is_client ? hosts.from_a() : hosts.from_b();
  }

  TwoHosts hosts{GetParam(), TwoHosts::with("capture")};
};

INSTANTIATE_TEST_SUITE_P(Settings, Unreachable, ::testing::ValuesIn(settings));

TEST_P(Unreachable, DataIsToldAndNeverDelivered) {
  open_around(client(far_ahead, "wild"));
  hosts.end();
  EXPECT_EQ(from_client(), "hello");
  EXPECT_THAT(hosts.events(), Contains("wild_sequence"));
  EXPECT_EQ(hosts.counts().dropped, 4U);
}

TEST_P(Unreachable, AFinEndsNothing) {
  open_around(client(far_ahead).flags(TcpFlag::fin | TcpFlag::ack));
  hosts.end();
  EXPECT_EQ(from_client(), "hello");
  EXPECT_THAT(hosts.events(), Contains("wild_sequence"));
}

// More of them than are ever set aside: each is told.
TEST_P(Unreachable, AFloodOfThemIsToldAndNeverDelivered) {
  hosts.send(client(-1).ack(0).flags(TcpFlag::syn));
  for (int i = 0; i < 100; ++i) hosts.send(client(far_ahead + 10 * i, "wild"));
  hosts.send(server(-1).flags(TcpFlag::syn | TcpFlag::ack)).send(client(0, "hello")).end();
  EXPECT_EQ(from_client(), "hello");
  EXPECT_EQ(hosts.counts().dropped, 400U);
  EXPECT_EQ(std::count(hosts.events().begin(), hosts.events().end(), "wild_sequence"), 100);
}

// What the window reaches still waits for the gap before it, and is delivered behind it.
TEST_P(Unreachable, WhatTheWindowReachesIsDelivered) {
  open_around(client(100, "early"));
  hosts.end();
  EXPECT_EQ(from_client(), "hello[95]early");
  EXPECT_THAT(hosts.events(), Not(Contains("wild_sequence")));
}

}  // namespace
}  // namespace restitch::testing
