// What real stacks delivered, case by case, against what restitch delivers when the same packets come in
// through the API. Reads the result files of the oracle; no privileges needed.
#include <gtest/gtest.h>

#include "oracle/exceptions.h"
#include "support/oracle_listener.h"
#include "support/oracle_player.h"

namespace restitch::testing {
namespace {

const std::string oracle = RESTITCH_SOURCE_DIR "/tests/data/oracle/";

Heard hear(const OracleCase& c, std::string_view policy) {
  OracleListener listener(policy);
  listener.packets(OraclePlayer(c).play());
  const std::string peer = OraclePlayer::peer_address(c.ipv6());
  Heard heard = listener.heard_from(c.ipv6() ? "[" + peer + "]:10000" : peer + ":10000");
  EXPECT_TRUE(listener.counts_add_up()) << c.id();
  return heard;
}

Heard hear_as_linux(const OracleCase& c) {
  Heard heard = as_far_as(c.expected(), hear(c, c.linux_policy()));
  if (c.option("oobinline", false)) heard.urgent.clear();  // it was read in place
  return heard;
}

struct ResultFile {
  std::string name;
  std::size_t cases;  // at least
};

void PrintTo(const ResultFile& file, std::ostream* out) { *out << file.name; }

std::string name_of(const ::testing::TestParamInfo<ResultFile>& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class Linux : public ::testing::TestWithParam<ResultFile> {};

TEST_P(Linux, DeliversWhatTheApplicationOnARealKernelRead) {
  const std::string path = oracle + "linux-6.18/" + GetParam().name + ".jsonl.zst";
  const auto cases = read_oracle_cases(path);
  EXPECT_GE(cases.size(), GetParam().cases);
  for (const OracleCase& c : cases) {
    const Heard heard = hear_as_linux(c);
    if (const OracleException* exception = find_oracle_exception(c.id())) {
      EXPECT_NE(heard, c.expected()) << c.id() << " agrees: it is no exception. " << exception->argument;
    } else {
      EXPECT_EQ(describe(heard), describe(c.expected())) << c.text();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Oracle, Linux,
                         ::testing::Values(ResultFile{"pairs", 520}, ResultFile{"triplets", 1227},
                                           ResultFile{"delivered", 400}, ResultFile{"random-dev", 3000},
                                           ResultFile{"evasion", 571}),
                         name_of);

// libslirp has neither timestamps nor SACK, and its cases come over IPv4.
class Bsd : public ::testing::TestWithParam<ResultFile> {};

TEST_P(Bsd, DeliversWhatLibslirpDelivered) {
  const std::string path = oracle + "slirp-4.7.0/" + GetParam().name + ".jsonl.zst";
  const auto cases = read_oracle_cases(path);
  EXPECT_GE(cases.size(), GetParam().cases);
  for (const OracleCase& c : cases) {
    EXPECT_EQ(describe(hear(c, "bsd")), describe(c.expected())) << c.text();
  }
}

INSTANTIATE_TEST_SUITE_P(Oracle, Bsd,
                         ::testing::Values(ResultFile{"pairs", 520}, ResultFile{"triplets", 1227},
                                           ResultFile{"delivered", 400}, ResultFile{"random-dev", 2705}),
                         name_of);

// The files are not read for nothing: under a policy that is not the receiver's, cases differ.
TEST(Linux, DiffersFromOtherPoliciesInTheSameCases) {
  const std::string path = oracle + "linux-6.18/pairs.jsonl.zst";
  for (const char* policy : {"first", "last", "bsd", "solaris"}) {
    int differ = 0;
    for (const OracleCase& c : read_oracle_cases(path)) differ += hear(c, policy) == c.expected() ? 0 : 1;
    EXPECT_GT(differ, 0) << policy;
  }
}

}  // namespace
}  // namespace restitch::testing
