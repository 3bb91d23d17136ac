// The recorded sample: what restitch makes of it is what its two endpoints said they had transferred.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

const std::string kData = RESTITCH_SOURCE_DIR "/tests/data/";

struct Outcome {
  int status;
  std::string output;
};

// tools/check_sample.py compares `streams --json` and `extract` with the endpoints' digests.
Outcome check(const std::string& capture) {
  const std::string command =
      fmt::format("python3 -B '{}/tools/check_sample.py' --tool '{}' '{}' '{}sample.digests.json' 2>&1",
                  RESTITCH_SOURCE_DIR, RESTITCH_TOOL, capture, kData);
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), size);
  }
  const int status = ::pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

TEST(Sample, IsReassembledToWhatTheEndpointsTransferred) {
  const Outcome outcome = check(kData + "sample.pcapng");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, testing::HasSubstr("52 directions, 30 files, 0 differences"));
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
