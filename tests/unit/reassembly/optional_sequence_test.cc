// The one place that relies on what an optional looks like.
#include "restitch/detail/optional_sequence.h"

#include <gtest/gtest.h>

namespace restitch::testing {
namespace {

using detail::optional_sequence;

TEST(OptionalSequence, IsTheNumberIfItMeansSomething) {
  for (const std::uint32_t number : {0U, 1U, 0x12345678U, 0x80000000U, 0xFFFFFFFFU}) {
    const std::optional<Sequence> known = optional_sequence(Sequence(number), true);
    ASSERT_TRUE(known.has_value());
    EXPECT_EQ(*known, Sequence(number));
    EXPECT_EQ(known, std::optional(Sequence(number)));
  }
}

TEST(OptionalSequence, IsEmptyIfNot) {
  for (const std::uint32_t number : {0U, 0x12345678U, 0xFFFFFFFFU}) {
    EXPECT_EQ(optional_sequence(Sequence(number), false), std::nullopt);
  }
}

TEST(OptionalSequence, IsAnOptionalAsAnyOther) {
  std::optional<Sequence> changed = optional_sequence(Sequence(5), true);
  changed.reset();
  EXPECT_FALSE(changed.has_value());
  changed = Sequence(6);
  EXPECT_EQ(changed.value(), Sequence(6));
}

}  // namespace
}  // namespace restitch::testing
