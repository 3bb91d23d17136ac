// The clock of a capture: what counts as time that passed, and how a hand goes round with it.
#include "restitch/detail/capture_clock.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace restitch::detail {
namespace {

constexpr std::int64_t one_second = 1'000'000'000;
constexpr std::int64_t year = 365 * 86'400 * one_second;
constexpr std::int64_t start = 50 * year;

CaptureClock started() {
  CaptureClock clock;
  clock.observe({start});
  return clock;
}

// To two ticks of the clock.
void expect_elapsed(const CaptureClock& clock, std::int64_t ns) {
  EXPECT_NEAR(static_cast<double>(clock.elapsed_ns()), static_cast<double>(ns), 2 << Elapsed::tick_bits);
}

void observe(CaptureClock& clock, std::int64_t from, int packets) {
  for (int i = 0; i < packets; ++i) clock.observe({from + i * one_second});
}

TEST(CaptureClock, BeginsWithTheFirstPacketWheneverThatWas) {
  CaptureClock clock = started();
  EXPECT_EQ(clock.elapsed_ns(), 0);
  clock.observe({start + 5 * one_second});
  expect_elapsed(clock, 5 * one_second);
}

TEST(CaptureClock, APacketOutOfOrderChangesNothing) {
  CaptureClock clock = started();
  observe(clock, start, 11);
  clock.observe({start + 3 * one_second});
  expect_elapsed(clock, 10 * one_second);
  clock.observe({start + 11 * one_second});
  expect_elapsed(clock, 11 * one_second);
}

TEST(CaptureClock, FollowsAnotherOne) {
  CaptureClock clock;
  clock.follow({5000});
  EXPECT_EQ(clock.elapsed(), Elapsed{5000});
  EXPECT_EQ(clock.tick(), 5000u);
}

TEST(CaptureClock, SaysHowLongATickIsAgoAtLeast) {
  constexpr std::int64_t tick = CaptureClock::nanoseconds(1);
  for (std::int64_t then = 0; then < 4 * tick; then += 99'991) {
    for (std::int64_t later = 0; later < 4 * tick; later += 99'991) {
      CaptureClock clock = started();
      clock.observe({start + then});
      const std::uint32_t seen = clock.tick();
      clock.observe({start + then + later});
      ASSERT_LE(clock.ns_since(seen), later);
      ASSERT_GT(clock.ns_since(seen), later - 2 * tick);
    }
  }
}

TEST(CaptureClock, GoesAsFastInSmallStepsAsInLargeOnes) {
  CaptureClock clock = started();
  for (std::int64_t time = 0; time < 3 * one_second; time += 999'983) clock.observe({start + time});
  expect_elapsed(clock, 3 * one_second);
}

TEST(CaptureClock, FewPacketsFarAwayAreNotBelieved) {
  for (const std::int64_t far : {20 * year, -20 * year, 31 * one_second, -31 * one_second}) {
    CaptureClock clock = started();
    for (int i = 0; i < 100; ++i) {
      for (int j = 1; j < CaptureClock::strays_max; ++j) clock.observe({start + far});
      clock.observe({start});
    }
    EXPECT_EQ(clock.elapsed_ns(), 0) << far;
  }
}

TEST(CaptureClock, EightInARowAreAndTheTimeBetweenCountsAsOneStepForward) {
  CaptureClock clock = started();
  observe(clock, start + 20 * year, CaptureClock::strays_max);
  expect_elapsed(clock, CaptureClock::step_ns_max);
  clock.observe({start + 20 * year + 10 * one_second});
  expect_elapsed(clock, CaptureClock::step_ns_max + 3 * one_second);
}

TEST(CaptureClock, SetBackItGoesOnFromThere) {
  CaptureClock clock = started();
  observe(clock, start - 20 * year, CaptureClock::strays_max);
  EXPECT_EQ(clock.elapsed_ns(), 0);
  clock.observe({start - 20 * year + 8 * one_second});
  expect_elapsed(clock, one_second);
}

// Of packets in order, with silences: a clock that is shown only those that begin a tick, and those that the
// whole clock is not sure of, never lags behind it.
TEST(CaptureClock, NeedsOnlyThePacketsThatBeginATickOrStray) {
  for (const std::int64_t phase : {std::int64_t{0}, std::int64_t{1}, std::int64_t{777'777}}) {
    CaptureClock whole;
    CaptureClock part;
    std::int64_t time = start + phase;
    std::int64_t last_tick = -1;
    int shown = 0;
    constexpr int packets = 20'000;
    for (int i = 0; i < packets; ++i) {
      time += i % 5'000 == 4'999 ? 100 * one_second : 1 + i * 7919 % 200'000;
      const bool was_astray = whole.is_astray();
      whole.observe({time});
      const std::int64_t tick = time >> Elapsed::tick_bits;
      if (tick != last_tick || was_astray || whole.is_astray()) {
        part.observe({time});
        last_tick = tick;
        ++shown;
      }
      ASSERT_EQ(part.elapsed(), whole.elapsed()) << i;
    }
    EXPECT_LT(shown, packets / 5);
  }
}

TEST(CaptureClock, AnotherOneGoesOnFromItsState) {
  CaptureClock clock = started();
  observe(clock, start, 5);
  observe(clock, start + year, 3);
  CaptureClock other;
  other = CaptureClock(clock.state());
  EXPECT_EQ(other.state(), clock.state());
  observe(clock, start + year, CaptureClock::strays_max);
  observe(other, start + year, CaptureClock::strays_max);
  EXPECT_EQ(other.elapsed(), clock.elapsed());
}

TEST(CaptureClock, TimesAtTheEndsOfTheirRangeDoNoHarm) {
  CaptureClock clock = started();
  clock.observe({std::numeric_limits<std::int64_t>::max()});
  clock.observe({std::numeric_limits<std::int64_t>::min()});
  clock.observe({0});
  EXPECT_EQ(clock.elapsed_ns(), 0);
}

TEST(ClockHand, VisitsEachSlotOnceARound) {
  constexpr std::uint32_t slots = 1000;
  CaptureClock clock = started();
  ClockHand hand;
  std::multiset<std::uint32_t> visited;
  for (int i = 1; i <= 1000; ++i) {
    clock.observe({start + i * one_second / 10});
    if (!hand.is_due(clock)) continue;
    for (std::uint32_t left = hand.begin(clock, slots, 100 * one_second); left != 0; --left) {
      visited.insert(hand.next(slots));
    }
  }
  EXPECT_NEAR(static_cast<double>(visited.size()), slots, ClockHand::slots_max);
  for (const std::uint32_t slot : visited) EXPECT_LE(visited.count(slot), 1u);
}

TEST(ClockHand, DoesNoMoreAtOnceThanItMayAndCatchesUpLater) {
  constexpr std::uint32_t slots = 1'000'000;
  CaptureClock clock = started();
  ClockHand hand;
  clock.observe({start + 10 * one_second});
  std::uint32_t visits = 0;
  int turns = 0;
  while (hand.is_due(clock)) {
    const std::uint32_t now = hand.begin(clock, slots, 100 * one_second);
    ASSERT_LE(now, ClockHand::slots_max);
    visits += now;
    ASSERT_LT(++turns, 10'000);
  }
  EXPECT_NEAR(visits, slots / 10, 2 * ClockHand::slots_max);
}

TEST(ClockHand, OwesNoMoreThanOneRound) {
  CaptureClock clock = started();
  for (int i = 1; i < 100; ++i) clock.observe({start + i * 20 * one_second});
  ClockHand hand;
  std::uint32_t visits = 0;
  while (hand.is_due(clock)) visits += hand.begin(clock, 500, one_second);
  EXPECT_LE(visits, 500u);
}

TEST(CaptureClock, TicksBeginAtTheSameMomentsWhereverItBegan) {
  for (std::int64_t later = 0; later < 3'000'000; later += 99'991) {
    CaptureClock early = started();
    CaptureClock late;
    late.observe({start + later});
    early.observe({start + later});
    CaptureClock::State one = early.state();
    one.elapsed = late.state().elapsed;
    ASSERT_EQ(one, late.state());
  }
}

TEST(CaptureClock, GoesOnAsAnotherOne) {
  CaptureClock clock = started();
  observe(clock, start, 5);
  clock.observe({start + year});
  CaptureClock other(clock.state());
  observe(clock, start + year, 10);
  observe(other, start + year, 10);
  EXPECT_EQ(clock.state(), other.state());
}

}  // namespace
}  // namespace restitch::detail
