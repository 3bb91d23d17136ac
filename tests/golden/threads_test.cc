// What comes out is the same, byte by byte, for any number of threads.
#include <gmock/gmock.h>

#include "golden/tool_run.h"
#include "unit/engine/engine_world.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Ne;

class Threads : public ToolTest {
 protected:
  // Runs `line`, in which N stands for a number of threads, with several; what it says is that of one.
  ToolRun run_with_each(const std::string& line) const {
    const auto with = [&](const char* threads) {
      std::string with_threads = line;
      with_threads.replace(with_threads.find("--threads N"), 11, std::string("--threads ") + threads);
      return run(with_threads);
    };
    const ToolRun one = with("1");
    for (const char* threads : {"2", "3", "8"}) {
      const ToolRun several = with(threads);
      EXPECT_EQ(several.status, one.status) << line << threads;
      EXPECT_EQ(several.out, one.out) << line << threads;
      EXPECT_EQ(several.err, one.err) << line << threads;
    }
    return one;
  }

  std::string sample_ = "'" RESTITCH_SOURCE_DIR "/tests/data/sample.pcapng'";
};

TEST_F(Threads, DoNotChangeWhatIsToldOfTheSample) {
  for (const char* how : {"", "--json ", "--json --all --stats json ", "--stats text "}) {
    const ToolRun one = run_with_each("@ streams --threads N " + std::string(how) + sample_);
    EXPECT_EQ(one.status, 0);
    EXPECT_THAT(one.out, HasSubstr("192.0.2.1"));
  }
}

TEST_F(Threads, DoNotChangeWhatIsToldOfManyConnectionsAtOnce) {
  write("many.pcap", mixed_capture(300, 40));
  EXPECT_THAT(run_with_each("@ streams --threads N many.pcap").err, HasSubstr("300 connections"));
  EXPECT_THAT(run_with_each("@ streams --threads N --json many.pcap").out, HasSubstr("\"connection\":299"));
}

TEST_F(Threads, DoNotChangeWhatGivesWayAtALimit) {
  write("many.pcap", mixed_capture(2000, 12));
  for (const char* limits :
       {"--memory 16M --at-connections ignore ", "--pages-max 16 ", "--connection-pages-max 1 ",
        "--timeout hole=1 --timeout idle=2 ", "--pages-max 8 --at-memory evict "}) {
    run_with_each("@ streams --json --threads N " + std::string(limits) + "many.pcap");
  }
  EXPECT_THAT(run("@ streams --pages-max 16 many.pcap").err, HasSubstr(" limit"));
}

TEST_F(Threads, DoNotChangeWhereAPipeAMergedInputAFilterOrACountEnds) {
  write("a.pcap", mixed_capture(60, 40, 1));
  write("b.pcap", mixed_capture(60, 40, 2));
  EXPECT_THAT(run_with_each("cat a.pcap | @ streams --json --threads N -").status, 0);
  EXPECT_THAT(run_with_each("@ streams --json --threads N a.pcap b.pcap").out, Ne(""));
  EXPECT_THAT(run_with_each("@ streams --json --threads N a.pcap portrange 10000-10030").out, Ne(""));
  EXPECT_THAT(run_with_each("@ streams --threads N -c 777 a.pcap").err, HasSubstr("777 packets"));
  EXPECT_THAT(run_with_each("head -c 50000 a.pcap | @ streams --json --threads N -").status, 2);
}

}  // namespace
}  // namespace restitch::testing
