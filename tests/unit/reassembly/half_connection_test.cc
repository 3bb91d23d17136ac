// The half-connection by itself: segments in, text out. No pool, no stream.
#include "restitch/detail/half_connection.h"

#include <gtest/gtest.h>

#include "restitch/receiver.h"
#include "support/test_packet.h"

namespace restitch::testing {
namespace {

constexpr auto direction = TcpFlowDirection::client_to_server;

// A half-connection that says what it delivers: "abc", "<abc" with the start, "abc>" with the end,
// "[3]def" behind a gap of three, "ab|cd" with kept bytes; deliveries are apart by a space.
struct Half {
  explicit Half(const char* policy_name = "gopacket") : policy(*find_receiver_policy(policy_name)) {}
  ~Half() {
    half.clear(state);
    EXPECT_EQ(state.pages, 0u);
    EXPECT_EQ(state.segments.size(), 0u);
    EXPECT_EQ(state.details.size(), 0u);
    const ByteCounts& b = state.bytes();
    EXPECT_EQ(seen, b.delivered + b.duplicate + b.before_start + b.refused + b.dropped);
  }

  std::string insert(const TestPacket& packet, bool start = false) {
    const TcpSegment tcp = packet.tcp();
    const CaptureInfo info = packet.info(++packets);
    seen += tcp.payload.size();
    if (half.in_order(tcp) && !tcp.payload.empty()) {
      ++hot;
      half.deliver(state, tcp, info, direction, sg);
      const std::string text = describe();
      if (keep) sg.keep_from(std::min(*keep, sg.lengths().available));
      half.settle_delivered(state, sg);
      return text;
    }
    half.insert(state, policy, tcp, info, direction, start);
    return take();
  }
  std::string insert(std::uint32_t sequence, const std::string& text) {
    return insert(client(sequence, text));
  }

  std::string skip_gap() {
    EXPECT_TRUE(half.skip_gap(state, policy, direction));
    return take();
  }

  std::string take() {
    std::string all;
    while (half.take(state, policy, direction, sg)) {
      all += (all.empty() ? "" : " ") + describe();
      if (keep) sg.keep_from(std::min(*keep, sg.lengths().available));
      half.settle(state, sg);
    }
    return all;
  }

  std::string describe() const {
    std::string text = sg.info().start ? "<" : "";
    if (sg.info().skip != 0) text += "[" + std::to_string(sg.info().skip) + "]";
    for (const auto& chunk : sg.chunks()) {
      if (chunk.offset == sg.lengths().saved && chunk.offset != 0) text += "|";
      text.append(chunk.bytes.begin(), chunk.bytes.end());
    }
    return text + (sg.info().end ? ">" : "");
  }

  const ReceiverPolicy& policy;
  detail::BlockSource memory;
  detail::HalfState state{memory};
  HalfConnection half;
  ScatterGather sg;
  std::optional<std::size_t> keep;
  std::uint64_t packets = 0;
  std::uint64_t seen = 0;
  int hot = 0;  // segments that took the short way
};

TEST(HalfConnection, DeliversInOrderWhateverTheOrderOfArrival) {
  Half h;
  EXPECT_EQ(h.insert(client(99).syn()), "<");
  EXPECT_EQ(h.insert(103, "def"), "");
  EXPECT_EQ(h.insert(106, "ghi"), "");
  EXPECT_EQ(h.insert(100, "abc"), "abcdefghi");
  EXPECT_EQ(h.half.next_seq(), Sequence(109));
  EXPECT_EQ(h.half.next_offset(), 9u);
}

TEST(HalfConnection, OneThatIsInOrderTakesTheShortWayAndNeedsNoDetail) {
  Half h;
  h.insert(client(99).syn());
  for (std::uint32_t i = 0; i < 10; ++i) EXPECT_EQ(h.insert(100 + i, "x"), "x");
  EXPECT_EQ(h.hot, 10);
  EXPECT_EQ(h.state.details.size(), 0u);
  h.insert(115, "late");
  EXPECT_EQ(h.state.details.size(), 1u);
  h.insert(110, "fills");
  EXPECT_EQ(h.state.details.size(), 0u) << "and goes back to 24 bytes when the queue is empty";
  EXPECT_EQ(h.insert(119, "x"), "x");
  EXPECT_EQ(h.hot, 11);
}

TEST(HalfConnection, SkippingAGapSaysHowMuchIsMissing) {
  Half h;
  h.insert(client(99).syn());
  h.insert(103, "def");
  h.insert(109, "j");
  EXPECT_EQ(h.skip_gap(), "[3]def");
  EXPECT_EQ(h.skip_gap(), "[3]j");
  EXPECT_FALSE(h.half.skip_gap(h.state, h.policy, direction)) << "nothing waits";
}

TEST(HalfConnection, WithoutAStartItBeginsWithTheLowestByteAndSkipMinusOne) {
  Half h;
  h.insert(703, "def");
  h.insert(700, "abc");
  EXPECT_FALSE(h.half.known());
  EXPECT_EQ(h.skip_gap(), "[-1]abcdef");
  EXPECT_TRUE(h.half.known());
}

TEST(HalfConnection, WhatLiesBeforeAForcedStartIsCountedAsSuch) {
  Half h;
  h.insert(95, "older..");
  EXPECT_EQ(h.insert(client(100, "abc"), true), "<abc");
  EXPECT_EQ(h.state.bytes().before_start, 5u);
  EXPECT_EQ(h.state.bytes().duplicate, 2u) << "two of the older bytes were those at 100 and 101";
}

TEST(HalfConnection, TheFirstDataThatFitsOnlyOneOfTwoStartsDecides) {
  Half h;
  EXPECT_EQ(h.insert(client(109).syn()), "<");
  EXPECT_EQ(h.insert(client(99).syn()), "");
  EXPECT_EQ(h.insert(101, "waiting.."), "");
  EXPECT_EQ(h.insert(110, "abc"), "");
  EXPECT_EQ(h.insert(100, "!"), "!waiting..abc");
  EXPECT_EQ(h.state.bytes().dropped, 0u);
}

TEST(HalfConnection, AFinEndsItInItsPlaceOnce) {
  Half h;
  h.insert(client(99).syn());
  EXPECT_EQ(h.insert(client(103).fin()), "");
  EXPECT_FALSE(h.half.ended());
  EXPECT_EQ(h.insert(100, "abc"), "abc>");
  EXPECT_TRUE(h.half.ended());
  EXPECT_EQ(h.insert(client(103).fin()), "");
}

TEST(HalfConnection, AGapIsNotSkippedBeyondTheEnd) {
  Half h;
  h.insert(client(99).syn());
  h.insert(105, "xyz");
  h.insert(client(103).fin());
  EXPECT_EQ(h.skip_gap(), "[3]>");
  EXPECT_EQ(h.state.bytes().refused, 3u);
}

TEST(HalfConnection, KeptBytesLeadTheNextDeliveryAndCountAsPages) {
  Half h;
  h.insert(client(99).syn());
  h.keep = 1;
  EXPECT_EQ(h.insert(100, "abc"), "abc");
  EXPECT_EQ(h.half.pages(h.state), 1u);
  EXPECT_EQ(h.insert(103, "d"), "bc|d");
  EXPECT_EQ(h.insert(106, "g"), "");
  EXPECT_EQ(h.skip_gap(), "cd [2]g");
  h.keep.reset();
  EXPECT_EQ(h.half.pages(h.state), 0u) << "'g' alone is one byte: from 1 on is nothing";
}

TEST(HalfConnection, ClosingOffersTheKeptBytesWithoutAnEnd) {
  Half h;
  h.insert(client(99).syn());
  h.keep = 0;
  h.insert(100, "abc");
  h.half.close(h.state);
  EXPECT_EQ(h.take(), "abc");
  EXPECT_TRUE(h.half.ended());
  EXPECT_EQ(h.half.pages(h.state), 0u);
}

TEST(HalfConnection, TooManyKeptPagesGoOldestFirst) {
  Half h;
  h.insert(client(99).syn());
  h.keep = 0;
  h.insert(100, "a");
  h.insert(101, "b");
  h.insert(102, "c");
  h.half.limit_kept(h.state, direction, 3, Limit::connection_pages);
  EXPECT_EQ(h.half.pages(h.state), 2u);
  EXPECT_EQ(h.insert(103, "d"), "bc|d");
}

TEST(HalfConnection, ASegmentHalfTheSpaceAwayIsNeverPlacedWhereItHasNoOrder) {
  for (const std::uint32_t distance : {0x7FFFFFF0u, 0x7FFFFFFFu, 0x80000000u, 0x80000001u}) {
    Half h;
    h.insert(client(99).syn());
    EXPECT_EQ(h.insert(100 + distance, "far away, and longer than sixteen"), "") << distance;
    EXPECT_EQ(h.insert(100, "abc"), "abc") << distance;
    EXPECT_FALSE(h.half.holds(h.state)) << distance;
  }
}

TEST(HalfConnection, ASegmentThatBeginsBehindDeliversWhatIsNewInIt) {
  Half h;
  h.insert(client(0xFFFFFFFF).syn());
  EXPECT_EQ(h.insert(0, "abc"), "abc");
  EXPECT_EQ(h.insert(0xFFFFFFFE, "..abcdef"), "def");
  EXPECT_EQ(h.state.bytes().duplicate, 3u);
  EXPECT_EQ(h.state.bytes().before_start, 2u);
}

}  // namespace
}  // namespace restitch::testing
