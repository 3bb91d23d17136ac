// `restitch follow`.
#include <gmock/gmock.h>

#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Follow : public ToolTest {
 protected:
  Follow() { write("hello.pcap", hello_world().bytes()); }
};

const std::string head =
    "\n===================================================================\n"
    "Follow: tcp,FORMAT\nFilter: tcp.stream eq 0\nNode 0: 10.0.0.1:40000\nNode 1: 192.0.2.1:80\n"
    "Uid: Cfp0YqvgV4zVc1yAuV, 1:upY0XMjXSSugGqB6kcIBog/GLTQ=\n";
const std::string foot = "===================================================================\n";

std::string expected(std::string format, const std::string& data) {
  std::string text = head + data + foot;
  return text.replace(text.find("FORMAT"), 6, format);
}

TEST_F(Follow, PrintsTheFormatsOfTshark) {
  EXPECT_EQ(ToolTest::run("@ follow 0 hello.pcap").out, expected("ascii", "5\nhello\n\t5\nworld\n"));
  EXPECT_EQ(ToolTest::run("@ follow 0 -T raw hello.pcap").out, expected("raw", "68656c6c6f\n\t776f726c64\n"));
  EXPECT_EQ(ToolTest::run("@ follow 0 --format=hex hello.pcap").out,
            expected("hex",
                     "00000000  68 65 6c 6c 6f                                    hello\n"
                     "\t00000000  77 6f 72 6c 64                                    world\n"));
  EXPECT_EQ(ToolTest::run("@ follow 0 -T yaml hello.pcap").out,
            "uid: Cfp0YqvgV4zVc1yAuV\ncommunity_id: \"1:upY0XMjXSSugGqB6kcIBog/GLTQ=\"\n"
            "peers:\n  - peer: 0\n    host: 10.0.0.1\n    port: 40000\n"
            "  - peer: 1\n    host: 192.0.2.1\n    port: 80\npackets:\n"
            "  - packet: 3\n    peer: 0\n    timestamp: 1600000002.250000000\n    data: !!binary |\n      "
            "aGVsbG8=\n"
            "  - packet: 4\n    peer: 1\n    timestamp: 1600000003.250000000\n    data: !!binary |\n      "
            "d29ybGQ=\n");
}

TEST_F(Follow, KnowsOnlyTheNumbersOfTheTable) {
  const ToolRun run = ToolTest::run("@ follow 1 hello.pcap");
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.out, IsEmpty());
  EXPECT_EQ(run.err, "restitch: there is no connection 1: the last one is 0\n");
}

TEST_F(Follow, PrintsWhatATruncatedFileHoldsWithExitStatus2) {
  const ToolRun run = ToolTest::run("head -c 300 hello.pcap | @ follow 0 -");
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.out, HasSubstr("5\nhello\n"));
  EXPECT_THAT(run.err, HasSubstr("restitch: standard input: "));
}

// Under a policy that knows an end; the default one takes what comes behind a FIN too.
TEST_F(Follow, StopsReadingWhenTheConnectionIsComplete) {
  const std::string damaged = "{ cat hello.pcap; head -c 30 hello.pcap; } | @ follow 0 --receiver first ";
  const ToolRun run = ToolTest::run(damaged + "-");
  EXPECT_EQ(run.out, expected("ascii", "5\nhello\n\t5\nworld\n"));
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.status, 0);
  const ToolRun read_on = ToolTest::run(damaged + "--read-on -");
  EXPECT_EQ(read_on.out, run.out);
  EXPECT_THAT(read_on.err, HasSubstr("restitch: standard input: "));
  EXPECT_EQ(read_on.status, 2);
}

// Without the names and marks that tshark has not (FollowWriter): it lets a line of payload be any, and CR
// stand anywhere.
std::string without_marks(std::string text) {
  for (const char* const name : {"\nUid: C", "uid: C", "community_id: "}) {
    const std::size_t at = text.find(name);
    if (at < 500) text.erase(at, text.find('\n', at + 1) - at + (*name == '\n' ? 0 : 1));
  }
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool mark = text[i] == '\\' && (i == 0 || text[i - 1] == '\n');
    const bool lone = text[i] == '\r' && i + 1 < text.size() && text[i + 1] != '\n';
    if (!mark) plain += lone ? '.' : text[i];
  }
  return plain;
}

// Ours against tshark's own text, byte for byte, for connections over a link that lost and reordered.
TEST_F(Follow, AgreesWithTsharkOnTheSample) {
  if (::system("command -v tshark >/dev/null") != 0) GTEST_SKIP() << "there is no tshark here";
  for (const char* format : {"ascii", "hex", "raw", "yaml"}) {
    for (const char* number : {"1", "16"}) {
      const std::string n = number;
      const std::string f = format;
      const ToolRun theirs = ToolTest::run("tshark -n -r " + quoted_sample + " -q -z follow,tcp," + f + "," +
                                           n + " 2>/dev/null");
      ASSERT_THAT(theirs.out.size(), ::testing::Gt(500u)) << f << " " << n;
      const ToolRun ours = ToolTest::run("@ follow " + n + " -T " + f + " " + quoted_sample);
      EXPECT_TRUE(without_marks(ours.out) == without_marks(theirs.out)) << f << " " << n;
    }
  }
}

}  // namespace
}  // namespace restitch::testing
