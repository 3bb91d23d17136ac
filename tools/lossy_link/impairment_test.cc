#include "impairment.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace lossy_link {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Frame frame_of(int number) { return Frame(1, static_cast<std::byte>(number)); }

// Numbers of the frames that are due.
std::vector<int> take(Impairment& link, std::int64_t now_ns) {
  std::vector<int> numbers;
  while (const auto frame = link.pop(now_ns)) numbers.push_back(std::to_integer<int>(frame->at(0)));
  return numbers;
}

TEST(Impairment, WithoutRatesIsAPlainCable) {
  Impairment link({}, 1);
  for (int i = 0; i < 3; ++i) link.push(frame_of(i), 0);
  EXPECT_THAT(take(link, 0), ElementsAre(0, 1, 2));
  EXPECT_EQ(link.next_due_ns(), std::nullopt);
}

TEST(Impairment, DelaysEveryFrameByTheSameTime) {
  Impairment link({.delay_ns = 100}, 1);
  link.push(frame_of(1), 0);
  link.push(frame_of(2), 30);
  EXPECT_EQ(link.next_due_ns(), 100);
  EXPECT_THAT(take(link, 99), IsEmpty());
  EXPECT_THAT(take(link, 100), ElementsAre(1));
  EXPECT_THAT(take(link, 130), ElementsAre(2));
}

TEST(Impairment, SendsAHeldFrameOnWhenNothingOvertakesIt) {
  Impairment link({.reorder = 1, .hold_max_ns = 50}, 1);
  link.push(frame_of(1), 0);
  EXPECT_EQ(link.next_due_ns(), 50);
  EXPECT_THAT(take(link, 49), IsEmpty());
  EXPECT_THAT(take(link, 50), ElementsAre(1));
  EXPECT_EQ(link.counts().reordered, 0U) << "late, but in order";
}

TEST(Impairment, RepeatsAFrameWithinTheDepth) {
  Impairment link({.duplicate = 1, .reorder_depth = 2}, 7);
  std::vector<int> out;
  for (int i = 0; i < 50; ++i) {
    link.push(frame_of(i), i);
    for (int number : take(link, i)) out.push_back(number);
  }
  for (int number : take(link, 1'000'000'000)) out.push_back(number);
  ASSERT_EQ(out.size(), 100U);
  EXPECT_EQ(link.counts().repeated, 50U);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(std::count(out.begin(), out.end(), i), 2) << i;
}

// What came in either goes out, or is counted as lost; a frame is overtaken by at most `depth` originals and
// the copies among them.
TEST(Impairment, AccountsForEveryFrame) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Impairment link({.loss = 0.1, .reorder = 0.2, .duplicate = 0.1, .reorder_depth = 5}, seed);
    std::set<int> seen;
    std::uint64_t out = 0;
    std::uint64_t overtaken = 0;
    int newest = -1;
    const auto look = [&](int number) {
      ++out;
      if (seen.insert(number).second && number < newest) ++overtaken;
      newest = std::max(newest, number);
    };
    for (int i = 0; i < 250; ++i) {
      link.push(frame_of(i), i);
      for (int number : take(link, i)) look(number);
    }
    for (int number : take(link, 1'000'000'000)) look(number);
    const Counts& counts = link.counts();
    EXPECT_EQ(counts.frames, 250U);
    EXPECT_EQ(counts.forwarded, counts.frames - counts.lost + counts.repeated);
    EXPECT_EQ(out, counts.forwarded);
    EXPECT_EQ(seen.size(), counts.frames - counts.lost);
    EXPECT_GT(counts.lost, 0U);
    EXPECT_GT(counts.repeated, 0U);
    // A repetition can arrive before its held original, which then is no longer the first sight of it.
    EXPECT_GT(overtaken, 0U);
    EXPECT_LE(overtaken, counts.reordered + counts.repeated);
  }
}

TEST(Impairment, DoesTheSameForTheSameSeed) {
  const auto run = [](std::uint64_t seed) {
    Impairment link({.loss = 0.1, .reorder = 0.2, .duplicate = 0.1, .reorder_depth = 5}, seed);
    for (int i = 0; i < 200; ++i) link.push(frame_of(i), i);
    return take(link, 1'000'000'000);
  };
  EXPECT_EQ(run(3), run(3));
  EXPECT_NE(run(3), run(4));
}

}  // namespace
}  // namespace lossy_link
