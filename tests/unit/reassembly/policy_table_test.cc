// Policies by number: each once, counted, and given back.
#include "restitch/detail/policy_table.h"

#include <gtest/gtest.h>

#include <vector>

namespace restitch::detail {
namespace {

struct PolicyTableTest : ::testing::Test {
  ReceiverPolicy usual;
  std::vector<ReceiverPolicy> others{std::vector<ReceiverPolicy>(20'000)};
  BlockSource source;
  PolicyTable table{source, 1, usual};
};

TEST_F(PolicyTableTest, TheUsualOneIsNumberZeroAndNeverCounted) {
  EXPECT_EQ(table.take(nullptr), 0U);
  EXPECT_EQ(table.take(&usual), 0U);
  EXPECT_EQ(&table[0], &usual);
  table.give_back(0);
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(PolicyTableTest, APolicyHasOneNumberUntilItsLastUserIsGone) {
  const std::uint32_t number = table.take(others.data());
  EXPECT_NE(number, 0U);
  EXPECT_EQ(table.take(others.data()), number);
  EXPECT_NE(table.take(&others[1]), number);
  table.give_back(number);
  EXPECT_EQ(&table[number], others.data());
  EXPECT_EQ(table.size(), 2U);
  table.give_back(number);
  EXPECT_EQ(table.size(), 1U);
}

TEST_F(PolicyTableTest, ManyAreToldApartAndLeaveNoMemoryBehind) {
  const std::size_t memory = table.memory_size();
  std::vector<std::uint32_t> numbers;
  for (const ReceiverPolicy& policy : others) numbers.push_back(table.take(&policy));
  for (std::size_t i = 0; i < others.size(); ++i) {
    ASSERT_EQ(&table[numbers[i]], &others[i]);
    ASSERT_EQ(table.take(&others[i]), numbers[i]);
    table.give_back(numbers[i]);
  }
  EXPECT_GE(table.memory_size(), memory + others.size() * 16);
  for (const std::uint32_t number : numbers) table.give_back(number);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_LE(table.memory_size(), memory + 80 * 1024) << "a chunk is kept for the next ones";
}

}  // namespace
}  // namespace restitch::detail
