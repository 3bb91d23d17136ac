// Connections chosen by what they did, by number and by their ends, in each command that takes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using Json = nlohmann::json;

class Selecting : public ToolTest {
 protected:
  // Of the client's lines: their numbers, in order.
  [[nodiscard]] std::vector<std::uint64_t> chosen(const std::string& command) const {
    std::vector<std::uint64_t> numbers;
    std::istringstream in(run("@ " + command + " " + quoted_sample).out);
    for (std::string line; std::getline(in, line);) {
      const std::uint64_t number = Json::parse(line)["connection"];
      if (numbers.empty() || numbers.back() != number) numbers.push_back(number);
    }
    return numbers;
  }
  [[nodiscard]] std::vector<std::string> files(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(path(folder))) {
      names.push_back(file.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
};

TEST_F(Selecting, ByNumberIsOfTheTablesNumbers) {
  EXPECT_THAT(chosen("streams --json --all --connection 7,12-14"), ElementsAre(7, 12, 13, 14));
  EXPECT_THAT(chosen("log --logs conn --format json --connection 7,12-14"), ElementsAre(7, 12, 13, 14));
  EXPECT_THAT(
      chosen("log --logs conn --format json --connection 12-14 --where \"port 80 and not connection 13\""),
      ElementsAre(12, 14));
}

TEST_F(Selecting, ByWhatTheyDidIsTheSameInEachCommand) {
  for (const char* const where :
       {"bytes > 50K", "client 2001:db8::/32 and packets < 20", "service http and end fin"}) {
    const std::string flag = " --where \"" + std::string(where) + "\"";
    const auto found = chosen("streams --json --all" + flag);
    EXPECT_THAT(found, Not(IsEmpty())) << where;
    EXPECT_LE(found.size(), 26u);
    EXPECT_EQ(chosen("log --logs conn --format json" + flag), found) << where;
    ASSERT_EQ(run("rm -rf d; @ extract -q -o d" + flag + " " + quoted_sample).status, 0);
    std::set<std::uint64_t> extracted;
    std::istringstream in(read("d/index.jsonl"));
    for (std::string line; std::getline(in, line);)
      extracted.insert(Json::parse(line)["connection"].get<std::uint64_t>());
    EXPECT_THAT(found, IsSupersetOf(extracted)) << where;
    EXPECT_THAT(extracted, Not(IsEmpty())) << where;
  }
  EXPECT_THAT(chosen("streams --json --all --where \"service ssh\""), IsEmpty());
}

TEST_F(Selecting, LeavesNoFileOfTheOthers) {
  ASSERT_EQ(run("@ extract -q -o d --connection 0 " + quoted_sample).status, 0);
  EXPECT_THAT(files("d"), ElementsAre("192.000.002.001.43256-192.000.002.002.00080",
                                      "192.000.002.002.00080-192.000.002.001.43256", "index.jsonl"));
  ASSERT_EQ(run("@ extract -q --pcap -o p --connection 0 " + quoted_sample).status, 0);
  EXPECT_THAT(files("p"), ElementsAre("192.000.002.001.43256-192.000.002.002.00080.pcapng", "index.jsonl"));
  EXPECT_THAT(run("@ p/*.pcapng").err, HasSubstr("1 connections"));
}

TEST_F(Selecting, ByItsEndsFollowsOne) {
  const std::string by_number = run("@ follow 14 " + quoted_sample).out;
  EXPECT_THAT(by_number, HasSubstr("[2001:db8::1]:44396"));
  EXPECT_EQ(run("@ follow [2001:db8::1]:44396,[2001:db8::2]:80 " + quoted_sample).out, by_number);
  EXPECT_EQ(run("@ follow 2001:db8::2:80,2001:db8::1:44396 " + quoted_sample).out, by_number)
      << "in any order";
  const ToolRun none = run("@ follow 10.0.0.1:1,10.0.0.2:2 " + quoted_sample);
  EXPECT_EQ(none.status, 1);
  EXPECT_EQ(none.err, "restitch: there is no connection between these ends\n");
}

TEST_F(Selecting, SortsTheTable) {
  const auto first = [this](const std::string& flags) {
    std::istringstream in(run("@ streams -q " + flags + " " + quoted_sample).out);
    std::vector<std::uint64_t> numbers;
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) numbers.push_back(std::stoull(line));
    return numbers;
  };
  EXPECT_THAT(first("--top 3"), ElementsAre(10, 14, 19));
  EXPECT_THAT(first("--top 3 --sort bytes"), ElementsAre(10, 14, 19));
  EXPECT_EQ(first("--sort start").size(), 26u);
  EXPECT_THAT(first("--sort start --top 2"), ElementsAre(0, 1));
}

TEST_F(Selecting, SaysWhatCannotBe) {
  const std::pair<const char*, const char*> wrong[] = {
      {"streams --where \"colour red\"", "--where: there is no \"colour\""},
      {"streams --where \"port 80)\" --connection 1", "--where: \")\" is not expected there"},
      {"streams --connection 1-", "--connection: \"1-\" is no list of numbers"},
      {"follow 1,2", "N: \"1,2\" is no pair of ends"},
      {"extract -o d --connection 1 -", "the inputs are read twice"},
  };
  for (const auto& [command, message] : wrong) {
    const ToolRun run = ToolTest::run("@ " + std::string(command) + " " + quoted_sample);
    EXPECT_EQ(run.status, 1) << command;
    EXPECT_THAT(run.err, HasSubstr(message)) << command;
  }
}

// What is wrong with an input is said once, though it is read twice.
TEST_F(Selecting, SaysOnceWhatIsWrongWithAnInput) {
  const ByteVector whole = Packets(1).talk("hello", "world").bytes();
  write("cut.pcap", ByteVector(whole.begin(), whole.end() - 5));
  const ToolRun run = ToolTest::run("@ extract -o d --connection 0 cut.pcap");
  EXPECT_EQ(run.status, 2);
  const std::size_t at = run.err.find("cut short");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(run.err.find("cut short", at + 1), std::string::npos) << run.err;
}

}  // namespace
}  // namespace restitch::testing
