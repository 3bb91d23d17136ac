// `restitch FILE` and `restitch streams`.
#include <gmock/gmock.h>

#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Streams : public ToolTest {};

TEST_F(Streams, ShowATableOnStandardOutputAndTheSummaryOnTheOther) {
  write("hello.pcap", hello_world().bytes());
  const ToolRun run = ToolTest::run("@ hello.pcap");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out,
            "# start    client             server       bytes-> <-bytes gaps pkts  secs ! end\n"
            "0 12:26:40 10.0.0.1:40000 ->  192.0.2.1:80       5       5    0    6 5.000   fin\n");
  EXPECT_EQ(run.err,
            "payload bytes: 10 seen, 10 delivered, 0 duplicate, 0 before the start, 0 refused, 0 dropped\n"
            "6 packets, 6 TCP segments, 1 connections\n");
}

TEST_F(Streams, PrintAJsonObjectForEachDirection) {
  write("hello.pcap", hello_world().bytes());
  const ToolRun run = ToolTest::run("@ streams --json hello.pcap");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(
      run.out,
      R"({"connection":0,"uid":"Cfp0YqvgV4zVc1yAuV","community_id":"1:upY0XMjXSSugGqB6kcIBog/GLTQ=",)"
      R"("src":"10.0.0.1:40000","dst":"192.0.2.1:80","client":"10.0.0.1:40000","bytes":5,)"
      R"("sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","gaps":[],)"
      R"("first_seen":1600000000.250000000,"last_seen":1600000004.250000000,"packets":3,"end":"fin","events":{}})"
      "\n"
      R"({"connection":0,"uid":"Cfp0YqvgV4zVc1yAuV","community_id":"1:upY0XMjXSSugGqB6kcIBog/GLTQ=",)"
      R"("src":"192.0.2.1:80","dst":"10.0.0.1:40000","client":"10.0.0.1:40000","bytes":5,)"
      R"("sha256":"486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7","gaps":[],)"
      R"("first_seen":1600000001.250000000,"last_seen":1600000005.250000000,"packets":3,"end":"fin","events":{}})"
      "\n");
}

TEST_F(Streams, NameTheReasonsForWhichPacketsGaveNoSegment) {
  const ToolRun run = ToolTest::run("@ '" + sample + "'");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.err, HasSubstr("packets without a segment: 2 not_tcp\n"));
  EXPECT_THAT(run.err, EndsWith("1024 packets, 1022 TCP segments, 26 connections\n"));
}

TEST_F(Streams, AreTheSameFromAPipeAndFromAFile) {
  const ToolRun file = ToolTest::run("@ streams --json '" + sample + "'");
  const ToolRun pipe = ToolTest::run("cat '" + sample + "' | @ streams --json -");
  EXPECT_EQ(pipe.status, 0);
  EXPECT_THAT(file.out, HasSubstr("192.0.2.2:80"));
  EXPECT_EQ(pipe.out, file.out);
  EXPECT_EQ(pipe.err, file.err);
}

TEST_F(Streams, AreTheSameFromACompressedFile) {
  const ToolRun file = ToolTest::run("@ streams --json '" + sample + "'");
  const ToolRun packed = ToolTest::run("gzip -c '" + sample + "' >s.gz && @ streams --json s.gz");
  EXPECT_EQ(packed.status, 0);
  EXPECT_EQ(packed.out, file.out);
}

TEST_F(Streams, ContinueFromOneFileToTheNext) {
  write("1.pcap", SmallCapture().client(99, syn_flags).client(100, ack_flags, "hel").bytes());
  write("2.pcap", SmallCapture().client(103, ack_flags, "lo").bytes());
  for (const char* line : {"@ streams --json 1.pcap 2.pcap", "@ streams --json -r 1.pcap -r 2.pcap"}) {
    const ToolRun run = ToolTest::run(line);
    EXPECT_EQ(run.status, 0);
    EXPECT_THAT(run.out,
                HasSubstr(R"("bytes":5,"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e7304)"));
  }
}

TEST_F(Streams, OfATruncatedFileAreWhatCouldBeReadAndTheExitStatusIs2) {
  write("hello.pcap", hello_world().bytes());
  const ToolRun run = ToolTest::run("head -c -7 hello.pcap >cut.pcap; @ streams --json cut.pcap");
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.out, HasSubstr(R"("bytes":5)"));
  EXPECT_THAT(run.err, HasSubstr("restitch: cut.pcap: "));
  EXPECT_THAT(run.err, HasSubstr("inputs not read to their end: 1\n"));
}

TEST_F(Streams, GoOnWithTheNextFileWhenOneCannotBeRead) {
  write("hello.pcap", hello_world().bytes());
  write("junk", "this is no capture, is it? 0123456789");
  const ToolRun run = ToolTest::run("@ streams --json nowhere.pcap junk hello.pcap");
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("restitch: nowhere.pcap: No such file or directory\n"));
  EXPECT_THAT(run.err, HasSubstr("restitch: junk: "));
  EXPECT_THAT(run.out, HasSubstr(R"("bytes":5)"));
}

TEST_F(Streams, AreDeliveredAtTheEndAlsoWhenTheyWereJoinedInTheMiddle) {
  write("mid.pcap", SmallCapture().client(5000, ack_flags, "hel").client(5003, ack_flags, "lo").bytes());
  const ToolRun run = ToolTest::run("@ streams --json mid.pcap");
  EXPECT_THAT(run.out, HasSubstr(R"("client":null,"bytes":5,"sha256":"2cf24dba5f)"));
  EXPECT_THAT(ToolTest::run("@ mid.pcap").out, HasSubstr(" <-> "));
}

TEST_F(Streams, WithAllIncludeDirectionsWithoutPayload) {
  write("syn.pcap", SmallCapture().client(99, syn_flags).bytes());
  EXPECT_THAT(ToolTest::run("@ streams --json syn.pcap").out, IsEmpty());
  const ToolRun all = ToolTest::run("@ streams --json --all syn.pcap");
  EXPECT_EQ(std::count(all.out.begin(), all.out.end(), '\n'), 2);
}

TEST_F(Streams, AskedToBeQuietSayNothingButErrors) {
  write("hello.pcap", hello_world().bytes());
  EXPECT_THAT(ToolTest::run("@ -q hello.pcap").err, IsEmpty());
  EXPECT_THAT(ToolTest::run("@ -q nowhere").err, HasSubstr("nowhere: No such file"));
}

TEST_F(Streams, DieQuietlyWhenTheirReaderGoes) {
  const ToolRun run =
      ToolTest::run("(trap '' PIPE; @ -q '" + sample + "'; echo $? >status) | true; cat status");
  EXPECT_EQ(run.out, "141\n");  // as a shell tells SIGPIPE
  EXPECT_THAT(run.err, IsEmpty());
}

TEST_F(Streams, SayWhenStandardOutputIsFull) {
  const ToolRun run = ToolTest::run("@ -q '" + sample + "' >/dev/full");
  EXPECT_EQ(run.status, 2);
  EXPECT_EQ(run.err, "restitch: standard output: No space left on device\n");
}

TEST_F(Streams, AreFlushedOnTheFirstInterrupt) {
  write("hello.pcap", hello_world().bytes());
  // The pipe stays open, so the tool would wait for ever.
  const ToolRun run = ToolTest::run(
      "mkfifo pipe; (cat hello.pcap; sleep 60) >pipe & feeder=$!\n"
      "@ streams --json - <pipe & tool=$!\n"
      "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; done; kill -TERM $tool; wait $tool; echo exit $?\n"
      "kill $feeder");
  EXPECT_THAT(run.out, EndsWith("exit 143\n"));
  EXPECT_THAT(run.out, HasSubstr(R"("bytes":5,"sha256":"486ea46224d1bb)"));
  EXPECT_THAT(run.err, Not(HasSubstr("cut short")));
}

}  // namespace
}  // namespace restitch::testing
