// The order against std::map, and what its leaves promise after every step.
#include "restitch/detail/segment_order.h"

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <random>
#include <vector>

namespace restitch::detail {
namespace {

// Sequence numbers from 64-bit positions, so that the map's order is the same across the wrap.
class Order : public ::testing::Test {
 protected:
  using Place = SegmentOrder::Place;
  using Expected = std::map<std::int64_t, std::uint32_t>;

  [[nodiscard]] Sequence at(std::int64_t position) const { return base_.add(position); }

  void insert(std::int64_t position) {
    if (expected_.contains(position)) return;
    const Place before = order_.at_or_before(leaves_, at(position));
    const Place made = order_.insert_behind(leaves_, before, at(position), ++segments_, 1);
    ASSERT_TRUE(made.exists());
    EXPECT_EQ(SegmentOrder::entry(leaves_, made).segment, segments_);
    expected_.emplace(position, segments_);
  }

  void erase(Expected::iterator it) {
    const Place place = order_.at_or_before(leaves_, at(it->first));
    ASSERT_EQ(SegmentOrder::entry(leaves_, place).segment, it->second);
    order_.erase(leaves_, place);
    expected_.erase(it);
  }

  // Moves the begin of a segment, as far as its neighbours leave room.
  void move(Expected::iterator it) {
    const auto next = std::next(it);
    const std::int64_t to = next == expected_.end() ? it->first + 3 : (it->first + next->first) / 2;
    const std::uint32_t segment = it->second;
    if (to == it->first) return;
    order_.move(leaves_, order_.at_or_before(leaves_, at(it->first)), at(to));
    expected_.erase(it);
    expected_.emplace(to, segment);
  }

  void pop() {
    EXPECT_EQ(order_.pop(leaves_), expected_.begin()->second);
    expected_.erase(expected_.begin());
  }

  void check() {
    EXPECT_EQ(order_.empty(), expected_.empty());
    std::vector<std::uint32_t> found;
    std::vector<std::uint32_t> wanted;
    Place place = order_.first(leaves_);
    for (const auto& [position, segment] : expected_) {
      ASSERT_TRUE(place.exists());
      EXPECT_EQ(SegmentOrder::entry(leaves_, place).first, at(position));
      found.push_back(SegmentOrder::entry(leaves_, place).segment);
      wanted.push_back(segment);
      if (wanted.size() == expected_.size()) {
        EXPECT_EQ(order_.last(leaves_), place);
      }
      place = SegmentOrder::next(leaves_, place);
    }
    EXPECT_FALSE(place.exists());
    EXPECT_EQ(found, wanted);
    for (const std::uint32_t distance : {0U, 1U, 40U}) {
      const std::uint32_t ahead = distance < wanted.size() ? wanted[distance] : none;
      EXPECT_EQ(order_.ahead(leaves_, distance), ahead) << distance;
    }
  }

  void expect_search(std::int64_t position) {
    const auto behind = expected_.upper_bound(position);
    const Place place = order_.at_or_before(leaves_, at(position));
    const std::uint32_t wanted = behind == expected_.begin() ? none : std::prev(behind)->second;
    EXPECT_EQ(place.exists() ? SegmentOrder::entry(leaves_, place).segment : none, wanted) << position;
  }

  Sequence base_{0xFFFFFF00};
  BlockSource memory_;
  SegmentOrder::Leaves leaves_{memory_};
  SegmentOrder order_;
  Expected expected_;
  std::uint32_t segments_ = 0;
};

TEST_F(Order, IsThatOfAMapWhateverIsDoneToIt) {
  std::mt19937_64 dice(11);
  std::int64_t searched = 0;
  for (int step = 0; step < 20'000 && !HasFailure(); ++step) {
    const bool grows = (step / 2500) % 2 == 0;
    const auto any = [&] {
      return std::next(expected_.begin(), static_cast<std::ptrdiff_t>(dice() % expected_.size()));
    };
    const auto what = dice() % 16;
    if (expected_.empty() || what < (grows ? 11U : 3U)) {
      insert(static_cast<std::int64_t>(dice() % 4096));
    } else if (what < 13) {
      erase(any());
    } else if (what < 14) {
      move(any());
    } else {
      pop();
    }
    check();
    if (step % 2 == 0) searched = static_cast<std::int64_t>(dice() % 4100) - 2;
    expect_search(searched);  // every other time where the last one was
  }
  while (!expected_.empty()) pop();
  check();
  EXPECT_EQ(leaves_.size(), 0U);
}

TEST_F(Order, HasFullLeavesWhenSegmentsComeInOrderOrFromTheEnd) {
  for (int i = 0; i < 3100; ++i) insert(i);
  EXPECT_LE(leaves_.size(), 3100U / SegmentOrder::leaf_entries + 1);
  for (int i = -1; i >= -3100; --i) insert(i);
  check();
  EXPECT_LE(leaves_.size(), 2 * 3100U / SegmentOrder::leaf_entries + 2);
}

TEST_F(Order, HasLeavesThatAreHalfFullAtLeast) {
  std::mt19937_64 dice(3);
  for (int i = 0; i < 20'000; ++i) insert(static_cast<std::int64_t>(dice() % 100'000));
  const auto expect_bound = [&] {
    EXPECT_LE(leaves_.size() * (SegmentOrder::leaf_entries + 1) / 2,
              expected_.size() + SegmentOrder::leaf_entries);
  };
  expect_bound();
  while (expected_.size() > 2000) {  // whatever is taken out: here, all but a few of each leaf
    for (auto it = expected_.begin(); it != expected_.end();) {
      const auto next = std::next(it);
      if (dice() % 4 != 0) erase(it);
      it = next;
    }
    expect_bound();
  }
  check();
}

// Whoever passes by need not load a segment, but must never think that it ends too early.
TEST_F(Order, KnowsWhereASegmentEndsAtMost) {
  for (std::size_t size = 1; size <= 65535; ++size) {
    const Place place = order_.insert_behind(leaves_, {}, at(-5), 7, size);
    const std::int32_t most = at(-5).difference(SegmentOrder::end_at_most(leaves_, place));
    ASSERT_GE(most, static_cast<std::int32_t>(size));
    if (size == 1 || size == 64 || size == 1448 || size == 1460) {
      EXPECT_EQ(static_cast<std::size_t>(most), size);
    }
    EXPECT_EQ(order_.pop(leaves_), 7U);
  }
}

TEST_F(Order, HasNoPlaceForANumberBeyondItsBits) {
  EXPECT_TRUE(order_.insert_behind(leaves_, {}, at(1), (1U << 28) - 1, 1).exists());
  EXPECT_EQ(order_.pop(leaves_), (1U << 28) - 1);
  EXPECT_FALSE(order_.insert_behind(leaves_, {}, at(1), 1U << 28, 1).exists());
  EXPECT_TRUE(order_.empty());
}

}  // namespace
}  // namespace restitch::detail
