// Every sequence of a few segments over a small space, against the byte-map model: what is delivered, kept,
// counted and told must be the same byte for byte, for the half-connection alone and for a whole assembler.
// Each test says how many sequences it ran (property "sequences").
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>

#include "support/assembler_check.h"
#include "support/half_check.h"
#include "support/policies.h"

namespace restitch::test {
namespace {

// All segments with data inside positions first … last-1.
std::vector<Step> data_steps(Position first, Position last) {
  std::vector<Step> steps;
  for (Position at = first; at < last; ++at) {
    for (Position end = at + 1; end <= last; ++end) {
      steps.push_back({.at = at, .size = static_cast<std::uint32_t>(end - at)});
    }
  }
  return steps;
}

std::vector<Step> join(std::vector<Step> steps, const std::vector<Step>& more) {
  steps.insert(steps.end(), more.begin(), more.end());
  return steps;
}

constexpr Step syn_at_0{.at = 0, .syn = true};
const std::array<const ReceiverPolicy*, 3> all_policies = {&gopacket, &capture, &bsd};

// Sequence number of position 0: the space of four positions lies on the wrap, on the sign, and on neither.
constexpr std::array<std::uint32_t, 5> all_bases = {0xFFFFFFFE, 0, 0xFFFFFFFF, 0x7FFFFFFE, 0x80000000};

// Stops at the first sequence that is wrong.
class Exhaustive : public ::testing::Test {
 protected:
  // All sequences of `length` steps of the alphabet, behind `prefix`.
  void check_half_all(const Scenario& scenario, std::vector<Step> prefix, const std::vector<Step>& alphabet,
                      int length) {
    for_all(prefix, alphabet, length,
            [&](std::span<const Step> steps) { return check_half(state_, scenario, steps); });
  }

  void check_assembler_all(const Scenario& scenario, std::vector<Step> prefix,
                           const std::vector<Step>& alphabet, int length) {
    AssemblerRun assembler(scenario);
    for_all(prefix, alphabet, length,
            [&](std::span<const Step> steps) { return check_assembler(assembler, scenario, steps); });
  }

  void expect_sequences(long count) {
    RecordProperty("sequences", fmt::to_string(count_));
    EXPECT_EQ(count_, count);
  }

 private:
  template <class Check>
  void for_all(std::vector<Step>& steps, const std::vector<Step>& alphabet, int length, const Check& check) {
    if (HasFailure()) return;
    if (length == 0) {
      ++count_;
      const std::string wrong = check(steps);
      if (!wrong.empty()) ADD_FAILURE() << wrong;
      return;
    }
    for (const Step& step : alphabet) {
      steps.push_back(step);
      for_all(steps, alphabet, length - 1, check);
      steps.pop_back();
    }
  }

  detail::BlockSource memory_;
  detail::HalfState state_{memory_};
  long count_ = 0;
};

TEST_F(Exhaustive, FiveDataSegmentsOverFourPositionsUnderEveryPolicy) {
  for (const ReceiverPolicy* policy : all_policies) {
    check_half_all({.policy = policy, .base = 0xFFFFFFFE}, {syn_at_0}, data_steps(0, 4), 5);
  }
  expect_sequences(3 * 100'000);
}

TEST_F(Exhaustive, FourDataSegmentsAtEveryPlaceOfTheSequenceSpace) {
  for (const std::uint32_t base : all_bases) {
    for (const ReceiverPolicy* policy : all_policies) {
      const Scenario scenario{.policy = policy, .base = base, .history = true};
      check_half_all(scenario, {syn_at_0}, data_steps(0, 4), 4);
      check_assembler_all(scenario, {syn_at_0}, data_steps(0, 4), 4);
    }
  }
  expect_sequences(2 * 5 * 3 * 10'000);
}

TEST_F(Exhaustive, CopiesThatAgreeAreOverlapsWithoutConflict) {
  std::vector<Step> alphabet = data_steps(0, 4);
  for (std::size_t i = 0; i < alphabet.size(); i += 2) alphabet[i].differs = false;
  check_half_all({.base = 0xFFFFFFFF, .history = true}, {syn_at_0}, alphabet, 4);
  check_half_all({.policy = &bsd, .base = 0xFFFFFFFF, .history = true}, {syn_at_0}, alphabet, 4);
  expect_sequences(2 * 10'000);
}

// The start is unknown, comes late as a SYN, is forced, or never comes.
TEST_F(Exhaustive, FiveSegmentsAroundAStartThatComesLate) {
  const std::vector<Step> alphabet = join(
      data_steps(0, 3),
      {{.at = 1, .size = 1, .start = true}, syn_at_0, {.at = 1, .syn = true}, {.kind = Step::Kind::skip}});
  for (const ReceiverPolicy* policy : {&gopacket, &bsd}) {
    check_half_all({.policy = policy, .base = 0xFFFFFFFF, .history = true}, {}, alphabet, 5);
  }
  expect_sequences(2 * 100'000);
}

const std::vector<Step> flag_steps = {
    {.at = 0, .size = 1},
    {.at = 1, .size = 1},
    {.at = 2, .size = 1},
    {.at = 0, .size = 2},
    {.at = 1, .size = 2},
    {.at = 0, .syn = true},
    {.at = 0, .size = 1, .syn = true},
    {.at = 1, .fin = true},
    {.at = 1, .size = 1, .fin = true},
    {.at = 3, .fin = true},
    {.at = 2, .rst = true},
};

TEST_F(Exhaustive, FiveSegmentsWithSynFinAndRst) {
  for (const ReceiverPolicy* policy : all_policies) {
    check_half_all({.policy = policy, .base = 0xFFFFFFFE}, {}, flag_steps, 5);
  }
  expect_sequences(3 * 161'051);
}

TEST_F(Exhaustive, FourSegmentsWithSynFinAndRstThroughAnAssembler) {
  for (const ReceiverPolicy* policy : all_policies) {
    check_assembler_all({.policy = policy, .base = 0x7FFFFFFE}, {}, flag_steps, 4);
    check_assembler_all({.policy = policy, .base = 0xFFFFFFFE, .keeper = Keeper::last_byte}, {}, flag_steps,
                        4);
  }
  expect_sequences(2 * 3 * 14'641);
}

constexpr std::array all_keepers = {Keeper::nothing, Keeper::everything, Keeper::last_byte,
                                    Keeper::second_half, Keeper::from_saved};

TEST_F(Exhaustive, FiveSegmentsWithEveryKeeperAndEveryLimit) {
  const std::vector<Step> alphabet = join(data_steps(0, 3), {{.at = 3, .fin = true}});
  for (const Keeper keeper : all_keepers) {
    for (const std::uint32_t pages_max : {0U, 1U, 2U, 3U}) {
      check_half_all({.base = 0xFFFFFFFF, .keeper = keeper, .pages_max = pages_max}, {syn_at_0}, alphabet, 5);
    }
  }
  expect_sequences(5 * 4 * 16'807);
}

TEST_F(Exhaustive, FourSegmentsWithEveryKeeperAndEveryLimitThroughAnAssembler) {
  const std::vector<Step> alphabet = join(data_steps(0, 3), {{.at = 3, .fin = true}, {.at = 2, .rst = true}});
  for (const ReceiverPolicy* policy : all_policies) {
    for (const Keeper keeper : all_keepers) {
      for (const std::uint32_t pages_max : {0U, 1U, 2U, 3U}) {
        const Scenario scenario{
            .policy = policy, .base = 0xFFFFFFFD, .keeper = keeper, .pages_max = pages_max};
        check_assembler_all(scenario, {syn_at_0}, alphabet, 4);
      }
    }
  }
  expect_sequences(3 * 5 * 4 * 4'096);
}

// Kept bytes, a skipped gap and the end meet in every order.
TEST_F(Exhaustive, FiveStepsWithSkippedGapsAndKeptBytes) {
  const std::vector<Step> alphabet = {{.at = 0, .size = 1},       {.at = 1, .size = 1},
                                      {.at = 2, .size = 2},       {.at = 4, .size = 1},
                                      {.at = 3, .fin = true},     {.at = 5, .rst = true},
                                      {.kind = Step::Kind::skip}, {.kind = Step::Kind::close}};
  for (const ReceiverPolicy* policy : all_policies) {
    for (const Keeper keeper : {Keeper::nothing, Keeper::everything, Keeper::last_byte}) {
      check_half_all({.policy = policy, .base = 0xFFFFFFFD, .keeper = keeper}, {syn_at_0}, alphabet, 5);
    }
  }
  expect_sequences(3 * 3 * 32'768);
}

}  // namespace
}  // namespace restitch::test
