// The byte that an urgent pointer names: which one it is, where it lies, and how long it is remembered.
#include "restitch/detail/urgent_byte.h"

#include <gtest/gtest.h>

namespace restitch::detail {
namespace {

TEST(UrgentByte, IsPendingFromItsNameUntilDeliveryPassesIt) {
  UrgentByte byte;
  EXPECT_FALSE(byte.pending());
  byte.name(Sequence(100));
  EXPECT_TRUE(byte.pending() && byte.unseen());
  byte.note_seen();
  EXPECT_TRUE(byte.pending());
  EXPECT_FALSE(byte.unseen());
  byte.pass(Sequence(100));
  EXPECT_TRUE(byte.pending());
  byte.pass(Sequence(101));
  EXPECT_FALSE(byte.pending());
}

TEST(UrgentByte, ALaterNameCountsAnEarlierOneDoesNot) {
  UrgentByte byte;
  byte.name(Sequence(100));
  byte.note_seen();
  byte.name(Sequence(99));
  byte.name(Sequence(100));
  EXPECT_FALSE(byte.unseen());
  byte.name(Sequence(105));
  EXPECT_TRUE(byte.unseen());
  EXPECT_EQ(byte.position(), Sequence(105));
}

TEST(UrgentByte, LiesWithinASegmentAlsoWhereNumbersWrapRound) {
  UrgentByte byte;
  EXPECT_FALSE(byte.within(Sequence(0), 10));
  byte.name(Sequence(2));
  EXPECT_EQ(byte.within(Sequence(0xFFFFFFFE), 5), 4u);
  EXPECT_FALSE(byte.within(Sequence(0xFFFFFFFE), 4));
  EXPECT_FALSE(byte.within(Sequence(3), 5));
}

}  // namespace
}  // namespace restitch::detail
