// The table of docs/failures.md: each row is run, and says and answers what stands there.
#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <sstream>

#include "base/sanitized.h"
#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Row {
  int status = 0;
  std::string message;  // with "…" for any text; "none"
  std::string summary;  // the same; "any": nothing is said about it
};

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(' '));
  text.erase(text.find_last_not_of(' ') + 1);
  if (text.size() > 1 && text.front() == '`' && text.back() == '`') text = text.substr(1, text.size() - 2);
  return text;
}

// The rows of four cells.
std::map<std::string, Row> table() {
  std::map<std::string, Row> rows;
  std::ifstream file(RESTITCH_SOURCE_DIR "/docs/failures.md");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| ")) continue;
    std::vector<std::string> cells;
    std::istringstream parts(line.substr(1));
    for (std::string cell; std::getline(parts, cell, '|');) cells.push_back(trimmed(cell));
    if (cells.size() != 4 || cells[1] == "status") continue;
    rows[cells[0]] = {std::stoi(cells[1]), cells[2], cells[3]};
  }
  return rows;
}

// Whether a line of `text` has the pieces between "…" in their order.
bool has_line(const std::string& text, const std::string& pattern) {
  static const std::string any = "…";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::size_t at = 0;
    std::size_t from = 0;
    for (bool more = true; more && at != std::string::npos;) {
      const std::size_t end = pattern.find(any, from);
      const std::string piece = pattern.substr(from, end - from);
      at = line.find(piece, at);
      if (at != std::string::npos) at += piece.size();
      more = end != std::string::npos;
      from = end + any.size();
    }
    if (at != std::string::npos) return true;
  }
  return false;
}

bool has_summary(const std::string& text) {
  return has_line(text, "… packets, … connections") || has_line(text, "written to ");
}

class Failures : public ToolTest {
 protected:
  Failures() {
    write("hello.pcap", hello_world().bytes());
    write("empty", "");
    write("text", "some text that is no capture");
    std::filesystem::create_directory(path("folder"));
    const ByteVector whole = hello_world().bytes();
    write("cut.pcap", ByteVector(whole.begin(), whole.end() - 5));
    ByteVector odd = whole;
    std::fill(odd.begin() + 24 + 8, odd.begin() + 24 + 12, std::uint8_t{0xff});  // a record of 4 GiB
    write("odd.pcap", odd);
    Packets many(1);
    for (std::uint16_t port = 1; port <= 1500; ++port) many.port(port).talk("hello", "world");
    write("many.pcap", many.bytes());
  }

  // By their name in the table: a command line, and whether it can be run here.
  static std::map<std::string, std::string> scenarios() {
    const auto interrupted = [](const std::string& signals, const std::string& rest) {
      return "mkfifo p; @ streams --json --threads 1 many.pcap >p & tool=$!\n{ head -c 1; " + signals + "; " +
             rest + "; } <p >out; wait $tool";
    };
    return {
        {"a flag that there is not", "@ --bogus hello.pcap"},
        {"a first word that is neither a file nor a command, but like one", "@ extrct hello.pcap"},
        {"a number out of its range", "@ -c 0 hello.pcap"},
        {"a filter that libpcap refuses", "@ hello.pcap tcp prot 80"},
        {"no FILE", "@"},
        {"`follow` with a number that no connection has", "@ follow 7 hello.pcap"},
        {"a file that is not there", "@ nowhere"},
        {"an empty file", "@ empty"},
        {"a file that is no capture", "@ text"},
        {"a directory without a capture", "@ folder"},
        {"one of several files cannot be read", "@ nowhere hello.pcap"},
        {"a file that is cut short", "@ cut.pcap"},
        {"a file that contradicts itself", "@ odd.pcap hello.pcap"},
        {"a compressed file that is cut short", "gzip -c many.pcap | head -c 5000 >cut.gz; @ cut.gz"},
        {"a pipe that is cut short", "@ - <cut.pcap"},
        {"a filter that does not fit the link type", "@ hello.pcap wlan type mgt"},
        {"a sender whose name makes no sense", "@ tcp://:1"},
        {"a sender on a host that nobody knows", "@ tcp://no.such.host.invalid"},
        {"a sender that is not there", "@ tcp://127.0.0.1:1"},
        {"a web server that is not there", "@ http://127.0.0.1:1/a.pcap"},
        {"an interface that there is not", "@ -i nothing0"},
        {"^C while files are read", interrupted("kill -INT $tool", "cat")},
        {"SIGTERM while files are read", interrupted("kill -TERM $tool", "cat")},
        {"SIGHUP while files are read", interrupted("kill -HUP $tool", "cat")},
        {"^C while a pipe is read",
         "mkfifo in; @ in >out & tool=$!\nexec 3>in; cat cut.pcap >&3\n"
         "timeout 30 sh -c 'until grep -q client out; do :; done'; kill -INT $tool; wait $tool"},
        {"^C with `--follow`, or live",
         "@ --follow hello.pcap >out & tool=$!\n"
         "timeout 30 sh -c 'until grep -q client out; do :; done'; kill -INT $tool; wait $tool"},
        {"^C twice, and nobody takes the output",
         interrupted(
             "while kill -INT $tool && ! grep -q '^State:.Z' /proc/$tool/status; do :; done 2>/dev/null",
             ":")},
        {"standard output is full", "@ " + quoted_sample + " >/dev/full"},
        {"standard output is closed", "@ " + quoted_sample + " >&-"},
        {"standard output is full while much is to come",
         "@ streams --json --threads 1 many.pcap >/dev/full"},
        {"the reader of standard output is gone",
         "mkfifo p; @ streams --json many.pcap >p & tool=$!\nhead -c 1 <p; wait $tool"},
        {"`--help` to a full device", "@ --help >/dev/full"},
        {"standard error is closed or full", "@ hello.pcap 2>/dev/full && @ hello.pcap 2>&-"},
        {"the disk is full, or a file may not grow",
         "export GCOV_PREFIX=$PWD/gcov GCOV_ERROR_FILE=/dev/null\nulimit -f 24; @ extract -o d " +
             quoted_sample},
        {"the folder of `extract` cannot be made", "@ extract -o hello.pcap/d hello.pcap"},
        {"the folder of `extract` holds an extraction",
         "@ extract -q -o d hello.pcap; @ extract -o d hello.pcap"},
        {"the port of `--metrics` is taken",
         "mkfifo in; @ --metrics 0 in >out 2>where & tool=$!\nexec 3>in; cat hello.pcap >&3\n"
         "timeout 30 sh -c 'until grep -q metrics where; do :; done'\n"
         "@ --metrics $(sed 's/.*:\\([0-9]*\\).metrics/\\1/' where) hello.pcap; status=$?\n"
         "exec 3>&-; wait $tool; exit $status"},
        {"too little memory", "ulimit -v 70000; @ streams --json --memory 1G " + quoted_sample},
    };
  }
};

TEST_F(Failures, AreWhatTheTableSays) {
  const std::map<std::string, Row> rows = table();
  std::map<std::string, std::string> lines = scenarios();
#ifdef RESTITCH_SANITIZED  // it needs more address space than that
  lines.erase("too little memory");
#endif
  EXPECT_GT(rows.size(), 30u);
  for (const auto& [name, line] : lines) EXPECT_TRUE(rows.contains(name)) << name << " is not in the table";
  for (const auto& [name, row] : rows) {
    if (name == "too little memory") continue;  // below
    if (!lines.contains(name)) {
      ADD_FAILURE() << name << " has no test";
      continue;
    }
    const ToolRun run = ToolTest::run(lines.at(name));
    EXPECT_EQ(run.status, row.status) << name << "\n" << run.err;
    if (row.message == "none") {
      EXPECT_THAT(run.err, Not(HasSubstr("restitch: "))) << name;
    } else {
      EXPECT_TRUE(has_line(run.err, row.message)) << name << "\n" << run.err;
      EXPECT_THAT(run.err, ::testing::StartsWith("restitch: ")) << name;
    }
    if (row.summary == "none") {
      EXPECT_FALSE(has_summary(run.err)) << name << "\n" << run.err;
    } else {
      EXPECT_TRUE(has_line(run.err, row.summary)) << name << "\n" << run.err;
    }
    for (const char* left : {"p", "in", "out", "where"}) std::filesystem::remove(path(left));
    std::filesystem::remove_all(path("d"));
  }
}

// How much is too little depends on the build: whatever there is, all is well or it is said.
TEST_F(Failures, OfMemoryAreSaid) {
#ifdef RESTITCH_SANITIZED
  GTEST_SKIP() << "a sanitizer needs more address space than the limit gives";
#else
  for (const char* limit : {"40000", "60000", "80000", "100000"}) {
    const ToolRun run =
        ToolTest::run("ulimit -v " + std::string(limit) + "; @ streams --json " + quoted_sample);
    if (run.err.find("error while loading shared libraries") != std::string::npos) continue;
    EXPECT_THAT(run.status, ::testing::AnyOf(0, 2)) << limit << run.err;
    if (run.status == 0) continue;
    EXPECT_TRUE(has_line(run.err, table().at("too little memory").message)) << run.err;
  }
#endif
}

TEST_F(Failures, OfTheDiskLeaveASummaryThatCountsWhatIsThere) {
  // A file system of its own where that is permitted, and else a limit on the size of files.
  const bool mounts = run("unshare -rm true").status == 0;
  const std::string full = "unshare -rm sh -c 'mkdir d; mount -t tmpfs -o size=96k none d; ";
  const std::string after = "cat d/x/[0-9]* | wc -c; ls d/x | grep -c ^[0-9]";
  const std::string limited = "export GCOV_PREFIX=$PWD/gcov GCOV_ERROR_FILE=/dev/null; (ulimit -f 24; ";
  for (const std::string how : {"", "--pcap ", "--flush-interval 0 "}) {
    const std::string extract =
        "@ extract " + how + "-o d/x " RESTITCH_SOURCE_DIR "/tests/data/sample.pcapng";
    const ToolRun run = ToolTest::run(mounts ? full + extract + "; echo $?; " + after + "'"
                                             : limited + extract + "); echo $?; " + after);
    std::istringstream out(run.out);
    int status = 0;
    std::string bytes;
    std::string files;
    out >> status >> bytes >> files;
    EXPECT_EQ(status, 2) << run.err;
    EXPECT_THAT(run.err, HasSubstr(mounts ? "No space left on device" : "File too large"));
    EXPECT_THAT(run.err, HasSubstr("\n" + files + " files, " + bytes + " bytes, written to d/x\n")) << how;
    std::filesystem::remove_all(path("d"));
  }
}

}  // namespace
}  // namespace restitch::testing
