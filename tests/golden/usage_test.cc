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

TEST_F(Usage, ErrorsSayInAShortLineWhatWouldBeRight) {
  write("hello.pcap", hello_world().bytes());
  const std::pair<const char*, const char*> errors[] = {
      {"@ -c 0 hello.pcap", "--count: \"0\" is no whole number from 1 up"},
      {"@ follow -1 hello.pcap", "N: \"-1\" is no number of the table, as in: restitch follow 0 FILE"},
      {"@ follow hello.pcap", "N: \"hello.pcap\" is no number of the table, as in: restitch follow 0 FILE"},
      {"@ follow -T hex hello.pcap",
       "N: \"hello.pcap\" is no number of the table, as in: restitch follow 0 FILE"},
      {"@ follow 0 -T html hello.pcap", "--format: \"html\" is none of ascii, hex, raw, yaml"},
      {"@ --stats foo hello.pcap", "--stats: \"foo\" is none of summary, text, json"},
      {"@ --backend foo -i lo", "--backend: \"foo\" is none of auto, libpcap, ring"},
      {"@ --fragments foo hello.pcap", "--fragments: \"foo\" is none of first, last, bsd, old-linux, linux"},
      {"@ --checksums foo hello.pcap", "--checksums: \"foo\" is none of auto, verify, ignore"},
      {"@ --at-memory foo hello.pcap", "--at-memory: \"foo\" is none of skip, evict, ignore"},
      {"@ --at-connections foo hello.pcap", "--at-connections: \"foo\" is none of evict, ignore"},
      {"@ extract -o d --gaps fill hello.pcap", "--gaps: \"fill\" is none of skip, zero, stop"},
      {"@ --history lots hello.pcap", "--history: \"lots\" is no size such as 512M or 4G"},
      {"@ --metrics http hello.pcap",
       "--metrics: \"http\" is not [ADDRESS:]PORT, as in 9191 or 0.0.0.0:9191"},
      {"@ follow 7 hello.pcap", "there is no connection 7: the last one is 0"},
  };
  for (const auto& [line, what] : errors) {
    const ToolRun run = ToolTest::run(line);
    EXPECT_EQ(run.status, 1) << line;
    EXPECT_THAT(run.err, StartsWith("restitch: " + std::string(what))) << line;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_LT(run.err.size(), 150u) << run.err;
  }
}

TEST_F(Usage, ThatIsExplainedToAFullDeviceFails) {
  for (const char* line : {"@ --help", "@ follow --help", "@ --version"}) {
    const ToolRun run = ToolTest::run(std::string(line) + " >/dev/full");
    EXPECT_EQ(run.status, 2) << line;
    EXPECT_EQ(run.err, "restitch: standard output: No space left on device\n");
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
  for (const char* what : {"Usage: restitch", "streams", "extract", "follow", "diff", "log", "Examples:"}) {
    EXPECT_THAT(run.out, HasSubstr(what));
  }
  for (const std::string command : {"extract", "follow", "diff", "log"}) {
    const ToolRun help = ToolTest::run("@ " + command + " --help");
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.out, HasSubstr("Usage: restitch " + command));
    EXPECT_THAT(help.out, HasSubstr("\nExamples:\n  restitch " + command));
    EXPECT_EQ(ToolTest::run("@ help " + command).out, help.out);
  }
  EXPECT_EQ(ToolTest::run("@ help").out, run.out);
}

TEST_F(Usage, TheShortHelpFitsAScreenAndTheLongOneItsWidth) {
  constexpr long rows = 24;
  constexpr std::size_t columns = 80;
  for (const std::string command : {"", "streams", "extract", "follow", "diff", "log", "har", "batch"}) {
    const std::string text = ToolTest::run("@ " + command + " --help").out;
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), rows) << text;
    std::istringstream lines(text + ToolTest::run("@ " + command + " --help-all").out);
    for (std::string line; std::getline(lines, line);) {
      // Characters, of which all but ASCII have further bytes.
      const auto further = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) == 0x80; });
      EXPECT_LE(line.size() - static_cast<std::size_t>(further), columns) << line;
    }
  }
}

TEST_F(Usage, AllFlagsAreExplainedInGroups) {
  const std::string text = ToolTest::run("@ --help-all").out;
  std::size_t at = 0;
  for (const char* group :
       {"Output", "Choosing", "Input", "Live capture", "Decoding", "Reassembly", "Limits", "General"}) {
    const std::size_t found = text.find("\n" + std::string(group) + ":\n");
    ASSERT_NE(found, std::string::npos) << group;
    EXPECT_GT(found, at) << group;
    at = found;
  }
  EXPECT_THAT(text, HasSubstr("Exit status: 0 all well"));
  EXPECT_THAT(text,
              HasSubstr("\n  -s, --snaplen BYTES=262144  Bytes kept"));  // and not the range it has to be in
  EXPECT_THAT(text, HasSubstr("\n      --metrics [ADDRESS:]PORT\n"));
  EXPECT_THAT(text, HasSubstr("\nGeneral:\n  -h, --help  "));
  EXPECT_THAT(ToolTest::run("@ extract --help-all").out, HasSubstr("\n      --zeros-max SIZE=64M    With"));
  EXPECT_THAT(ToolTest::run("@ follow --help").out, HasSubstr("\n  N  "));
}

TEST_F(Usage, WhatIsMistypedIsToldWithWhatIsMeant) {
  write("hello.pcap", hello_world().bytes());
  const std::pair<const char*, const char*> errors[] = {
      {"@ extrct -o d hello.pcap",
       "extrct: there is no such command, and no such file; did you mean extract? (try restitch --help)"},
      {"@ extract --outptu d hello.pcap",
       "--outptu: extract has no such flag; did you mean --output? (try restitch extract --help)"},
      {"@ --jsn hello.pcap",
       "--jsn: streams has no such flag; did you mean --json? (try restitch streams --help)"},
      {"@ diff --gaps=zero hello.pcap",
       "--gaps: diff has no such flag; extract has it (try restitch diff --help)"},
      {"@ --pcap d hello.pcap",
       "--pcap: streams has no such flag; extract and grep have it (try restitch streams --help)"},
      {"@ --bogus hello.pcap", "--bogus: streams has no such flag (try restitch streams --help)"},
  };
  for (const auto& [line, what] : errors) {
    const ToolRun run = ToolTest::run(line);
    EXPECT_EQ(run.status, 1) << line;
    EXPECT_THAT(run.out, IsEmpty()) << line;
    EXPECT_EQ(run.err, "restitch: " + std::string(what) + "\n") << line;
  }
  write("extrct", hello_world().bytes());
  EXPECT_EQ(ToolTest::run("@ extrct").status, 0);  // a file it is
}

TEST_F(Usage, TheShellsAreToldWhatMayStandNext) {
  EXPECT_EQ(ToolTest::run("@ __complete follow -T ''").out,
            "nothing\nascii\t\nhex\t\nraw\t\nyaml\t\nbytes\t\nhttp\t\n");
  EXPECT_THAT(ToolTest::run("@ __complete -i l").out,
              ::testing::AllOf(StartsWith("interfaces\n"), HasSubstr("lo\t")));
  EXPECT_EQ(ToolTest::run("@ __complete follow -T '' >/dev/full").status, 2);
}

TEST_F(Usage, VersionNamesTheLibraries) {
  const ToolRun run = ToolTest::run("@ --version");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, StartsWith("restitch "));
  for (const char* library : {"libpcap version", "zlib version", "zstd version", "lz4 version", "OpenSSL",
                              "llhttp", "nghttp2", "brotli", "hyperscan"}) {
    EXPECT_THAT(run.out, HasSubstr(library));
  }
}

}  // namespace
}  // namespace restitch::testing
