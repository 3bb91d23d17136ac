// `restitch log`: records of connections in the formats of others, as a user gets them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

class Log : public ToolTest {
 protected:
  static std::vector<Json> rows(const std::string& text) {
    std::vector<Json> found;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) found.push_back(Json::parse(line));
    return found;
  }
};

TEST_F(Log, IsTheSameWithAnyNumberOfThreads) {
  for (const char* const format : {"zeek-json", "json", "eve", "csv"}) {
    const std::string line = std::string("@ log -q --format ") + format + " '" + sample + "' --threads ";
    const ToolRun one = run(line + "1");
    EXPECT_EQ(one.status, 0);
    EXPECT_THAT(one.out, Not(IsEmpty()));
    EXPECT_EQ(run(line + "4").out, one.out) << format;
  }
}

TEST_F(Log, NamesConnectionsAlikeWhateverIsLeftOut) {
  const auto all = rows(run("@ log -q --logs conn --format json '" + sample + "'").out);
  const auto some = rows(run("@ log -q --logs conn --format json '" + sample + "' host 2001:db8::2").out);
  ASSERT_GT(all.size(), some.size());
  ASSERT_THAT(some, Not(IsEmpty()));
  std::set<std::string> names;
  for (const Json& row : all) names.insert(row["uid"].get<std::string>());
  EXPECT_EQ(names.size(), all.size());
  for (const Json& row : some) EXPECT_TRUE(names.contains(row["uid"].get<std::string>())) << row;
}

TEST_F(Log, AgreesWithTheTable) {
  std::uint64_t bytes = 0;
  for (const Json& row : rows(run("@ log -q --logs conn --format json '" + sample + "'").out)) {
    bytes += row["client_bytes"].get<std::uint64_t>() + row["server_bytes"].get<std::uint64_t>();
  }
  EXPECT_THAT(run("@ '" + sample + "'").err, HasSubstr(std::to_string(bytes) + " delivered"));
}

// As at the end of many sessions of SSH: a FIN that crossed the other one comes again, and is answered.
TEST_F(Log, CountsWhatComesBehindTheEndOfAConnection) {
  Packets capture;
  capture.talk("hello", "world").add(capture.client(106).ack(507).flags(TcpFlag::fin | TcpFlag::ack));
  capture.add(capture.server(507).ack(107)).add(capture.client(107).ack(507));
  capture.port(40001).talk("other", "side");
  write("tail.pcap", capture.bytes());
  for (const char* const flags : {"", "--logs conn", "--threads 4", "--logs conn --threads 4"}) {
    const auto told = rows(run("@ log -q --format zeek-json tail.pcap " + std::string(flags)).out);
    ASSERT_EQ(told.size(), 2u) << flags;
    EXPECT_EQ(told[0]["orig_pkts"], 7) << flags;
    EXPECT_EQ(told[0]["orig_ip_bytes"], 7 * 40 + 5) << flags;
    EXPECT_EQ(told[0]["resp_pkts"], 4) << flags;
    EXPECT_EQ(told[0]["conn_state"], "SF");
    EXPECT_EQ(told[1]["orig_pkts"], 5) << flags;
  }
  const auto plain = rows(run("@ log -q --logs conn --format json tail.pcap").out);
  EXPECT_EQ(plain[0]["client_packets"], 5) << "it is no part of the streams";
}

TEST_F(Log, GoesIntoAFolderThatHoldsNoneYet) {
  const ToolRun run = ToolTest::run("@ log --logs conn -o logs '" + sample + "'");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, IsEmpty());
  EXPECT_THAT(run.err, HasSubstr("26 rows in 1 file, written to logs\n"));
  EXPECT_THAT(read("logs/conn.log"), StartsWith("#separator \\x09\n"));
  const ToolRun again = ToolTest::run("@ log -o logs '" + sample + "'");
  EXPECT_EQ(again.status, 2);
  EXPECT_EQ(again.err,
            "restitch: logs/conn.log is there already; nothing is overwritten: give another folder\n");
}

TEST_F(Log, SaysInOneLineWhatWouldBeRight) {
  const std::pair<const char*, const char*> wrong[] = {
      {"--format xml", "\"xml\" is none of zeek, zeek-json, eve, json, csv, parquet"},
      {"--rotate 1h", "--rotate: it takes a folder, -o DIR"},
      {"-o d --rotate often", "--rotate: \"often\" is neither a time"},
      {"--community-seed 70000", "70000"},
      {"--logs conn,nothing", "--logs: there is no log \"nothing\", but conn, http"},
      {"--logs conn,http --format csv", "--logs: several logs in this format take a folder, -o DIR"},
      {"--hash crc32", "--hash: there is no \"crc32\", but md5, sha1 and sha256"},
  };
  for (const auto& [flags, message] : wrong) {
    const ToolRun run = ToolTest::run("@ log " + std::string(flags) + " '" + sample + "'");
    EXPECT_EQ(run.status, 1) << flags;
    EXPECT_THAT(run.err, HasSubstr(message)) << flags;
    EXPECT_EQ(run.err.find('\n'), run.err.size() - 1) << run.err;
  }
}

// A disk that is full leaves whole rows, and the summary says how many.
TEST_F(Log, ThatFindsNoRoomLeavesWholeRows) {
  Packets many(1);
  for (std::uint16_t port = 1; port <= 1500; ++port) many.port(port).talk("hello", "world");
  write("many.pcap", many.bytes());
  const std::string limit = "export GCOV_PREFIX=$PWD/gcov GCOV_ERROR_FILE=/dev/null; ulimit -f 100; ";
  const ToolRun run = ToolTest::run(limit + "@ log --logs conn --format json -o d many.pcap");
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("d/conn.json: File too large"));
  const auto found = rows(read("d/conn.json"));
  EXPECT_GT(found.size(), 10u);
  EXPECT_LT(found.size(), 1500u);
  EXPECT_THAT(run.err, HasSubstr(std::to_string(found.size()) + " rows in 1 file"));
}

// The last rows wait for the end of the file; there, too, what is counted is what is there.
TEST_F(Log, ThatFindsNoRoomAtItsEndLeavesWholeRows) {
  const std::string limit = "export GCOV_PREFIX=$PWD/gcov GCOV_ERROR_FILE=/dev/null; ulimit -f 5; ";
  for (const char* const format : {"zeek", "csv", "json"}) {
    const ToolRun run = ToolTest::run("rm -rf d; " + limit + "@ log --logs conn --format " + format +
                                      " -o d '" + sample + "'");
    EXPECT_EQ(run.status, 2) << format;
    const std::string name = std::filesystem::directory_iterator(path("d"))->path().filename().string();
    std::istringstream in(read("d/" + name));
    std::size_t found = 0;
    for (std::string line; std::getline(in, line);)
      found += line.find("192.0.2.1") != line.npos || line.find("2001:db8::1") != line.npos;
    EXPECT_GT(found, 2u) << format;
    EXPECT_LT(found, 26u) << format;
    EXPECT_THAT(run.err, HasSubstr(std::to_string(found) + " rows in 1 file")) << format;
    EXPECT_EQ(read("d/" + name).back(), '\n') << format;
  }
  const ToolRun run =
      ToolTest::run("rm -rf d; " + limit + "@ log --logs conn --format parquet -o d '" + sample + "'");
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("\n0 rows in 1 file"));
  const std::string parquet = read("d/conn.parquet");
  EXPECT_THAT(parquet, StartsWith("PAR1"));
  EXPECT_EQ(parquet.substr(parquet.size() - 4), "PAR1") << "a file without a row, and not half of one";
}

TEST_F(Log, OfALiveRunGoesOnInANewFileAfterAHangUp) {
  write("hello.pcap", Packets(1).talk("hello", "world").bytes());
  const auto wait = [](const std::string& condition) {
    return "timeout 30 sh -c 'until " + condition + "; do :; done'; ";
  };
  const ToolRun run =
      ToolTest::run("cp hello.pcap grows; @ log -q --follow --format json -o d grows & tool=$!\n" +
                    wait("grep -q uid d/conn.json") + "mv d/conn.json d/old; kill -HUP $tool\n" +
                    wait("test -e d/conn.json") + "kill -INT $tool; wait $tool");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(rows(read("d/old")).size(), 1u);
  EXPECT_EQ(read("d/conn.json"), "");
}

TEST_F(Log, OfAPipeThatGoesOnIsThereWhenAConnectionEnds) {
  Packets one(1);
  write("one.pcap", one.talk("hello", "world").bytes());
  const ToolRun run = ToolTest::run(
      "mkfifo in; @ log -q --format json in >out & tool=$!\nexec 3>in; cat one.pcap >&3\n"
      "timeout 30 sh -c 'until grep -q uid out; do :; done'; echo $?; exec 3>&-; wait $tool");
  EXPECT_EQ(run.out, "0\n") << "a row was there before the end";
  EXPECT_EQ(rows(read("out")).size(), 1u);
}

}  // namespace
}  // namespace restitch::testing
