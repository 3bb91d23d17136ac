// Long random sequences against the byte-map model: thousands of segments, wrap-around, jumbo segments,
// every mixture of policy, keeper and limit. The seed of a failure is in its message.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "support/assembler_check.h"
#include "support/half_check.h"
#include "support/policies.h"
#include "support/random_steps.h"

namespace restitch::test {
namespace {

ReceiverPolicy random_policy(Dice& dice) {
  ReceiverPolicy policy{.name = "random", .summary = ""};
  switch (dice.below(4)) {
    case 0:
      return gopacket;
    case 1:
      return capture;
    case 2:
      return bsd;
    default:
      for (Winner& winner : policy.overlap) winner = dice.chance(0.5) ? Winner::held : Winner::arrived;
      policy.after_fin = dice.chance(0.5) ? AfterEnd::refuse : AfterEnd::deliver;
      policy.after_rst = dice.chance(0.5) ? AfterEnd::refuse : AfterEnd::deliver;
      return policy;
  }
}

// A base from which the sequence reaches the wrap or the change of sign, or anything.
std::uint32_t random_base(Dice& dice, const Weather& weather) {
  const auto reach = static_cast<std::uint32_t>(
      dice.below(static_cast<std::uint64_t>(weather.steps) * weather.size_max / 2 + 1));
  const std::array<std::uint32_t, 3> places = {
      0U - reach, 0x80000000U - reach, static_cast<std::uint32_t>(dice.below(std::uint64_t{1} << 32))};
  return places.at(dice.below(places.size()));
}

// Keeping everything of a long stream without a limit would make a test of its own.
Scenario random_scenario(Dice& dice, const ReceiverPolicy& policy, const Weather& weather) {
  constexpr std::array<std::uint32_t, 6> limits = {0, 1, 2, 5, 20, 100};
  Scenario scenario{.policy = &policy, .base = random_base(dice, weather)};
  scenario.pages_max = limits.at(dice.below(limits.size()));
  scenario.keeper = static_cast<Keeper>(dice.below(5));
  scenario.history = dice.chance(0.5);
  if (scenario.pages_max == 0 && scenario.keeper == Keeper::everything) scenario.keeper = Keeper::second_half;
  return scenario;
}

// Runs `rounds` random sequences through `check`, most of them with a SYN ahead.
template <class Check>
void for_random(std::uint64_t seed_first, int rounds, const Weather& weather, const Check& check) {
  for (std::uint64_t seed = seed_first; seed < seed_first + static_cast<std::uint64_t>(rounds); ++seed) {
    Dice dice(seed);
    const ReceiverPolicy policy = random_policy(dice);
    const Scenario scenario = random_scenario(dice, policy, weather);
    std::vector<Step> steps = random_steps(dice, weather);
    if (dice.chance(0.8)) steps.insert(steps.begin(), Step{.at = 0, .syn = true});
    const std::string wrong = check(scenario, steps);
    ASSERT_TRUE(wrong.empty()) << "seed " << seed << ", " << steps.size() << " steps\n"
                               << wrong.substr(std::max<std::size_t>(wrong.size(), 6000) - 6000);
  }
}

class RandomSequences : public ::testing::Test {
 protected:
  void check_half_rounds(std::uint64_t seed, int rounds, const Weather& weather) {
    for_random(seed, rounds, weather, [this](const Scenario& scenario, std::span<const Step> steps) {
      return check_half(state_, scenario, steps);
    });
  }
  void check_assembler_rounds(std::uint64_t seed, int rounds, const Weather& weather) {
    for_random(seed, rounds, weather, [](const Scenario& scenario, std::span<const Step> steps) {
      AssemblerRun assembler(scenario);
      return check_assembler(assembler, scenario, steps);
    });
  }

 private:
  detail::BlockSource memory_;
  detail::HalfState state_{memory_};
};

TEST_F(RandomSequences, OfSmallSegmentsMatchTheModel) {
  check_half_rounds(1000, 200, {.steps = 500, .size_max = 6, .reorder = 6, .repeat = 0.3});
}

TEST_F(RandomSequences, OfThousandsOfSegmentsMatchTheModel) {
  check_half_rounds(2000, 12, {.steps = 4000, .size_max = 20, .reorder = 40, .flags = 0.0001});
}

TEST_F(RandomSequences, OfPacketsLateByHundredsMatchTheModel) {
  check_half_rounds(3000, 30, {.steps = 1500, .size_max = 8, .reorder = 500, .loss = 0.01, .flags = 0.0001});
}

TEST_F(RandomSequences, OfFullPacketsMatchTheModel) {
  check_half_rounds(4000, 8, {.steps = 150, .size_max = 4000, .reorder = 6, .loss = 0.05});
}

TEST_F(RandomSequences, OfJumboSegmentsMatchTheModel) {
  check_half_rounds(5000, 8, {.steps = 9, .size_max = 200'000, .reorder = 3, .loss = 0.05});
}

TEST_F(RandomSequences, WithJumpsAheadMatchTheModel) {
  check_half_rounds(6000, 60, {.steps = 600, .size_max = 30, .reorder = 6, .jump = 0.02});
}

TEST_F(RandomSequences, FullOfFlagsMatchTheModel) {
  check_half_rounds(7000, 5000, {.steps = 30, .size_max = 4, .reorder = 5, .repeat = 0.2, .flags = 0.05});
}

TEST_F(RandomSequences, ThroughAnAssemblerMatchTheModel) {
  check_assembler_rounds(8000, 30, {.steps = 800, .size_max = 20, .reorder = 10, .flags = 0.0003});
  check_assembler_rounds(8100, 300, {.steps = 40, .size_max = 5, .reorder = 5, .repeat = 0.2, .flags = 0.02});
  check_assembler_rounds(8500, 3, {.steps = 60, .size_max = 65'536, .reorder = 3});
}

}  // namespace
}  // namespace restitch::test
