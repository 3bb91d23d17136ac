// RefusedQueue: what was refused comes back in order, up to where it was acknowledged, and no longer than it
// is kept.
#include "restitch/detail/refused_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>

#include "restitch/detail/half_state.h"
#include "support/random_steps.h"

namespace restitch::detail {
namespace {

class RefusedQueueTest : public ::testing::Test {
 protected:
  ~RefusedQueueTest() override {
    queue_.discard_all(state_);
    EXPECT_EQ(state_.segments.size(), 0U);
    EXPECT_TRUE(queue_.empty());
  }

  void hold(std::uint32_t first, const std::string& text, bool fin = false) {
    const Bytes bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    queue_.hold(state_, Sequence(first), bytes, fin, {.timestamp = {}, .packet_number = first});
  }

  // "first:text" of all that take() gives back.
  std::string taken(std::uint32_t acked) {
    std::string all;
    while (const auto piece = queue_.take(state_, Sequence(acked), buffer_.data())) {
      const std::string text(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(piece->size));
      all += std::to_string(piece->first.value()) + ":" + (piece->fin ? "FIN" : text) + " ";
    }
    return all;
  }

  BlockSource memory_;
  HalfState state_{memory_};
  RefusedQueue queue_;
  std::array<std::uint8_t, SegmentStore::segment_size_max> buffer_{};
};

TEST_F(RefusedQueueTest, GivesBackInOrderAndUpToTheAcknowledgement) {
  hold(14, "ef");
  hold(10, "abcd");
  EXPECT_EQ(taken(10), "");
  EXPECT_EQ(taken(13), "10:abc ");
  EXPECT_EQ(taken(16), "13:d 14:ef ");
  EXPECT_TRUE(queue_.empty());
}

TEST_F(RefusedQueueTest, GivesBackAFinWhenItsNumberIsAcknowledged) {
  hold(10, "ab", true);
  EXPECT_EQ(taken(12), "10:ab ");
  EXPECT_EQ(taken(13), "12:FIN ");
}

TEST_F(RefusedQueueTest, NumbersMayGoRound) {
  hold(0xFFFFFFFE, "abcd");
  hold(2, "ef");
  EXPECT_EQ(taken(3), "4294967294:abcd 2:e ");
}

TEST_F(RefusedQueueTest, ForgetsWhatLiesBeforeTheNextNumber) {
  hold(10, "abcd");
  hold(12, "cdef");
  queue_.discard_before(state_, Sequence(13), 3);
  EXPECT_EQ(queue_.bytes(), 4U);
  EXPECT_EQ(taken(16), "13:d 13:def ");
}

TEST_F(RefusedQueueTest, ForgetsTheOlderGenerationInTime) {
  queue_.age(state_, 1000, 100);
  hold(10, "old");
  queue_.age(state_, 1100, 100);
  hold(20, "young");
  queue_.age(state_, 1150, 100);
  EXPECT_EQ(queue_.bytes(), 8U);
  queue_.age(state_, 1200, 100);
  EXPECT_EQ(taken(100), "20:young ");
  hold(30, "x");
  queue_.age(state_, 5000, 100);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(RefusedQueueTest, ForgetsAllWhenTheStreamWentFarOn) {
  hold(10, "abcd");
  queue_.discard_before(state_, Sequence(10), std::uint64_t{1} << 40);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(RefusedQueueTest, HoldsNothingThatHasNoOrderWithTheRest) {
  hold(10, "abcd");
  hold(10 + (1U << 30), "far");
  EXPECT_EQ(queue_.bytes(), 4U);
}

// Every byte that was held and not forgotten comes back once for each copy of it, in any order of arrival.
TEST_F(RefusedQueueTest, AgreesWithAMapOfBytes) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    test::Dice dice(seed);
    const std::uint32_t base = seed % 2 == 0 ? 1000 : 0xFFFFFF80U;
    std::multimap<std::uint32_t, char> expected;  // by distance from `base`
    std::uint32_t acked = 0;
    for (int i = 0; i < 100; ++i) {
      const auto at = acked + static_cast<std::uint32_t>(dice.below(60));
      const std::string text(1 + dice.below(20), static_cast<char>('a' + i % 26));
      hold(base + at, text);
      for (std::uint32_t j = 0; j < text.size(); ++j) expected.emplace(at + j, text[j]);
      if (dice.chance(0.7)) continue;
      acked += static_cast<std::uint32_t>(dice.below(25));
      std::multimap<std::uint32_t, char> got;
      std::uint32_t last = 0;
      while (const auto piece = queue_.take(state_, Sequence(base + acked), buffer_.data())) {
        const std::uint32_t first = piece->first.value() - base;
        EXPECT_GE(first, last);
        last = first;
        for (std::uint32_t j = 0; j < piece->size; ++j) got.emplace(first + j, static_cast<char>(buffer_[j]));
      }
      const auto end = expected.lower_bound(acked);
      std::multimap<std::uint32_t, char> due(expected.begin(), end);
      expected.erase(expected.begin(), end);
      const auto sorted = [](const std::multimap<std::uint32_t, char>& bytes) {
        std::vector<std::pair<std::uint32_t, char>> all(bytes.begin(), bytes.end());
        std::sort(all.begin(), all.end());
        return all;
      };
      ASSERT_EQ(sorted(got), sorted(due)) << seed;
    }
    queue_.discard_all(state_);
  }
}

}  // namespace
}  // namespace restitch::detail
