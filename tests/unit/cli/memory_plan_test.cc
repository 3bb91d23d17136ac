#include "cli/memory_plan.h"

#include <gmock/gmock.h>

#include "restitch/capture.h"

namespace restitch::cli {
namespace {

TEST(MemoryPlan, GivesAwayNoMoreThanThereIs) {
  for (const std::size_t mib : {16U, 17U, 64U, 1000U, 100'000U}) {
    const std::size_t total = mib << 20;
    for (const CommandCost cost : {CommandCost{1000, 1}, CommandCost{5000, 4}}) {
      const MemoryPlan plan = plan_memory(total, cost);
      const PoolLimits& pool = plan.pool.pool;
      const std::size_t pools = cost.pools * (pool.total_bytes_max + pool.total_history_bytes_max +
                                              plan.pool.defragmenter_bytes_max +
                                              pool.connections_max * (150 + cost.connection / cost.pools));
      const std::size_t output = plan.files.buffered_max + plan.files.listed_max + plan.files.names_max +
                                 plan.log.waiting_max * 950 +
                                 2 * (plan.log.gaps_max * 150 + plan.log.events_max * 1300);
      EXPECT_LE(pools + output / 2 + plan.reading_max, total) << mib;
      EXPECT_LE(plan.undecided_max + plan.shown_max, total / 16 * 3);
      EXPECT_GT(pool.connections_max, 0u);
      EXPECT_GE(plan.buffer_max, 262'144u + 16) << "the largest usual record";
      EXPECT_GE(plan.threads_max, 1u);
    }
  }
}

TEST(MemoryPlan, TakesLittleForSixteenMebibytes) {
  const MemoryPlan least = plan_memory(std::size_t{16} << 20, {1000, 1});
  const MemoryPlan less = plan_memory(1, {1000, 1});
  EXPECT_EQ(less.reading_max, least.reading_max);
  EXPECT_EQ(less.pool.pool.total_bytes_max, least.pool.pool.total_bytes_max);
  EXPECT_EQ(least.threads_max, 1u);
}

TEST(MemoryPlan, HasRoomForTheLargestUsualWindowOfZstdByDefault) {
  const MemoryPlan usual = plan_memory(std::size_t{1} << 30, {1000, 1});
  EXPECT_GT(usual.reading_max, (std::size_t{128} << 20) + (std::size_t{1} << 20));
  EXPECT_GE(usual.threads_max, 8u);
}

}  // namespace
}  // namespace restitch::cli
