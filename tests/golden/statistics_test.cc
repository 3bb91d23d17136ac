// --stats and --metrics: what a run counts, for people and programs.
#include <gmock/gmock.h>

#include <iterator>
#include <sstream>

#include "golden/shared_captures.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class Statistics : public ToolTest {};

// The number behind `name` in the text form.
std::uint64_t value_of(const std::string& text, const std::string& name) {
  const std::size_t at = ("\n" + text).find("\n" + name + " ");
  EXPECT_NE(at, std::string::npos) << name;
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size()));
}

TEST_F(Statistics, AccountForEveryByte) {
  const std::string text = run("@ --stats text '" + sample + "'").err;
  EXPECT_EQ(value_of(text, "payload_bytes seen"), 562570u);
  EXPECT_EQ(value_of(text, "payload_bytes seen"),
            value_of(text, "payload_bytes delivered") + value_of(text, "payload_bytes duplicate") +
                value_of(text, "payload_bytes before_start") + value_of(text, "payload_bytes refused") +
                value_of(text, "payload_bytes dropped"));
  EXPECT_EQ(value_of(text, "payload_held_bytes"), 0u);
  EXPECT_EQ(value_of(text, "packets"), 1024u);
  EXPECT_EQ(value_of(text, "packets"),
            value_of(text, "segments") + value_of(text, "packets_without_segment not_tcp"));
}

TEST_F(Statistics, AreOneJsonObjectOnOneLine) {
  const ToolRun run = ToolTest::run("@ --stats json '" + sample + "'");
  EXPECT_THAT(run.err, MatchesRegex("\\{\"packets\":1024,.*\\}\n"));
  EXPECT_THAT(run.err, HasSubstr(R"("payload_bytes":{"seen":562570,)"));
  const ToolRun parsed =
      ToolTest::run("@ --stats json '" + sample + "' 2>&1 >/dev/null | python3 -m json.tool");
  EXPECT_EQ(parsed.status, 0) << parsed.err;
}

// The number in the line of the summary that ends or begins so; 0: there is none.
std::uint64_t in_summary(const std::string& text, const std::string& label) {
  const std::size_t at = ("\n" + text).find("\n" + label + ": ");
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + label.size() + 2));
}

// Or a line says by how much they do not.
TEST_F(Statistics, OfTheTableAndOfTheSummaryAddUp) {
  std::vector<std::string> captures = shared_captures({"captures"});
  captures.push_back(sample);
  for (const std::string& capture : captures) {
    const ToolRun run = ToolTest::run("@ streams --columns packets --threads 1 '" + capture + "'");
    if (run.out.empty()) continue;
    std::uint64_t packets = 0;
    std::istringstream rows(run.out);
    std::string row;
    std::getline(rows, row);
    while (std::getline(rows, row)) {
      std::istringstream words(row);
      const std::vector<std::string> columns{std::istream_iterator<std::string>(words), {}};
      packets += std::stoull(columns.at(0));
    }
    const std::size_t end = run.err.find(" TCP segments, ");
    ASSERT_NE(end, std::string::npos) << capture << run.err;
    const std::uint64_t segments = std::stoull(run.err.substr(run.err.rfind(' ', end - 1) + 1));
    EXPECT_EQ(packets + in_summary(run.err, "TCP segments of no connection, or behind its end"),
              segments + in_summary(run.err, "TCP segments that two connections count"))
        << capture << "\n"
        << run.err;
  }
}

TEST_F(Statistics, OfAnUnknownFormAreWrongUsage) {
  EXPECT_EQ(run("@ --stats xml '" + sample + "'").status, 1);
  for (const char* address : {"nowhere:", "70000", "-1", ":80", "127.0.0.1:9x"}) {
    const ToolRun run = ToolTest::run("@ --metrics " + std::string(address) + " '" + sample + "'");
    EXPECT_NE(run.status, 0) << address;
  }
}

TEST_F(Statistics, AreServedToPrometheusWhileTheRunGoesOn) {
  write("scrape.py", R"(
import re, subprocess, sys, time, urllib.error, urllib.request
tool = subprocess.Popen([sys.argv[1], "--follow", "--metrics", "0", sys.argv[2]], stderr=subprocess.PIPE,
                        stdout=subprocess.DEVNULL, text=True)
url = re.search(r"http://127\.0\.0\.1:\d+/metrics", tool.stderr.readline()).group()
page = ""
for _ in range(200):
    answer = urllib.request.urlopen(url)
    page = answer.read().decode()
    if "\nrestitch_packets_total 1024\n" in page:
        break
    time.sleep(0.05)
print(answer.headers["Content-Type"])
print(page)
try:
    urllib.request.urlopen(url + "/other")
except urllib.error.HTTPError as error:
    print("other:", error.code)
tool.terminate()
tool.stderr.read()
sys.exit(tool.wait())
)");
  const ToolRun run = ToolTest::run("python3 scrape.py @ '" + sample + "'");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(run.out, HasSubstr("# TYPE restitch_packets_total counter\nrestitch_packets_total 1024\n"));
  EXPECT_THAT(run.out, HasSubstr("restitch_packets_without_segment_total{reason=\"not_tcp\"} 2\n"));
  EXPECT_THAT(run.out, HasSubstr("# TYPE restitch_payload_held_bytes gauge\n"));
  EXPECT_THAT(run.out, HasSubstr("other: 404"));
}

}  // namespace
}  // namespace restitch::testing
