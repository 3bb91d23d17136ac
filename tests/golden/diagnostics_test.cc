// Whatever becomes of the messages, and of the process around them, the work is done.
#include <gmock/gmock.h>

#include "base/sanitized.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Diagnostics : public ToolTest {
 protected:
  // The same extraction, whatever else: the files, and what the index says.
  void expect_whole(const std::string& folder) const {
    ASSERT_EQ(run("test -d whole || @ extract -o whole " + quoted_sample).status, 0);
    const ToolRun same = run("diff -r whole " + folder);
    EXPECT_EQ(same.status, 0) << same.out;
  }
};

TEST_F(Diagnostics, ThatFindNoStandardErrorEndNothing) {
  int number = 0;
  for (const char* where : {"2>/dev/full", "2>&-", "</dev/null >&- 2>&-", "<&- 2>&-", "<&- >&- 2>&-"}) {
    const std::string folder = "d" + std::to_string(++number);
    const ToolRun run = ToolTest::run("@ extract -v -o " + folder + " " + quoted_sample + " " + where);
    EXPECT_EQ(run.status, 0) << where;
    expect_whole(folder);
  }
}

// The reader is gone before the first message.
TEST_F(Diagnostics, WhosePipeIsClosedEndNothing) {
  const ToolRun run = ToolTest::run("{ while ! test -e gone; do :; done; @ extract -v -o d " + quoted_sample +
                                    "; echo $? >status; } 2>&1 >/dev/null | "
                                    "{ exec <&-; : >gone; while ! test -e status; do :; done; }");
  EXPECT_EQ(read("status"), "0\n");
  expect_whole("d");
}

// Otherwise descriptor 2 would be the index, and messages part of it.
TEST_F(Diagnostics, GoIntoNoFileWhenTheStandardStreamsWereClosed) {
  const ByteVector whole = hello_world().bytes();
  write("cut.pcap", ByteVector(whole.begin(), whole.end() - 5));
  EXPECT_EQ(run("@ extract -o d cut.pcap <&- >&- 2>&-").status, 2);
  EXPECT_EQ(run("@ extract -o e cut.pcap").status, 2);
  EXPECT_EQ(run("diff -r d e").status, 0);
  EXPECT_THAT(read("d/index.jsonl"), Not(HasSubstr("cut short")));
}

TEST_F(Diagnostics, SayThatStandardOutputWasClosed) {
  const ToolRun run = ToolTest::run("@ streams " + quoted_sample + " >&-");
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("restitch: standard output: "));
  EXPECT_EQ(ToolTest::run("@ -D >&-").status, 2);
  EXPECT_EQ(ToolTest::run("@ - <&-").status, 2);
}

TEST_F(Diagnostics, SayThatAFileMayNotGrow) {
  const ToolRun run =
      ToolTest::run("export GCOV_PREFIX=$PWD/gcov GCOV_ERROR_FILE=/dev/null\nulimit -f 24; @ extract -o d " +
                    quoted_sample);
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("File too large"));
}

// Names of files are those that a stranger gave them.
TEST_F(Diagnostics, ShowNoNameThatSteersATerminal) {
  const std::string hostile =
      "a\x1b]0;title\x07\nrestitch: \x9b"
      "31m\u202e.pcap";
  std::filesystem::create_directory(path("set"));
  write("set/" + hostile, "cut");
  write("set/good.pcap", hello_world().bytes());
  for (const std::string input : {"set", "set/*"}) {
    const ToolRun run = ToolTest::run("@ -v " + input);
    EXPECT_EQ(run.status, 2);
    const std::string odd = "\xef\xbf\xbd";
    EXPECT_THAT(run.err,
                HasSubstr("a" + odd + "]0;title" + odd + " restitch: " + odd + "31m" + odd + ".pcap"));
    EXPECT_THAT(run.err, Not(HasSubstr("\x1b")));
  }
}

#ifndef RESTITCH_SANITIZED  // a sanitizer cannot start with such a limit
// No stack of that size fits into the address space, so no thread can be made.
TEST_F(Diagnostics, ComeInPlaceOfThreadsThatCannotBeMade) {
  const std::string no_threads = "ulimit -s 100000000000 && ";
  const ToolRun whole = run("@ streams --json --threads 1 " + quoted_sample);
  const ToolRun without = run(no_threads + "@ streams --json --threads 4 " + quoted_sample);
  EXPECT_EQ(without.status, 0) << without.err;
  EXPECT_EQ(without.out, whole.out);
  const ToolRun metrics = run(no_threads + "@ --metrics 0 " + quoted_sample);
  EXPECT_EQ(metrics.status, 2);
  EXPECT_THAT(metrics.err, HasSubstr("restitch: --metrics: cannot start a thread"));
}
#endif

// The terminal goes away: the shell sends SIGHUP, and so does the system.
TEST_F(Diagnostics, AHangUpDeliversWhatWasRead) {
  const ToolRun run = ToolTest::run(
      "{ cat " + quoted_sample +
      "; : >written; while ! test -e hung_up; do :; done; } | "
      "{ exec 3<&0; @ extract -q -o d - <&3 & tool=$!; exec 3<&-; while ! test -e written; do :; done; "
      "kill -HUP $tool; kill -HUP $tool; : >hung_up; wait $tool; echo $? >status; }");
  EXPECT_NE(read("status"), "") << run.err;
  EXPECT_THAT(read("d/index.jsonl"), Not(IsEmpty()));
}

}  // namespace
}  // namespace restitch::testing
