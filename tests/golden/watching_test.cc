// --observe, --events and `follow --notes` show more of the same delivery: every shared capture is read with
// and without them.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "golden/shared_captures.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using Lines = std::vector<std::string>;

// Each direction as `streams --json` prints it, up to the events.
Lines without_events(const std::string& json) {
  Lines lines;
  std::istringstream text(json);
  for (std::string line; std::getline(text, line);)
    lines.push_back(line.substr(0, line.find(",\"events\":")));
  return lines;
}

// What `follow -T raw` prints of each side, without its lines: notes break them.
std::map<char, std::string> sides(const std::string& raw) {
  std::map<char, std::string> bytes;
  std::istringstream text(raw);
  for (std::string line; std::getline(text, line);) {
    if (line.empty() || line[0] == '#') continue;
    bytes[line[0] == '\t' ? 's' : 'c'] += line.substr(line[0] == '\t' ? 1 : 0);
  }
  return bytes;
}

class WatchingCommand : public ToolTest {
 protected:
  ToolRun run_on(const std::string& words, const std::string& capture) const {
    return run("@ " + words + " -q '" + capture + "'");
  }
};

TEST_F(WatchingCommand, DeliversTheSameOfEverySharedCapture) {
  const Lines captures = shared_captures({"captures", "cases"});
  if (captures.empty()) GTEST_SKIP() << "the shared captures are absent: nothing was compared";
  std::size_t directions = 0;
  for (const std::string& capture : captures) {
    SCOPED_TRACE(capture);
    const Lines plain = without_events(run_on("streams --json", capture).out);
    EXPECT_EQ(without_events(run_on("streams --json --observe", capture).out), plain);
    EXPECT_EQ(without_events(run_on("streams --json --events", capture).out), plain);
    EXPECT_EQ(sides(run_on("follow 0 -T raw --notes", capture).out),
              sides(run_on("follow 0 -T raw", capture).out));
    directions += plain.size();
  }
  EXPECT_GT(directions, 4000U / shared_captures_step);
}

TEST_F(WatchingCommand, DeliversWhatLiesBehindAHoleThatTheReceiverDidNotAcknowledge) {
  write("hole.pcap", SmallCapture()
                         .client(99, syn_flags)
                         .server(299, syn_ack_flags)
                         .client(100, ack_flags, "hello")
                         .server(305, ack_flags, "behind")
                         .client(110, ack_flags, "too")
                         .bytes());
  const Lines plain = without_events(run("@ streams --json -q hole.pcap").out);
  EXPECT_THAT(plain, ::testing::ElementsAre(::testing::HasSubstr("\"bytes\":8,"),
                                            ::testing::HasSubstr("\"bytes\":6,")));
  EXPECT_EQ(without_events(run("@ streams --json -q --events hole.pcap").out), plain);
  EXPECT_EQ(without_events(run("@ streams --json -q --observe hole.pcap").out), plain);
  EXPECT_EQ(sides(run("@ follow 0 -q -T raw --notes hole.pcap").out),
            sides(run("@ follow 0 -q -T raw hole.pcap").out));
}

}  // namespace
}  // namespace restitch::testing
