// What is said in the streams: rows of requests and files, and files of objects.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class Inside : public ToolTest {
 protected:
  Inside() {
    write("web.pcap",
          Packets(1)
              .talk("GET /a/logo.png?x=1 HTTP/1.1\r\nHost: example.org\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello")
              .bytes());
  }
  static std::vector<Json> rows(const std::string& text) {
    std::vector<Json> found;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) found.push_back(Json::parse(line));
    return found;
  }
};

TEST_F(Inside, RequestsAndFilesHaveRowsOfTheirOwn) {
  const ToolRun run = ToolTest::run("@ log -q --format json --hash sha256 web.pcap");
  EXPECT_EQ(run.status, 0) << run.err;
  const auto all = rows(run.out);
  ASSERT_EQ(all.size(), 3u) << run.out;
  EXPECT_EQ(all[0]["log"], "http");
  EXPECT_EQ(all[0]["method"], "GET");
  EXPECT_EQ(all[0]["host"], "example.org");
  EXPECT_EQ(all[0]["status"], 200);
  EXPECT_EQ(all[1]["log"], "files");
  EXPECT_EQ(all[1]["size"], 5);
  EXPECT_EQ(all[1]["sha256"], "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  EXPECT_EQ(all[2]["log"], "conn");
  EXPECT_EQ(all[2]["service"], "http");
  for (const Json& row : all) EXPECT_EQ(row["uid"], all[0]["uid"]);
}

TEST_F(Inside, ZeekHasAFileForEachLogThatHasRows) {
  ASSERT_EQ(run("@ log -q -o logs web.pcap").status, 0);
  EXPECT_THAT(read("logs/http.log"), HasSubstr("\t1\tGET\texample.org\t/a/logo.png?x=1\t"));
  EXPECT_THAT(read("logs/files.log"), HasSubstr("\tHTTP\t0\t"));
  EXPECT_FALSE(std::filesystem::exists(path("logs/ssl.log")));
}

TEST_F(Inside, ObjectsAreFilesUnderSafeNames) {
  const ToolRun run = ToolTest::run("@ extract --objects -o d web.pcap");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("1 objects, 5 bytes, written to d\n"));
  const Json line = Json::parse(read("d/index.jsonl"));
  EXPECT_EQ(line["url"], "http://example.org/a/logo.png?x=1");
  EXPECT_EQ(line["file"], "0-0-http-logo.png");
  EXPECT_EQ(read("d/0-0-http-logo.png"), "hello");
  EXPECT_EQ(line["packets"].size(), 1u);
  EXPECT_FALSE(line.contains("truncated"));
  const ToolRun again = ToolTest::run("@ extract --objects -o d web.pcap");
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.err, HasSubstr("is there already; nothing is overwritten"));
}

TEST_F(Inside, MailsThatAreFetchedAreTheirParts) {
  write("mail.pcap",
        Packets(1)
            .talk("USER me\r\nPASS x\r\nRETR 1\r\nQUIT\r\n",
                  "+OK ready\r\n+OK\r\n+OK\r\n+OK 1 mail\r\n"
                  "Content-Type: text/x-log; name=a.log\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                  "aGVsbG8=\r\n.\r\n+OK bye\r\n")
            .bytes());
  ASSERT_EQ(run("@ extract -q --objects -o d mail.pcap").status, 0);
  const Json line = Json::parse(read("d/index.jsonl"));
  EXPECT_EQ(line["protocol"], "pop3");
  EXPECT_EQ(line["name"], "a.log");
  EXPECT_EQ(line["coding"], "base64");
  EXPECT_FALSE(line.contains("truncated"));
  EXPECT_EQ(read("d/0-0-pop3-a.log"), "hello");
  ASSERT_EQ(run("@ log -q -o logs mail.pcap").status, 0);
  EXPECT_THAT(read("logs/files.log"), HasSubstr("\tPOP3\t0\t"));
  EXPECT_THAT(read("logs/conn.log"), HasSubstr("\tpop3\t"));
}

TEST_F(Inside, BehindTheHandshakeOfSocksIsAnotherProtocol) {
  using namespace std::string_literals;
  const std::string asked = "\4\1\0\x50\0\0\0\1me\0a.example\0"s;
  const auto behind = static_cast<std::uint32_t>(101 + asked.size());
  Packets packets(1);
  packets.open().add(packets.client(101, asked));
  packets.add(packets.server(501, "\0\x5a\0\0\0\0\0\0"s).ack(behind));
  packets.add(packets.client(behind, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").ack(509));
  packets.add(packets.server(509, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").ack(behind + 27));
  write("socks.pcap", packets.bytes());
  const auto all = rows(run("@ log -q --format json --logs conn,http socks.pcap").out);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["log"], "http");
  EXPECT_EQ(all[1]["service"], "socks,http");
}

TEST_F(Inside, NamesOfStrangersLeadNowhere) {
  write("evil.pcap", Packets(1)
                         .talk("GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                               "Content-Disposition: attachment; filename=\"../../\x1b[2J.sh\"\r\n\r\n!")
                         .bytes());
  ASSERT_EQ(run("@ extract -q --objects -o d evil.pcap").status, 0);
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(path("d"))) {
    names.push_back(file.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  EXPECT_THAT(names, ElementsAre("0-0-http-__2J.sh", "index.jsonl"));
  EXPECT_EQ(read("d/index.jsonl").find('\x1b'), std::string::npos);
}

TEST_F(Inside, AKeyLogThatIsNotThereIsSaidInOneLine) {
  for (const char* const command : {"log", "extract --objects -o d", "grep x"}) {
    const ToolRun run = ToolTest::run(std::string("@ ") + command + " --keylog nowhere web.pcap");
    EXPECT_EQ(run.status, 2) << command;
    EXPECT_THAT(run.err, HasSubstr("--keylog nowhere: No such file or directory\n")) << command;
    EXPECT_EQ(run.err.find('\n'), run.err.size() - 1) << run.err;
  }
}

}  // namespace
}  // namespace restitch::testing
