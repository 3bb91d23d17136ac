// The recorded sample: what restitch makes of it is what its two endpoints said they had transferred.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

const std::string kData = RESTITCH_SOURCE_DIR "/tests/data/";

// The sample with all its times moved on: its blocks are little-endian, and its times in nanoseconds.
std::string sample_moved_by(std::uint64_t seconds) {
  std::ifstream original(kData + "sample.pcapng", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(original), {}};
  const auto word = [&](std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, &bytes.at(at), sizeof value);
    return value;
  };
  constexpr std::uint32_t packet_block = 6;
  for (std::size_t at = 0; at + 12 <= bytes.size(); at += word(at + 4)) {
    if (word(at) != packet_block) continue;
    const std::uint64_t time = (std::uint64_t{word(at + 12)} << 32 | word(at + 16)) + seconds * 1'000'000'000;
    const std::uint32_t halves[] = {static_cast<std::uint32_t>(time >> 32), static_cast<std::uint32_t>(time)};
    std::memcpy(&bytes.at(at + 12), halves, sizeof halves);
  }
  return bytes;
}

struct Outcome {
  int status;
  std::string output;
};

Outcome run(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), size);
  }
  const int status = ::pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

// tools/check_sample.py compares `streams --json` and `extract` with the endpoints' digests.
Outcome check(const std::string& capture) {
  return run(
      fmt::format("python3 -B '{}/tools/check_sample.py' --tool '{}' '{}' '{}sample.digests.json' 2>&1",
                  RESTITCH_SOURCE_DIR, RESTITCH_TOOL, capture, kData));
}

TEST(Sample, IsReassembledToWhatTheEndpointsTransferred) {
  const Outcome outcome = check(kData + "sample.pcapng");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, testing::HasSubstr("52 directions, 30 files, 0 differences"));
}

// The hosts use the same ports, and the same numbers, again.
TEST(Sample, FollowedByItselfIsTwiceAsManyConnections) {
  for (const std::uint64_t seconds : {10U, 3600U, 86400U}) {
    const std::string moved = (std::filesystem::path(testing::TempDir()) / "moved.pcapng").string();
    std::ofstream(moved, std::ios::binary) << sample_moved_by(seconds);
    const Outcome outcome =
        run(fmt::format("'{}' streams --all '{}sample.pcapng' '{}' 2>&1", RESTITCH_TOOL, kData, moved));
    std::filesystem::remove(moved);
    EXPECT_THAT(outcome.output, testing::HasSubstr(" 52 connections")) << seconds;
    EXPECT_THAT(
        outcome.output,
        testing::HasSubstr("1125140 seen, 1072686 delivered, 52454 duplicate, 0 before the start, 0 refused"))
        << seconds;
  }
}

TEST(Sample, IsNotTheSameWithOneByteOfAFileChanged) {
  std::ifstream original(kData + "sample.pcapng", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(original), {}};
  bytes.at(bytes.find("push", bytes.find("     1  "))) = 'P';
  const std::string changed = (std::filesystem::path(testing::TempDir()) / "changed.pcapng").string();
  std::ofstream(changed, std::ios::binary) << bytes;
  const Outcome outcome = check(changed);
  std::filesystem::remove(changed);
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, testing::HasSubstr("SHA-256 of file"));
}

}  // namespace
