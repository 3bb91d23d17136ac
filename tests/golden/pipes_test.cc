// Captures that come through pipes which stall: what came is told at once, and nothing of it is lost. No test
// waits for a time to pass; `shows` gives up after a while, and then the test fails.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Pipes : public ToolTest {
 protected:
  // Runs `line` in the background over the pipe `in`, whose writer stays; `script` writes to descriptor 3.
  ToolRun run_over_pipe(const std::string& line, const std::string& script) const {
    return run("mkfifo in; " + line + " >out & tool=$!\nexec 3>in\n" + script +
               "\nwait $tool; status=$?; exec 3>&-; exit $status");
  }
  // Shell: waits until `file` has so many lines with `pattern`, which holds no apostrophe.
  static std::string shows(int lines, const std::string& pattern, const std::string& file = "out") {
    return "timeout 30 sh -c 'until test \"$(grep -c -e \"$1\" \"$2\")\" = \"$3\"; do sleep 0.02; done' sh "
           "'" +
           pattern + "' " + file + " " + std::to_string(lines) + " || echo not shown >&2";
  }
};

TEST_F(Pipes, ThatStallShowWhatCameAndLoseNothingOfItWhenInterrupted) {
  const ToolRun whole = run("@ streams --json '" + sample + "'");
  for (const char* input : {"in", "- <in"}) {
    for (const auto& [signal, status] : {std::pair{"INT", 130}, {"TERM", 143}}) {
      for (const char* threads : {"1", "4"}) {
        const ToolRun run = run_over_pipe(
            std::string("@ streams --json --threads ") + threads + " " + input,
            "cat '" + sample + "' >&3; " + shows(52, "\"end\":\"fin\"") + "; kill -" + signal + " $tool");
        EXPECT_EQ(run.status, status);
        EXPECT_THAT(run.err, Not(HasSubstr("not shown")));
        EXPECT_THAT(run.err, StartsWith("restitch: interrupted after "));
        EXPECT_THAT(sorted_lines(read("out")), ElementsAreArray(sorted_lines(whole.out)));
        std::filesystem::remove(path("in"));
      }
    }
  }
}

// One that lasts does not hold back those that begin later, as it does in a file.
TEST_F(Pipes, ThatStallShowWhatEndedBehindWhatDidNot) {
  Packets some(9);
  some.open().port(10).talk("a", "b").port(11).talk("c", "d");
  write("some.pcap", some.bytes());
  const ToolRun run = run_over_pipe("@ in", "cat some.pcap >&3; " + shows(2, "fin") + "; kill -INT $tool");
  EXPECT_EQ(run.status, 130) << run.err;
  EXPECT_THAT(run.err, Not(HasSubstr("not shown")));
  EXPECT_THAT(read("out"), HasSubstr("10.0.0.1:9 "));
  EXPECT_THAT(read("out"), HasSubstr("  interrupted\n"));
  // Without a stall they stand in their order, and what is open at the end is no interruption.
  const ToolRun straight = ToolTest::run("cat some.pcap | @ -");
  EXPECT_EQ(straight.status, 0);
  EXPECT_EQ(straight.out, ToolTest::run("@ some.pcap").out);
}

// The pipe's other end opens when the command has opened its own, and signals are caught before that.
TEST_F(Pipes, ThatSayNothingYetEndWhenInterrupted) {
  const ToolRun run = run_over_pipe("@ in", "kill -INT $tool");
  EXPECT_EQ(run.status, 130);
  EXPECT_THAT(run.err, StartsWith("restitch: interrupted after 0 bytes of in\n"));
}

TEST_F(Pipes, ThatStallAreFollowedAndComparedAsFarAsTheyCame) {
  write("hello.pcap", Packets().open().add(Packets().client(101, "hello")).bytes());
  const ToolRun run =
      run_over_pipe("@ follow 0 in", "cat hello.pcap >&3; " + shows(1, "hello") + "; kill -INT $tool");
  EXPECT_EQ(run.status, 130);
  EXPECT_THAT(run.err, Not(HasSubstr("not shown")));
  EXPECT_THAT(read("out"), ::testing::EndsWith("5\nhello\n"))
      << "the closing line would say that this was all";
}

TEST_F(Pipes, ThatStallAreExtractedAsFarAsTheyCame) {
  write("hello.pcap", Packets().open().add(Packets().client(101, "hello")).bytes());
  const ToolRun run = run_over_pipe("@ extract -o d in",
                                    "cat hello.pcap >&3; " +
                                        shows(1, "hello", "d/010.000.000.001.40000-192.000.002.001.00080") +
                                        "; kill -TERM $tool");
  EXPECT_EQ(run.status, 143);
  EXPECT_THAT(run.err, Not(HasSubstr("not shown")));
  EXPECT_THAT(read("d/index.jsonl"), HasSubstr("\"end\":\"interrupted\""));
}

// Without --follow they are waited for: there the order of packets counts for more.
TEST_F(Pipes, ThatSayNothingHoldUpNoOtherThatIsFollowed) {
  write("hello.pcap", Packets().talk("hello", "world").bytes());
  const ToolRun run = run_over_pipe("mkfifo other; exec 4<>other; @ streams --json --follow other in",
                                    "cat hello.pcap >&3; " + shows(2, "40000") + "; kill -INT $tool");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.err, Not(HasSubstr("not shown")));
}

TEST_F(Pipes, AreMergedInOrderHoweverLateTheyCome) {
  write("hello.pcap", hello_world().bytes());
  const ToolRun files = run("@ streams --json hello.pcap '" + sample + "'");
  const ToolRun run =
      run_over_pipe("@ streams --json --merge-window 0 in hello.pcap", "cat '" + sample + "' >&3; exec 3>&-");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(sorted_lines(read("out")), ElementsAreArray(sorted_lines(files.out)));
}

TEST_F(Pipes, WithoutACaptureAreSaid) {
  EXPECT_THAT(run("@ - </dev/null").err, StartsWith("restitch: standard input: the file is empty\n"));
  EXPECT_THAT(run("echo some text | @ -").err,
              StartsWith("restitch: standard input: neither pcap nor pcapng: text\n"));
  EXPECT_EQ(run("head -c 20 '" + sample + "' | @ -").status, 2);
}

}  // namespace
}  // namespace restitch::testing
