// The forgery oracle: two hosts that exchange data over a bad path, and an attacker; whatever they proved to
// have taken in comes out of every reading of the capture (docs/notes/forgery.md).
//
// RESTITCH_FORGERY_SEED and RESTITCH_FORGERY_COUNT (default 1 and 2000) choose other conversations, and more
// of them; RESTITCH_FORGERY_KINDS names kinds, with commas between, in place of those that are enabled; or
// all.
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/forgery/enabled.h"
#include "support/forgery/tally.h"

namespace restitch::forgery {
namespace {

std::string setting(const char* name, std::string_view otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string(otherwise) : value;
}

class Forgeries : public ::testing::TestWithParam<Reading> {};

TEST_P(Forgeries, ChangeNothingThatWasAcknowledged) {
  const Reading& reading = GetParam();
  const std::uint64_t first = std::stoull(setting("RESTITCH_FORGERY_SEED", "1"));
  const std::uint64_t count = std::stoull(setting("RESTITCH_FORGERY_COUNT", "2000"));
  const std::string kinds = setting("RESTITCH_FORGERY_KINDS", enabled_kinds(reading.name));
  if (kinds.empty()) GTEST_SKIP() << "no kind is enabled for " << reading.name;
  const Scope scope = Scope::of(kinds);
  Tally tally(reading, scope);
  for (std::uint64_t seed = first; seed < first + count; ++seed) tally.add(seed);
  fmt::print("{}\n", tally.summary());
  EXPECT_TRUE(tally.clean()) << tally.report();
}

std::string name_of_test(const ::testing::TestParamInfo<Reading>& info) {
  std::string name(info.param.name);
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(ReadAs, Forgeries, ::testing::ValuesIn(all_readings()), name_of_test);

}  // namespace
}  // namespace restitch::forgery
