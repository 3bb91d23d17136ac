#include "restitch/output_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "output_world.h"

namespace restitch {
namespace {

using testing::client;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::server;
using ::testing::StartsWith;
using testing::summaries;
using testing::TemporaryFolder;
using Json = nlohmann::json;

std::vector<ConnectionSummary> connections(std::uint16_t count = 1) {
  std::vector<testing::TestPacket> packets;
  for (std::uint16_t port = 1; port <= count; ++port) {
    packets.push_back(client(99).syn().client_port(port).at(10 * port));
    packets.push_back(server(299).syn().acknowledges(100).client_port(port).at(10 * port + 1));
    packets.push_back(
        client(100, "GET / HTTP/1.1\r\n").acknowledges(300).client_port(port).at(10 * port + 2));
    packets.push_back(
        server(300, "HTTP/1.1 200 OK\r\n").acknowledges(116).client_port(port).at(10 * port + 3));
  }
  return summaries<TraceStream>(packets);
}

std::string text_of(LogFormat format, std::uint16_t count = 1) {
  ConnectionLogWriter writer({.format = format});
  std::string out;
  writer.begin(out, {1'600'000'000'000'000'000});
  for (const ConnectionSummary& summary : connections(count)) writer.add(out, summary);
  writer.finish(out, {1'600'000'060'000'000'000});
  return out;
}

std::vector<std::string> fields(const std::string& line, char separator) {
  std::vector<std::string> found(1);
  for (const char character : line) character == separator ? found.emplace_back() : found.back() += character;
  return found;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> found = fields(text, '\n');
  found.pop_back();
  return found;
}

TEST(ConnectionLog, IsAsZeekWritesIt) {
  const std::vector<std::string> all = lines(text_of(LogFormat::zeek));
  ASSERT_EQ(all.size(), 10u);
  EXPECT_EQ(all[0], "#separator \\x09");
  EXPECT_EQ(all[4], "#path\tconn");
  EXPECT_EQ(all[5], "#open\t2020-09-13-12-26-40");
  EXPECT_THAT(all[6],
              StartsWith("#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\t"
                         "duration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\t"
                         "missed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\t"
                         "tunnel_parents\tip_proto"));
  EXPECT_THAT(all[7],
              StartsWith("#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\t"
                         "count\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\t"
                         "set[string]\tcount"));
  const std::vector<std::string> row = fields(all[8], '\t');
  EXPECT_EQ(row.size(), fields(all[6], '\t').size() - 1);
  EXPECT_EQ(row[0], "10.000000");
  EXPECT_THAT(std::vector(row.begin() + 2, row.begin() + 16),
              ElementsAre("10.0.0.1", "1", "10.0.0.2", "80", "tcp", "http", "3.000000", "16", "17", "S1", "T",
                          "T", "0", "SWhwDd"));
  EXPECT_EQ(all[9], "#close\t2020-09-13-12-27-40");
}

TEST(ConnectionLog, IsJsonThatParses) {
  const Json zeek = Json::parse(text_of(LogFormat::zeek_json));
  EXPECT_EQ(zeek["id.orig_p"], 1);
  EXPECT_EQ(zeek["conn_state"], "S1");
  EXPECT_FALSE(zeek.contains("tunnel_parents")) << "what is not set is left out";
  const Json plain = Json::parse(text_of(LogFormat::json));
  EXPECT_EQ(plain["log"], "conn");
  EXPECT_EQ(plain["client_bytes"], 16);
  EXPECT_EQ(plain["service"], "http");
  const Json eve = Json::parse(text_of(LogFormat::eve));
  EXPECT_EQ(eve["event_type"], "flow");
  EXPECT_EQ(eve["timestamp"], "1970-01-01T00:00:13.000000+0000");
  EXPECT_EQ(eve["flow"]["pkts_toserver"], 2);
  EXPECT_EQ(eve["flow"]["age"], 3);
  EXPECT_EQ(eve["tcp"]["tcp_flags"], "12");
  EXPECT_EQ(eve["tcp"]["state"], "established");
}

TEST(ConnectionLog, HasWholeIpv6AddressesInEveOnly) {
  ConnectionSummary summary = connections().front();
  summary.net.source = *parse_address("fe80::1:2");
  const auto source_in = [&](LogFormat format, const char* name) {
    ConnectionLogWriter writer({.format = format});
    std::string out;
    writer.add(out, summary);
    return Json::parse(out)[name].get<std::string>();
  };
  EXPECT_EQ(source_in(LogFormat::eve, "src_ip"), "fe80:0000:0000:0000:0000:0000:0001:0002");
  EXPECT_EQ(source_in(LogFormat::json, "client_ip"), "fe80::1:2");
}

TEST(ConnectionLog, HasOneHeaderAndARowForEachInCsv) {
  const std::vector<std::string> all = lines(text_of(LogFormat::csv, 3));
  ASSERT_EQ(all.size(), 4u);
  for (const std::string& line : all) {
    EXPECT_EQ(fields(line, ',').size(), fields(all[0], ',').size());
    EXPECT_EQ(line.back(), '\r');
  }
}

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

// Only the frame of it: whether others can read what is in it, no test says yet.
TEST(ConnectionLog, IsAFileOfParquet) {
  const std::string file = text_of(LogFormat::parquet, 3);
  EXPECT_THAT(file, StartsWith("PAR1"));
  EXPECT_EQ(file.substr(file.size() - 4), "PAR1");
  EXPECT_LT(number_at(file, file.size() - 8), file.size() - 12);
  EXPECT_THAT(file, HasSubstr("community_id"));
  EXPECT_THAT(text_of(LogFormat::parquet, 0), StartsWith("PAR1")) << "also without a row";
}

// Times of hostile packets: further apart than a number can say.
TEST(ConnectionLog, HasNoDurationWhereTimesContradictEachOther) {
  std::vector<ConnectionSummary> all = connections();
  ConnectionTrace trace = *all[0].trace;
  trace.first_seen.ns = std::numeric_limits<std::int64_t>::min();
  trace.last_seen.ns = std::numeric_limits<std::int64_t>::max();
  all[0].trace = std::make_shared<ConnectionTrace>(trace);
  ConnectionLogWriter writer({.format = LogFormat::zeek_json});
  std::string out;
  writer.add(out, all[0]);
  EXPECT_FALSE(Json::parse(out).contains("duration"));
}

std::unique_ptr<ConnectionLogFiles> open_files(const TemporaryFolder& folder, const LogFileOptions& options) {
  auto files = ConnectionLogFiles::open(std::move(*OutputFolder::open(folder.path())), options);
  EXPECT_TRUE(files) << files.error().message;
  return files ? std::move(*files) : nullptr;
}

TEST(ConnectionLogFiles, OverwriteNothing) {
  const TemporaryFolder folder;
  folder.write("conn.log", "mine");
  EXPECT_FALSE(ConnectionLogFiles::open(std::move(*OutputFolder::open(folder.path())), {}));
  folder.write("conn.parquet", "mine");
  EXPECT_FALSE(ConnectionLogFiles::open(std::move(*OutputFolder::open(folder.path())),
                                        {.log = {.format = LogFormat::parquet}}));
  EXPECT_THAT(folder.files(), ElementsAre("conn.log", "conn.parquet"));
  EXPECT_EQ(folder.read("conn.log"), "mine");
}

TEST(ConnectionLogFiles, AreCalledPartUntilTheyAreWhole) {
  const TemporaryFolder folder;
  const auto files = open_files(folder, {.log = {.format = LogFormat::parquet}});
  EXPECT_THAT(folder.files(), ElementsAre("conn.parquet.part"));
  for (const ConnectionSummary& summary : connections(3)) files->add(summary);
  files->finish();
  EXPECT_THAT(folder.files(), ElementsAre("conn.parquet"));
  EXPECT_EQ(folder.read("conn.parquet"), text_of(LogFormat::parquet, 3));
}

TEST(ConnectionLogFiles, BeginAnotherOneByTheTimeOfTheCapture) {
  const TemporaryFolder folder;
  const auto files = open_files(folder, {.log = {.format = LogFormat::csv}, .rotation_ns = 20'000'000'000});
  for (const ConnectionSummary& summary : connections(5)) files->add(summary);
  files->finish();
  // They end in seconds 13, 23, 33, 43 and 53.
  EXPECT_THAT(folder.files(), ElementsAre("conn.1970-01-01-00-00-13.csv", "conn.1970-01-01-00-00-23.csv",
                                          "conn.1970-01-01-00-00-43.csv"));
  EXPECT_EQ(lines(folder.read("conn.1970-01-01-00-00-23.csv")).size(), 3u);
  EXPECT_EQ(files->rows(), 5u);
  EXPECT_EQ(files->files(), 3u);
}

TEST(ConnectionLogFiles, BeginAnotherOneBySize) {
  const TemporaryFolder folder;
  const auto files = open_files(folder, {.log = {.format = LogFormat::json}, .rotation_size = 1});
  for (const ConnectionSummary& summary : connections(3)) files->add(summary);
  files->finish();
  EXPECT_EQ(folder.files().size(), 3u);
}

TEST(ConnectionLogFiles, GoOnInANewFileAfterTheOldOneWasMovedAway) {
  const TemporaryFolder folder;
  const auto files = open_files(folder, {});
  const auto all = connections(2);
  files->add(all[0]);
  std::filesystem::rename(folder.path("conn.log"), folder.path("conn.log.1"));
  files->reopen();
  files->add(all[1]);
  files->finish();
  EXPECT_THAT(folder.read("conn.log.1"), HasSubstr("#close"));
  EXPECT_EQ(lines(folder.read("conn.log")).size(), 10u);
}

TEST(ConnectionLogFiles, AreThereAfterAFlush) {
  const TemporaryFolder folder;
  const auto files = open_files(folder, {.log = {.format = LogFormat::json}});
  files->add(connections()[0]);
  files->flush();
  EXPECT_EQ(lines(folder.read("conn.json")).size(), 1u);
}

}  // namespace
}  // namespace restitch
