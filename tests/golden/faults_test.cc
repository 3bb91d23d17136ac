// What goes wrong around the command: disks that are full, pipes that close, a kill at any moment.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "base/sanitized.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;

class Faults : public ToolTest {
 protected:
  // Whether each file in `folder` is the beginning of the file of that name in `whole`, and each line of the
  // index tells only what is there.
  void expect_prefix_of_the_truth(const std::string& folder, const std::string& whole) const {
    for (const auto& entry : std::filesystem::directory_iterator(path(folder))) {
      const std::string name = entry.path().filename().string();
      if (name == "index.jsonl") continue;
      const std::string bytes = read(folder + "/" + name);
      EXPECT_EQ(read(whole + "/" + name).compare(0, bytes.size(), bytes), 0) << name;
    }
    std::istringstream index(read(folder + "/index.jsonl"));
    for (std::string line; std::getline(index, line);) {
      if (index.eof()) break;  // the last line may be cut
      const auto row = nlohmann::json::parse(line);
      const std::string name = row.at("file");
      for (const auto& run : row.at("runs")) {
        const std::uint64_t end = run.at(0).get<std::uint64_t>() + run.at(2).get<std::uint64_t>();
        EXPECT_LE(end, std::filesystem::file_size(path(folder + "/" + name))) << line;
      }
    }
  }
};

TEST_F(Faults, AFullDiskIsSaidAndWhatIsThereIsTrue) {
  ASSERT_EQ(run("@ extract -o whole '" + sample + "'").status, 0);
  // A limit on the size of files does what a full disk does: write(2) fails in the middle of one.
  const ToolRun run = ToolTest::run("trap '' XFSZ; ulimit -f 24; @ extract -o full '" + sample + "'");
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("File too large"));
  expect_prefix_of_the_truth("full", "whole");
}

TEST_F(Faults, ADeviceWithoutSpaceIsSaid) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  const ToolRun run = ToolTest::run("@ streams --json '" + sample + "' >/dev/full");
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("No space left on device"));
}

TEST_F(Faults, APipeThatClosesEndsTheRunQuietly) {
  const ToolRun run = ToolTest::run("@ streams -q --json '" + sample + "' '" + sample + "' | head -n 1");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err, "");
}

TEST_F(Faults, KilledAtAnyMomentTheFilesHoldABeginningOfTheTruth) {
  ASSERT_EQ(run("@ extract -o whole '" + sample + "'").status, 0);
  std::uintmax_t bytes = 0;
  for (int moment = 0; moment < 12; ++moment) {
    const std::string folder = "killed" + std::to_string(moment);
    // The input goes on until the kill, which waits for the first bytes: it hits the middle of the work.
    const std::string feed = "{ head -c " + std::to_string(50'000 * (moment + 1)) + " '" + sample +
                             "'; until test -e killed; do sleep 0.01; done; }";
    (void)run(
        "rm -f killed; " + feed + " | { exec 3<&0; @ extract -q -o " + folder +
        " - <&3 & tool=$!; exec 3<&-; until test -n \"$(find " + folder +
        " -type f -size +0 2>/dev/null)\"; do sleep 0.01; done; kill -9 $tool; wait $tool; : >killed; }");
    if (std::filesystem::exists(path(folder + "/index.jsonl"))) expect_prefix_of_the_truth(folder, "whole");
    if (!std::filesystem::exists(path(folder))) continue;  // killed before anything was there
    for (const auto& file : std::filesystem::directory_iterator(path(folder))) bytes += file.file_size();
  }
  EXPECT_GT(bytes, 100'000u) << "every kill came before the work";
}

TEST_F(Faults, AnInputThatCannotBeReadOnIsDamageAndTheRestIsRead) {
  const SmallCapture whole = hello_world();
  const ByteVector cut(whole.bytes().begin(), whole.bytes().end() - 5);
  write("cut.pcap", cut);
  const ToolRun run = ToolTest::run("@ streams --json cut.pcap '" + sample + "'");
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("cut.pcap: cut short"));
  EXPECT_THAT(run.err, HasSubstr("27 connections"));
}

TEST_F(Faults, LittleMemoryIsSurvived) {
#ifdef RESTITCH_SANITIZED
  GTEST_SKIP() << "a sanitizer needs more address space than the limit gives";
#else
  constexpr unsigned step_kib = 2'000;
  constexpr unsigned enough_kib = 2'000'000;
  const auto with = [this](unsigned kib, const std::string& command) {
    return ToolTest::run("ulimit -v " + std::to_string(kib) + "; @ " + command);
  };
  // The least that the loader and the beginning of the program are content with, and from there all that is
  // not enough for the work: no crash, but a line and an exit status that say what happened.
  unsigned kib = step_kib;
  while (kib < enough_kib && with(kib, "--version").status != 0) kib += step_kib;
  ASSERT_LT(kib, enough_kib) << "it never starts";
  unsigned failed = 0;
  ToolRun run;
  for (; (run = with(kib, "streams --json '" + sample + "'")).status != 0; kib += step_kib, ++failed) {
    ASSERT_EQ(run.status, 2) << kib << run.err;
    ASSERT_THAT(run.err, HasSubstr("memory")) << kib;
    ASSERT_LT(kib, enough_kib);
  }
  EXPECT_GT(failed, 0u) << "the limit never mattered";
  // Enough to go through is not enough to hold everything: what had no room is counted.
  if (run.out != ToolTest::run("@ streams --json '" + sample + "'").out) {
    EXPECT_THAT(run.err, Not(HasSubstr(" 0 dropped"))) << kib;
  }
#endif
}

}  // namespace
}  // namespace restitch::testing
