// Time stamps of pcapng against exact arithmetic in 128 bits.
#include "capture/time_scale.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace restitch::testing {
namespace {

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t all_ones = ~std::uint64_t{0};

TEST(TimeScaleTest, TheDefaultIsMicroseconds) { EXPECT_EQ(TimeScale().to_ns(1'234'567), 1'234'567'000); }

TEST(TimeScaleTest, DecimalResolutionsScaleUpAndDown) {
  EXPECT_EQ(TimeScale(0, 0).to_ns(3), 3'000'000'000);
  EXPECT_EQ(TimeScale(3, 0).to_ns(1'500), 1'500'000'000);
  EXPECT_EQ(TimeScale(9, 0).to_ns(all_ones >> 1), highest);
  EXPECT_EQ(TimeScale(12, 0).to_ns(1'999'999), 1'999) << "picoseconds, rounded down";
  EXPECT_EQ(TimeScale(127, 0).to_ns(all_ones), 0);
}

TEST(TimeScaleTest, BinaryResolutionsScale) {
  EXPECT_EQ(TimeScale(0x80, 0).to_ns(5), 5'000'000'000);
  EXPECT_EQ(TimeScale(0x81, 0).to_ns(5), 2'500'000'000);
  EXPECT_EQ(TimeScale(0x80 + 32, 0).to_ns(std::uint64_t{7} << 32 | 0x8000'0000), 7'500'000'000);
  EXPECT_EQ(TimeScale(0x80 + 63, 0).to_ns(all_ones), 1'999'999'999);
  EXPECT_EQ(TimeScale(0xff, 0).to_ns(all_ones), 0);
}

TEST(TimeScaleTest, TheOffsetIsAddedInSecondsAlsoBelowZero) {
  EXPECT_EQ(TimeScale(6, 10).to_ns(1), 10'000'001'000);
  EXPECT_EQ(TimeScale(6, 10).to_ns(0), 10'000'000'000);
  EXPECT_EQ(TimeScale(9, -1).to_ns(500'000'000), -500'000'000);
}

TEST(TimeScaleTest, WhatDoesNotFitBecomesTheNearestThatDoes) {
  EXPECT_EQ(TimeScale(6, 0).to_ns(all_ones), highest);
  EXPECT_EQ(TimeScale(0, highest).to_ns(all_ones), highest);
  EXPECT_EQ(TimeScale(9, highest).to_ns(0), highest);
  EXPECT_EQ(TimeScale(9, lowest).to_ns(0), lowest);
}

// floor(ticks · 10^9 / per_s) + offset, where it fits.
__extension__ using Wide = __int128;

TEST(TimeScaleTest, AnyDecimalClockAgreesWithExactArithmetic) {
  std::mt19937_64 random(1);
  for (unsigned exponent = 0; exponent <= 18; ++exponent) {
    Wide per_s = 1;
    for (unsigned i = 0; i < exponent; ++i) per_s *= 10;
    for (int i = 0; i < 500; ++i) {
      const std::uint64_t ticks = random() >> (random() % 64);
      const auto offset_s = static_cast<std::int64_t>(random() % 2'000'000'000) - 1'000'000'000;
      const Wide exact = Wide{ticks} * 1'000'000'000 / per_s + Wide{offset_s} * 1'000'000'000;
      const std::int64_t expected = exact > highest ? highest : static_cast<std::int64_t>(exact);
      EXPECT_EQ(TimeScale(static_cast<std::uint8_t>(exponent), offset_s).to_ns(ticks), expected)
          << ticks << " ticks of 10^-" << exponent << " s";
    }
  }
}

TEST(TimeScaleTest, AnyBinaryClockAgreesWithExactArithmetic) {
  std::mt19937_64 random(2);
  for (unsigned exponent = 0; exponent <= 63; ++exponent) {
    for (int i = 0; i < 500; ++i) {
      const std::uint64_t ticks = random() >> (random() % 64);
      const Wide exact = (Wide{ticks} * 1'000'000'000) >> exponent;
      const std::int64_t expected = exact > highest ? highest : static_cast<std::int64_t>(exact);
      const std::int64_t ns = TimeScale(static_cast<std::uint8_t>(0x80 + exponent), 0).to_ns(ticks);
      // Finer than 2^-34 s it may be one nanosecond early, for the bits that were left out.
      EXPECT_GE(ns, expected - (exponent > 34 ? 1 : 0)) << ticks << " ticks of 2^-" << exponent << " s";
      EXPECT_LE(ns, expected) << ticks << " ticks of 2^-" << exponent << " s";
    }
  }
}

}  // namespace
}  // namespace restitch::testing
