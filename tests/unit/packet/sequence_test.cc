#include "restitch/sequence.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>

namespace restitch {
namespace {

TEST(Sequence, CountsAcrossTheWrapExactly) {
  // Go's answer is 0 here, and a byte is lost or doubled with it.
  EXPECT_EQ(Sequence(0xffffffff).difference(Sequence(0)), 1);
  EXPECT_EQ(Sequence(0).difference(Sequence(0xffffffff)), -1);
  EXPECT_EQ(Sequence(0xfffffff0).difference(Sequence(0x10)), 0x20);
  EXPECT_EQ(Sequence(0x10).difference(Sequence(0xfffffff0)), -0x20);
}

TEST(Sequence, AddsAcrossTheWrapInBothDirections) {
  EXPECT_EQ(Sequence(0xffffffff).add(1), Sequence(0));
  EXPECT_EQ(Sequence(0).add(-1), Sequence(0xffffffff));
  EXPECT_EQ(Sequence(5).add(std::int64_t{1} << 32), Sequence(5));
  EXPECT_EQ(Sequence(5).add((std::int64_t{1} << 40) + 7), Sequence(12));
}

TEST(Sequence, CallsHalfTheSpaceBehind) {
  EXPECT_EQ(Sequence(0).difference(Sequence(0x7fffffff)), INT32_MAX);
  EXPECT_EQ(Sequence(0).difference(Sequence(0x80000000)), INT32_MIN);
  EXPECT_EQ(Sequence(0x80000000).difference(Sequence(0)), INT32_MIN);
}

TEST(Sequence, WorksAtCompileTime) {
  static_assert(Sequence(0xffffffff).difference(Sequence(0)) == 1);
  static_assert(Sequence(0xffffffff).add(2) == Sequence(1));
  static_assert(Sequence{}.value() == 0);
}

TEST(Sequence, DifferenceUndoesAddForEveryPositionAndDistance) {
  EXPECT_TRUE(rc::check([](std::uint32_t start, std::int32_t distance) {
    const Sequence from(start);
    RC_ASSERT(from.difference(from.add(distance)) == distance);
    RC_ASSERT(from.add(distance).add(-std::int64_t{distance}) == from);
  }));
}

TEST(Sequence, DifferenceIsTheDistanceModuloTheSpace) {
  EXPECT_TRUE(rc::check([](std::uint32_t a, std::uint32_t b) {
    const std::int64_t distance = Sequence(a).difference(Sequence(b));
    const std::int64_t space = std::int64_t{1} << 32;
    RC_ASSERT(((distance - (std::int64_t{b} - std::int64_t{a})) % space) == 0);
  }));
}

}  // namespace
}  // namespace restitch
