// `restitch extract`.
#include <gmock/gmock.h>

#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string sent_by_client = "d/010.000.000.001.40000-192.000.002.001.00080";
const std::string sent_by_server = "d/192.000.002.001.00080-010.000.000.001.40000";

class Extract : public ToolTest {
 protected:
  Extract() {
    write("hello.pcap", hello_world().bytes());
    write("gap.pcap", SmallCapture()
                          .client(99, syn_flags)
                          .client(100, ack_flags, "ab")
                          .client(104, ack_flags, "ef")
                          .bytes());
  }
};

TEST_F(Extract, WritesFilesAndAnIndexAndNothingOnStandardOutput) {
  const ToolRun run = ToolTest::run("@ extract -o d hello.pcap; echo $?; ls d");
  EXPECT_EQ(run.out,
            "0\n010.000.000.001.40000-192.000.002.001.00080\n192.000.002.001.00080-010.000.000.001.40000\n"
            "index.jsonl\n");
  EXPECT_EQ(read(sent_by_client), "hello");
  EXPECT_EQ(read(sent_by_server), "world");
  EXPECT_THAT(run.err, HasSubstr("2 files, 10 bytes, written to d\n"));
  EXPECT_THAT(run.err, EndsWith("6 packets, 6 TCP segments, 1 connections\n"));
}

TEST_F(Extract, TreatsGapsAsAsked) {
  EXPECT_EQ(ToolTest::run("@ extract -o d gap.pcap").status, 0);
  EXPECT_EQ(read(sent_by_client), "abef");
  EXPECT_EQ(ToolTest::run("rm -r d; @ extract -o d --gaps=skip gap.pcap").status, 0);
  EXPECT_EQ(read(sent_by_client), "abef");
  EXPECT_EQ(ToolTest::run("rm -r d; @ extract -o d --gaps=zero gap.pcap").status, 0);
  EXPECT_EQ(read(sent_by_client), std::string("ab\0\0ef", 6));
  EXPECT_EQ(ToolTest::run("rm -r d; @ extract -o d --gaps stop gap.pcap").status, 0);
  EXPECT_EQ(read(sent_by_client), "ab");
}

TEST_F(Extract, SaysWhenZerosWouldBeTooMany) {
  const ToolRun run = ToolTest::run("@ extract -o d --gaps=zero --zeros-max=1 gap.pcap");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.err,
              HasSubstr("gaps left out, not filled with zeros (--zeros-max, --zeros-total-max): 1\n"));
  EXPECT_EQ(read(sent_by_client), "abef");
}

TEST_F(Extract, NamesFilesByTemplate) {
  EXPECT_EQ(ToolTest::run("@ extract -o d --template '%A/%a-%t' hello.pcap").status, 0);
  EXPECT_EQ(read("d/010.000.000.001/40000-1600000000"), "hello");
  EXPECT_EQ(read("d/192.000.002.001/00080-1600000001"), "world");
}

TEST_F(Extract, RefusesAFolderOfAnEarlierExtraction) {
  ASSERT_EQ(ToolTest::run("@ extract -o d hello.pcap").status, 0);
  const ToolRun again = ToolTest::run("@ extract -o d gap.pcap");
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.err, HasSubstr("restitch: d/index.jsonl is there already"));
  EXPECT_EQ(read(sent_by_client), "hello");
}

TEST_F(Extract, LeavesFilesThatAreThereAlone) {
  EXPECT_EQ(ToolTest::run("mkdir d; echo mine >" + sent_by_client + "; @ extract -o d hello.pcap").status, 0);
  EXPECT_EQ(read(sent_by_client), "mine\n");
  EXPECT_EQ(read(sent_by_client + "c1"), "hello");
}

TEST_F(Extract, FollowsNoLinkInTheFolder) {
  const ToolRun file =
      ToolTest::run("mkdir d; ln -s ../victim " + sent_by_client + "; @ extract -o d hello.pcap");
  EXPECT_EQ(file.status, 0);
  EXPECT_THAT(read("victim"), IsEmpty());
  const ToolRun folder = ToolTest::run(
      "mkdir e elsewhere; ln -s ../elsewhere e/010.000.000.001\n"
      "@ extract -q -o e --template %A/%a hello.pcap; echo $?; ls elsewhere");
  EXPECT_EQ(folder.out, "2\n");
  EXPECT_THAT(folder.err, HasSubstr("a symbolic link"));
}

TEST_F(Extract, DeliversWhatATruncatedFileHoldsWithExitStatus2) {
  EXPECT_EQ(ToolTest::run("head -c 300 hello.pcap >cut.pcap; @ extract -o d cut.pcap").status, 2);
  EXPECT_EQ(read(sent_by_client), "hello");
}

TEST_F(Extract, ManagesTwoThousandStreamsWithThirtyTwoDescriptors) {
  SmallCapture many;
  for (std::uint16_t port = 1; port <= 2000; ++port) many.client(99, syn_flags, {}, port);
  for (std::uint16_t port = 1; port <= 2000; ++port) many.client(100, ack_flags, "first,", port);
  for (std::uint16_t port = 1; port <= 2000; ++port) many.client(106, ack_flags, std::to_string(port), port);
  write("many.pcap", many.bytes());
  const ToolRun run = ToolTest::run("ulimit -n 32; @ extract -q -o d many.pcap; echo $?; ls d | wc -l");
  EXPECT_EQ(run.out, "0\n2001\n") << run.err;
  EXPECT_EQ(read("d/010.000.000.001.00001-192.000.002.001.00080"), "first,1");
  EXPECT_EQ(read("d/010.000.000.001.02000-192.000.002.001.00080"), "first,2000");
}

TEST_F(Extract, SaysWhenAFileCannotGrow) {
  SmallCapture large;
  large.client(99, syn_flags);
  const std::string piece(1000, 'x');
  for (std::uint32_t i = 0; i < 100; ++i) large.client(100 + 1000 * i, ack_flags, piece);
  write("large.pcap", large.bytes());
  // A limit on the size of files stands for a full disk; a build that counts coverage has files of its own.
  const ToolRun run = ToolTest::run(
      "export GCOV_PREFIX=$PWD/gcov GCOV_ERROR_FILE=/dev/null\n"
      "trap '' XFSZ; ulimit -f 8; @ extract -q -o d large.pcap 2>&1; echo $?");
  EXPECT_EQ(run.out, "restitch: " + sent_by_client +
                         ": File too large\nrestitch: stopped reading at 99 % of large.pcap\n2\n");
}

// Reads a capture that grows, and waits for what has to come without its end: this test takes as long as that
// does, and fails after a while.
TEST_F(Extract, WritesWhatItHasAndTellsOfADirectionThatHasEndedBeforeTheConnectionDoes) {
  SmallCapture half;
  half.client(99, syn_flags).server(299, syn_ack_flags).client(100, ack_flags, "hello");
  half.client(105, fin_ack_flags).server(300, ack_flags, "world");
  write("half.pcap", half.bytes());
  for (const std::string how : {"", "--pcap "}) {
    const std::string folder = how.empty() ? "d" : "e";
    const std::string file =
        folder + (how.empty() ? sent_by_server.substr(1) : sent_by_client.substr(1) + ".pcapng");
    const ToolRun run = ToolTest::run("@ extract --follow " + how + "-o " + folder +
                                      " half.pcap & tool=$!\n"
                                      "timeout 30 sh -c 'until grep -q world " +
                                      file + " && grep -q client " + folder +
                                      "/index.jsonl; do :; done'; kill -9 $tool; wait $tool; echo $?");
    EXPECT_EQ(run.out, "137\n") << run.err;
    EXPECT_THAT(read(file), HasSubstr("world"));
    const std::string index = read(folder + "/index.jsonl");
    EXPECT_EQ(std::count(index.begin(), index.end(), '\n'), 1) << index;
    EXPECT_THAT(index, HasSubstr(R"("src":"10.0.0.1:40000")"));
    EXPECT_THAT(index, HasSubstr(R"("end":"fin")"));
  }
  EXPECT_EQ(read(sent_by_client), "hello");
  EXPECT_THAT(read("d/index.jsonl"), HasSubstr(R"("file_size":5,"runs":[[0,0,5,)"));
}

TEST_F(Extract, TellsOfADirectionOnceAndOfAResetAsOfTheWholeConnection) {
  write("late.pcap", Packets().talk("hello", "world").bytes());
  const std::string follow = "@ extract --follow --idle-timeout 0.1 -o ";
  EXPECT_EQ(run(follow + "f late.pcap").status, 0);
  EXPECT_EQ(run("grep -c . f/index.jsonl").out, "2\n") << read("f/index.jsonl");
  // Whatever comes behind a reset, the end of the connection says how it was.
  write("reset.pcap", SmallCapture()
                          .client(99, syn_flags)
                          .server(299, syn_ack_flags)
                          .client(100, ack_flags, "hello")
                          .server(300, TcpFlags{0x14})
                          .bytes());
  EXPECT_EQ(run(follow + "g reset.pcap").status, 0);
  EXPECT_THAT(read("g/index.jsonl"), HasSubstr(R"("end":"rst")"));
  EXPECT_EQ(run("grep -c . g/index.jsonl").out, "1\n");
}

TEST_F(Extract, AgreesWithTcpflowOnNamesAndBytes) {
  if (::system("command -v tcpflow >/dev/null") != 0) GTEST_SKIP() << "there is no tcpflow here";
  const ToolRun run =
      ToolTest::run("tcpflow -r '" RESTITCH_SOURCE_DIR
                    "/tests/data/sample.pcapng' -o theirs >/dev/null 2>&1; rm theirs/report.xml\n"
                    "@ extract -q -o ours '" RESTITCH_SOURCE_DIR
                    "/tests/data/sample.pcapng'; rm ours/index.jsonl\n"
                    "ls ours | wc -l; diff -r ours theirs");
  EXPECT_EQ(run.out, "52\n");
}

}  // namespace
}  // namespace restitch::testing
