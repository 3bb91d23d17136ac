// `restitch grep`: lines, counts and connections, as a user gets them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

class Grep : public ToolTest {
 protected:
  Grep() {
    write("a.pcap", SmallCapture()
                        .client(99, syn_flags)
                        .server(299, syn_ack_flags)
                        .client(100, ack_flags, "GET /sec")
                        .client(108, ack_flags, "ret.php HTTP/1.1\r\nHost: a\r\n\r\n")
                        .server(300, ack_flags, "HTTP/1.1 200 OK\r\n\r\nsecret")
                        .client(138, fin_ack_flags)
                        .server(325, fin_ack_flags)
                        .client(500, ack_flags, "nothing", 40001)
                        .server(700, ack_flags, "here", 40001)
                        .bytes());
  }

  static std::vector<Json> rows(const std::string& text) {
    std::vector<Json> found;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) found.push_back(Json::parse(line));
    return found;
  }
};

TEST_F(Grep, PrintsLinesAcrossPackets) {
  const ToolRun run = ToolTest::run("@ grep secret a.pcap");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out,
            "0 10.0.0.1:40000 > 192.0.2.1:80 0: GET /secret.php HTTP/1.1\n"
            "0 192.0.2.1:80 > 10.0.0.1:40000 19: secret\n");
  EXPECT_THAT(run.err, IsEmpty());
}

TEST_F(Grep, HasTheExitStatusOfGrep) {
  EXPECT_EQ(run("@ grep secret a.pcap").status, 0);
  EXPECT_EQ(run("@ grep nowhere a.pcap").status, 1);
  EXPECT_EQ(run("@ grep '(a' a.pcap").status, 2);
  EXPECT_EQ(run("@ grep secret not-there.pcap").status, 2);
  EXPECT_EQ(run("@ grep").status, 2);
  EXPECT_EQ(run("@ grep --nothing a a.pcap").status, 2);
  EXPECT_EQ(run("@ grep -q secret a.pcap").status, 0);
  EXPECT_EQ(run("@ grep -q nowhere a.pcap").status, 1);
  EXPECT_THAT(run("@ grep -q secret a.pcap").out, IsEmpty());
  EXPECT_EQ(run("head -c -3 a.pcap >cut.pcap; @ grep secret cut.pcap").status, 2);
  EXPECT_EQ(run("head -c -3 a.pcap >cut.pcap; @ grep -q secret cut.pcap").status, 0);
}

TEST_F(Grep, StopsReadingAtTheFirstMatchWhenNothingIsPrinted) {
  const std::string endless = "{ cat a.pcap; until test -e found; do sleep 0.01; done; }";
  EXPECT_EQ(run(endless + " | { @ grep -q secret -; echo $? >status; : >found; }; cat status").out, "0\n");
}

TEST_F(Grep, SaysInOneLineWhatIsWrong) {
  EXPECT_EQ(run("@ grep '(a)\\1' a.pcap").err, "restitch: \"(a)\\1\": back-references are unsupported\n");
  EXPECT_THAT(run("@ grep a --client --server a.pcap").err,
              HasSubstr("--client, --server: it is one of them"));
  EXPECT_THAT(run("@ grep -C 3b -o a a.pcap").err, HasSubstr("-o: it prints what matches, without context"));
  EXPECT_THAT(run("@ grep -C many a a.pcap").err, HasSubstr("\"many\" is no number of lines"));
  EXPECT_THAT(run("@ grep -c -l a a.pcap").err, HasSubstr("it is one of them"));
  EXPECT_THAT(run("@ grep -f not-there a.pcap").err, HasSubstr("not-there: cannot read the patterns"));
  EXPECT_THAT(run("cat a.pcap | @ grep --pcap b.pcapng a -").err, HasSubstr("the inputs are read twice"));
}

TEST_F(Grep, TakesPatternsFromSeveralPlaces) {
  EXPECT_EQ(run("printf 'Host\\n\\n200\\n' >list; @ grep -c -f list a.pcap").out,
            "0 10.0.0.1:40000 > 192.0.2.1:80: 1\n0 192.0.2.1:80 > 10.0.0.1:40000: 1\n");
  EXPECT_EQ(run("@ grep -o --no-head -e here -e 'GET [^ ]+' a.pcap").out, "GET /secret.php\nhere\n");
  EXPECT_EQ(run("@ grep -o --no-head -iF SECRET.PHP a.pcap").out, "secret.php\n");
  EXPECT_EQ(run("@ grep -o --no-head -w 'H[a-z]+' a.pcap").out, "Host\n");
  EXPECT_EQ(run("@ grep -o --no-head '[0-9]{3}' --server a.pcap").out, "200\n");
}

TEST_F(Grep, ListsConnectionsAndDirections) {
  EXPECT_EQ(run("@ grep -l secret a.pcap").out, "0 10.0.0.1:40000 -> 192.0.2.1:80\n");
  EXPECT_EQ(run("@ grep -L secret a.pcap").out, "1 10.0.0.1:40001 -> 192.0.2.1:80\n");
  EXPECT_EQ(run("@ grep -v here a.pcap").out,
            "0 10.0.0.1:40000 > 192.0.2.1:80\n0 192.0.2.1:80 > 10.0.0.1:40000\n"
            "1 10.0.0.1:40001 > 192.0.2.1:80\n");
  EXPECT_EQ(run("@ grep -c e --where 'connection 1' a.pcap").out, "1 192.0.2.1:80 > 10.0.0.1:40001: 2\n");
  EXPECT_EQ(run("@ grep e --no-head --connection 1 a.pcap").out, "here\n");
  EXPECT_EQ(run("cat a.pcap | @ grep -l e --where 'connection 1' -").out,
            "1 10.0.0.1:40001 -> 192.0.2.1:80\n");
}

TEST_F(Grep, FindsAnAnswerToAMatch) {
  const ToolRun run = ToolTest::run("@ grep 'GET /' --then '200 OK' a.pcap");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out,
            "0 10.0.0.1:40000 > 192.0.2.1:80 0: GET /secret.php HTTP/1.1\n"
            "0 192.0.2.1:80 > 10.0.0.1:40000 0: HTTP/1.1 200 OK\n");
  EXPECT_EQ(ToolTest::run("@ grep '200 OK' --then 'GET /' a.pcap").status, 1);
  EXPECT_EQ(ToolTest::run("@ grep 'GET /' --then '200 OK' --server a.pcap").status, 1);
  EXPECT_EQ(ToolTest::run("@ grep -c 'GET /' --then '200 OK' a.pcap").out,
            "0 10.0.0.1:40000 > 192.0.2.1:80: 1\n");
  EXPECT_EQ(ToolTest::run("@ grep -l 'GET /' --then '200 OK' a.pcap").out,
            "0 10.0.0.1:40000 -> 192.0.2.1:80\n");
}

TEST_F(Grep, ShowsContextAsGrepDoes) {
  EXPECT_EQ(run("@ grep -A1 'GET' a.pcap").out,
            "0 10.0.0.1:40000 > 192.0.2.1:80 0: GET /secret.php HTTP/1.1\n"
            "0 10.0.0.1:40000 > 192.0.2.1:80 26- Host: a\n");
  EXPECT_EQ(run("@ grep -B1 Host --no-head a.pcap").out, "GET /secret.php HTTP/1.1\nHost: a\n");
  EXPECT_EQ(run("@ grep -C 2b php --no-head a.pcap").out, "t.php H\n");
  EXPECT_THAT(run("@ grep --color=always php --no-head a.pcap").out, HasSubstr("\033[01;31mphp\033[0m"));
  EXPECT_THAT(run("@ grep php a.pcap").out, Not(HasSubstr("\033")));
}

TEST_F(Grep, NeverPrintsAControlCharacter) {
  write("b.pcap", SmallCapture().client(1, ack_flags, std::string("\033[2J\0key\x9b\xff", 10)).bytes());
  EXPECT_EQ(run("@ grep key --no-head b.pcap").out, ".[2J.key..\n");
  EXPECT_EQ(run("@ grep -o '.[[]2J' --no-head b.pcap").out, ".[2J\n");
  EXPECT_THAT(run("@ grep --json '.[[]2J' b.pcap").out,
              HasSubstr("\"match\":\"\\u001b[2J\",\"hex\":\"1b5b324a\""));
}

TEST_F(Grep, TellsEachMatchAsJson) {
  const auto found = rows(run("@ grep --json -e 'secret[.]php' -e OK a.pcap").out);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0]["connection"], 0);
  EXPECT_EQ(found[0]["src"], "10.0.0.1:40000");
  EXPECT_EQ(found[0]["direction"], "client");
  EXPECT_EQ(found[0]["offset"], 5);
  EXPECT_EQ(found[0]["size"], 10);
  EXPECT_EQ(found[0]["packet"], 4);
  EXPECT_EQ(found[0]["pattern"], "secret[.]php");
  EXPECT_EQ(found[0]["match"], "secret.php");
  EXPECT_EQ(found[0]["uid"].get<std::string>().size(), 18U);
  EXPECT_EQ(found[1]["direction"], "server");
  EXPECT_EQ(rows(run("@ grep --json -c OK a.pcap").out).at(0)["matches"], 1);
}

TEST_F(Grep, WritesThePacketsOfWhatMatches) {
  const ToolRun run = ToolTest::run("@ grep -l secret --pcap found.pcapng a.pcap");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(ToolTest::run("@ found.pcapng").err, HasSubstr("7 packets"));
  EXPECT_EQ(ToolTest::run("@ grep -l . found.pcapng").out, "0 10.0.0.1:40000 -> 192.0.2.1:80\n");
  EXPECT_EQ(ToolTest::run("@ grep -l secret --pcap found.pcapng a.pcap").err,
            "restitch: found.pcapng: is there already; nothing is overwritten\n");
  const ToolRun full = ToolTest::run("@ grep -l secret --pcap /dev/full a.pcap");
  EXPECT_EQ(full.status, 2);
}

TEST_F(Grep, IsTheSameWithAnyNumberOfThreads) {
  for (const char* const flags : {"e", "--json e", "-c e", "-v the", "-C2 HTTP", "--then HTTP GET"}) {
    const std::string line = std::string("@ grep ") + flags + " '" + sample + "' --threads ";
    const ToolRun one = run(line + "1");
    EXPECT_EQ(one.status, 0) << flags;
    EXPECT_EQ(run(line + "4").out, one.out) << flags;
  }
}

}  // namespace
}  // namespace restitch::testing
