// A cluster on which everything goes wrong finds what one process finds, byte for byte. So many seeds:
// $RESTITCH_SEEDS, from $RESTITCH_FIRST_SEED on.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "support/cluster_simulation.h"

namespace restitch::testing {
namespace {

std::uint64_t of_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(ClusterSimulation, FindsWhatOneProcessFinds) {
  const std::uint64_t first = of_environment("RESTITCH_FIRST_SEED", 1);
  const std::uint64_t seeds = of_environment("RESTITCH_SEEDS", 60);
  ClusterSimulation::Happened sum;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    ClusterTraffic traffic(seed);
    const auto taps = static_cast<Taps>(seed % 4);
    const auto skew_ns = static_cast<std::int64_t>(traffic.below(100'000'000));
    const auto connections = static_cast<unsigned>(5 + traffic.below(60));
    const auto sensors = split(traffic.make(connections), taps, seed % 3 == 0 ? 0 : skew_ns);
    DecoderOptions decoding;
    if (seed % 5 < 2) decoding.copies_window_ns = 20'000'000;
    decoding.vlan_in_key = seed % 7 == 0;
    const std::string truth = single_process(sensors, decoding);
    ClusterSimulation simulation(seed, sensors, decoding);
    if (std::getenv("RESTITCH_CALM") != nullptr) simulation.be_calm();
    const std::string found = simulation.run();
    ASSERT_TRUE(found == truth) << "seed " << seed << ", last error: " << simulation.last_error();
    sum.crashes += simulation.happened().crashes;
    sum.takeovers += simulation.happened().takeovers;
    sum.lost += simulation.happened().lost;
    sum.errors += simulation.happened().errors;
    sum.steps += simulation.happened().steps;
  }
  std::printf(
      "%d crashes, %d takeovers from the living, %d lost calls and answers, %d workers gave up, %d steps\n",
      sum.crashes, sum.takeovers, sum.lost, sum.errors, sum.steps);
  if (seeds < 10 || std::getenv("RESTITCH_CALM") != nullptr) return;
  EXPECT_GT(sum.crashes, 10);
  EXPECT_GT(sum.takeovers, 10);
  EXPECT_GT(sum.lost, 10);
}

// What is lost for good, and what has to be cut, does not depend on what happens to workers.
TEST(ClusterSimulation, FindsTheSameInTheSameLogWhateverHappensToWorkers) {
  const std::uint64_t first = of_environment("RESTITCH_FIRST_SEED", 1);
  const std::uint64_t seeds = of_environment("RESTITCH_SEEDS", 60);
  std::uint64_t missing = 0;
  std::size_t told = 0;
  std::size_t cut = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    ClusterTraffic traffic(seed);
    const auto connections = static_cast<unsigned>(5 + traffic.below(60));
    const auto sensors = split(traffic.make(connections), static_cast<Taps>(seed % 4), 1'000'000);
    ClusterSimulation simulation(seed, sensors, {});
    simulation.lose_batches();
    const std::string found = simulation.run();
    const std::string truth = simulation.undisturbed();
    ASSERT_TRUE(found == truth) << "seed " << seed << ", last error: " << simulation.last_error();
    missing += simulation.happened().missing;
    told += found.find("packets_lost") != std::string::npos ? 1U : 0U;
    cut += found.find("\"end\":\"evicted\"") != std::string::npos ? 1U : 0U;
  }
  std::printf("%llu batches lost; %zu seeds tell so, %zu have connections that were cut\n",
              static_cast<unsigned long long>(missing), told, cut);
  if (seeds < 50) return;
  EXPECT_GT(missing, 10u);
  EXPECT_GT(told, 5u);
  EXPECT_GT(cut, 5u);
}

}  // namespace
}  // namespace restitch::testing
