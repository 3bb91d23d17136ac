// What the command says about itself and about a wrong command line.
#include <gmock/gmock.h>

#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Usage : public ToolTest {};

TEST_F(Usage, ThatIsWrongGivesOneLineAndExitStatus1) {
  write("hello.pcap", hello_world().bytes());
  for (const char* line : {"@",
                           "@ --bogus hello.pcap",
                           "@ streams",
                           "@ extract hello.pcap",
                           "@ extract -o d --gaps=fill hello.pcap",
                           "@ extract -o d --template ../%A hello.pcap",
                           "@ extract -o d --template %z hello.pcap",
                           "@ follow hello.pcap",
                           "@ follow x hello.pcap",
                           "@ follow 0 -T html hello.pcap",
                           "@ -r",
                           "@ - -",
                           "@ --receiver nobody hello.pcap",
                           "@ --receiver 10.0.0.0/8=nobody hello.pcap",
                           "@ --receiver 10.0.0.0/99=linux hello.pcap",
                           "@ --acknowledged=soon hello.pcap",
                           "@ diff --receivers first hello.pcap",
                           "@ diff --receivers first,nobody hello.pcap",
                           "@ diff --receivers first,last,first hello.pcap",
                           "@ --pages-max 0 hello.pcap",
                           "@ --memory lots hello.pcap",
                           "@ --timeout hole hello.pcap",
                           "@ --timeout idle=-1 hello.pcap",
                           "@ --timeout nap=3 hello.pcap",
                           "@ --timeout idle=1e99 hello.pcap",
                           "@ --at-memory panic hello.pcap",
                           "@ --at-connections skip hello.pcap"}) {
    const ToolRun run = ToolTest::run(line);
    EXPECT_EQ(run.status, 1) << line;
    EXPECT_THAT(run.out, IsEmpty()) << line;
    EXPECT_THAT(run.err, StartsWith("restitch: ")) << line;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << line << "\n" << run.err;
  }
}

TEST_F(Usage, NumbersAreReadWholeOrRefused) {
  write("hello.pcap", hello_world().bytes());
  for (const char* arguments :
       {"--memory -1", "--memory 0", "--memory 99999999999999999999", "--memory 16E", "--memory nan",
        "--copies-window nan", "--copies-window=-nan", "--copies-window inf", "--follow --idle-timeout nan",
        "--merge-window nan", "-c 0", "-c -1", "-c 18446744073709551616", "-c 0x10", "--threads 4294967297",
        "--acknowledged=nan", "--timeout hole=nan"}) {
    const ToolRun run = ToolTest::run(std::string("timeout 10 @ ") + arguments + " hello.pcap");
    EXPECT_EQ(run.status, 1) << arguments;
    EXPECT_THAT(run.out, IsEmpty()) << arguments;
    EXPECT_THAT(run.err, HasSubstr("\" is no")) << arguments;
  }
  EXPECT_EQ(ToolTest::run("@ follow -1 hello.pcap").status, 1);
  EXPECT_EQ(ToolTest::run("@ follow 18446744073709551616 hello.pcap").status, 1);
  EXPECT_EQ(ToolTest::run("@ extract -o d --zeros-max -1 hello.pcap").status, 1);
  SmallCapture ten;
  for (std::uint32_t i = 0; i < 12; ++i) ten.client(100 + i, ack_flags, "x");
  write("ten.pcap", ten.bytes());
  EXPECT_THAT(ToolTest::run("@ -c 010 ten.pcap").err, HasSubstr("\n10 packets"));  // not eight
  for (const char* size : {"64M", "64mb", "65536k", "67108864", "67108864B", "1GiB"}) {
    EXPECT_EQ(ToolTest::run(std::string("@ --memory ") + size + " hello.pcap").status, 0) << size;
  }
}

TEST_F(Usage, ErrorsNameTheReceiversThereAre) {
  const ToolRun run = ToolTest::run("@ --receiver nobody x");
  EXPECT_THAT(run.err, HasSubstr("gopacket"));
  EXPECT_THAT(run.err, HasSubstr("capture"));
}

TEST_F(Usage, IsExplainedWithExamplesOnStandardOutput) {
  const ToolRun run = ToolTest::run("@ --help");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.err, IsEmpty());
  for (const char* what :
       {"Usage: restitch", "streams", "extract", "follow", "diff", "Examples:", "Exit status"}) {
    EXPECT_THAT(run.out, HasSubstr(what));
  }
  for (const char* command : {"streams", "extract", "follow", "diff"}) {
    const ToolRun help = ToolTest::run("@ " + std::string(command) + " --help");
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.out, HasSubstr("Usage: restitch " + std::string(command)));
  }
}

TEST_F(Usage, HelpFitsATerminal) {
  for (const char* command : {"", "streams", "extract", "follow", "diff"}) {
    std::istringstream lines(ToolTest::run("@ " + std::string(command) + " --help").out);
    for (std::string text; std::getline(lines, text);) EXPECT_LE(text.size(), 110u) << text;
  }
}

TEST_F(Usage, VersionNamesTheLibraries) {
  const ToolRun run = ToolTest::run("@ --version");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, StartsWith("restitch "));
  for (const char* library : {"libpcap version", "zlib version", "zstd version", "lz4 version", "OpenSSL"}) {
    EXPECT_THAT(run.out, HasSubstr(library));
  }
}

}  // namespace
}  // namespace restitch::testing
