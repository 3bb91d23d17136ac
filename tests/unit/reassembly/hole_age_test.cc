// Since when bytes wait for a hole: a matter of their packets, not of when somebody asks.
#include "restitch/detail/hole_age.h"

#include <gtest/gtest.h>

namespace restitch::detail {
namespace {

constexpr std::int64_t base = 1'600'000'000LL * 1'000'000'000;

// A time of the capture, so many ticks from the beginning.
Timestamp at(std::int64_t ticks) { return {base + CaptureClock::nanoseconds(1) * ticks}; }

// A half whose segments come one by one; the hole is in front of whatever is lowest.
class Half {
 public:
  Half& comes(std::int64_t tick) { return comes(tick, at(tick)); }
  Half& comes(std::int64_t tick, Timestamp time) {
    age_.note_arrival(time, static_cast<std::uint32_t>(tick));
    return *this;
  }
  Half& waits_for(std::uint32_t next, Timestamp lowest) {
    age_.note_hole(Sequence(next), [&] { return lowest; });
    return *this;
  }
  Half& waits_for(std::uint32_t next, std::int64_t lowest) { return waits_for(next, at(lowest)); }
  Half& waits_for_nothing() {
    age_.forget();
    return *this;
  }
  [[nodiscard]] std::uint32_t since() const { return age_.since(); }

 private:
  HoleAge age_;
};

TEST(HoleAge, IsThatOfTheFirstThatCameToWait) {
  Half half;
  half.comes(100).waits_for(7, 100);
  EXPECT_EQ(half.since(), 100u);
  half.comes(150).waits_for(7, 150);
  EXPECT_EQ(half.since(), 100u) << "lower, but it waits for the same";
}

TEST(HoleAge, BehindAnotherOneIsThatOfItsOwnSegment) {
  Half half;
  half.comes(100).waits_for(7, 100).comes(150).waits_for(7, 100).comes(160);
  half.waits_for(9, 150);
  EXPECT_EQ(half.since(), 150u);
}

TEST(HoleAge, IsNewWhenNothingWaitedInBetween) {
  Half half;
  half.comes(100).waits_for(7, 100).waits_for_nothing();
  half.comes(300).waits_for(7, 300);
  EXPECT_EQ(half.since(), 300u);
}

TEST(HoleAge, BelievesNoTimeBeforeTheFirstNorAfterTheLastArrival) {
  for (const auto& [odd, since] : {std::pair(at(-1'000'000'000), 100U),
                                   {at(1'000'000'000), 160U},
                                   {Timestamp{}, 100U},
                                   {at(99), 100U},
                                   {at(161), 160U}}) {
    Half half;
    half.comes(100).waits_for(7, 100).comes(150, odd).waits_for(7, 100).comes(160).waits_for(9, odd);
    EXPECT_EQ(half.since(), since);
  }
}

TEST(HoleAge, GoesOnWhenTicksWrapRound) {
  Half half;
  half.comes(0xFFFF'FFF0).waits_for(7, at(0xFFFF'FFF0)).comes(0x1'0000'0010, at(0x1'0000'0010));
  half.waits_for(9, at(0x1'0000'0010));
  EXPECT_EQ(half.since(), 0x10u);
}

}  // namespace
}  // namespace restitch::detail
