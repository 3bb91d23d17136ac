// `restitch har`, `follow -T http` and `follow --decrypted`: what was said in HTTP, as a user gets it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

// "hi there", compressed by gzip.
const std::string gzipped(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\xc8\x54\x28\xc9\x48\x2d\x4a\x05\x00"
    "\xec\x76\xa3\xe3\x08\x00\x00\x00",
    28);

class Har : public ToolTest {
 protected:
  Har() {
    const std::string request =
        "POST /a?b=c&d HTTP/1.1\r\nHost: example.org\r\nCookie: k=v; l=\"w\"\r\nContent-Type: text/plain\r\n"
        "Content-Length: 4\r\n\r\ndata";
    const std::string answer =
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n"
        "Set-Cookie: s=1; Path=/; HttpOnly\r\nContent-Length: " +
        std::to_string(gzipped.size()) + "\r\n\r\n" + gzipped;
    request_size_ = request.size();
    write("a.pcap", SmallCapture()
                        .client(99, syn_flags)
                        .server(299, syn_ack_flags)
                        .client(100, ack_flags, request)
                        .server(300, ack_flags, answer)
                        .client(static_cast<std::uint32_t>(100 + request.size()), fin_ack_flags)
                        .server(static_cast<std::uint32_t>(300 + answer.size()), fin_ack_flags)
                        .bytes());
    const std::string binary = "HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\n\xff\xfe";
    write("cut.pcap", SmallCapture()
                          .client(500, ack_flags, "GET /\x1b[2J HTTP/1.0\r\n\r\n", 40001)
                          .server(700, ack_flags, binary, 40001)
                          .bytes());
  }

  Json archive(const std::string& command) { return Json::parse(ToolTest::run(command).out)["log"]; }

  std::size_t request_size_ = 0;
};

TEST_F(Har, HasAnEntryForEachTransaction) {
  const ToolRun run = ToolTest::run("@ har a.pcap");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.err, StartsWith("1 transactions\n"));
  const Json log = Json::parse(run.out)["log"];
  EXPECT_EQ(log["version"], "1.2");
  EXPECT_EQ(log["creator"]["name"], "restitch");
  ASSERT_EQ(log["entries"].size(), 1U);
  const Json& entry = log["entries"][0];
  const Json& request = entry["request"];
  EXPECT_EQ(request["method"], "POST");
  EXPECT_EQ(request["url"], "http://example.org/a?b=c&d");
  EXPECT_EQ(request["httpVersion"], "HTTP/1.1");
  EXPECT_EQ(request["queryString"], Json::parse(R"([{"name":"b","value":"c"},{"name":"d","value":""}])"));
  EXPECT_EQ(request["cookies"], Json::parse(R"([{"name":"k","value":"v"},{"name":"l","value":"\"w\""}])"));
  EXPECT_EQ(request["headers"][0], Json::parse(R"({"name":"Host","value":"example.org"})"));
  EXPECT_EQ(request["postData"]["text"], "data");
  EXPECT_EQ(request["headersSize"], request_size_ - 4);
  EXPECT_EQ(request["bodySize"], 4);
  const Json& response = entry["response"];
  EXPECT_EQ(response["status"], 200);
  EXPECT_EQ(response["statusText"], "OK");
  EXPECT_EQ(response["content"]["text"], "hi there");
  EXPECT_EQ(response["content"]["size"], 8);
  EXPECT_EQ(response["content"]["mimeType"], "text/html");
  EXPECT_FALSE(response["content"].contains("comment"));
  EXPECT_EQ(response["bodySize"], gzipped.size());
  EXPECT_EQ(response["cookies"][0]["name"], "s");
  EXPECT_EQ(response["cookies"][0]["path"], "/");
  EXPECT_EQ(response["cookies"][0]["httpOnly"], true);
  EXPECT_EQ(entry["serverIPAddress"], "192.0.2.1");
  EXPECT_THAT(entry["startedDateTime"].get<std::string>(), ::testing::EndsWith("Z"));
}

TEST_F(Har, SaysWhatWasNotCaptured) {
  const Json entry = archive("@ har -q cut.pcap")["entries"][0];
  EXPECT_EQ(entry["response"]["content"]["encoding"], "base64");
  EXPECT_EQ(entry["response"]["content"]["text"], "//4=");
  EXPECT_EQ(entry["response"]["content"]["comment"], "its end was not captured");
  const ToolRun cut = ToolTest::run("head -c -3 a.pcap >short.pcap; @ har short.pcap");
  EXPECT_EQ(cut.status, 2);
  EXPECT_THAT(Json::parse(cut.out)["log"]["comment"].get<std::string>(), HasSubstr("short.pcap: cut short"));
}

TEST_F(Har, LeavesBodiesOutWhereTheyAreNotWanted) {
  const Json none = archive("@ har -q --body-max 0 a.pcap")["entries"][0]["response"]["content"];
  EXPECT_EQ(none["text"], "");
  EXPECT_EQ(none["size"], 8);
  EXPECT_EQ(none["comment"], "8 bytes are left out");
  const Json two = archive("@ har -q --body-max 2 a.pcap")["entries"][0]["response"]["content"];
  EXPECT_EQ(two["text"], "hi");
}

TEST_F(Har, IsAnArchiveWhateverComesIn) {
  EXPECT_EQ(archive("@ har -q --where 'port 1' a.pcap")["entries"], Json::array());
  EXPECT_EQ(ToolTest::run("@ har not-there.pcap").status, 2);
  EXPECT_EQ(ToolTest::run("@ har --body-max much a.pcap").status, 1);
  const std::string one = ToolTest::run("@ har -q --threads 1 '" + sample + "'").out;
  EXPECT_FALSE(Json::parse(one)["log"]["entries"].empty());
  EXPECT_EQ(ToolTest::run("@ har -q --threads 4 '" + sample + "'").out, one);
}

TEST_F(Har, FollowsMessagesWithTheirDecodedBodies) {
  const ToolRun run = ToolTest::run("@ follow 0 -T http a.pcap");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, HasSubstr("Follow: http,ascii\nFilter: tcp.stream eq 0\nNode 0: 10.0.0.1:40000\n"));
  EXPECT_THAT(run.out, HasSubstr("POST /a?b=c&d HTTP/1.1\r\nHost: example.org\r\n"));
  EXPECT_THAT(run.out, HasSubstr("\r\n\r\ndata\n"));
  EXPECT_THAT(run.out, HasSubstr("\r\n\r\nhi there\n"));
  const ToolRun server = ToolTest::run("@ follow 0 -T http --server a.pcap");
  EXPECT_THAT(server.out, Not(HasSubstr("POST")));
  EXPECT_THAT(server.out, HasSubstr("hi there"));
  EXPECT_THAT(ToolTest::run("@ follow --all -T http a.pcap cut.pcap").out, Not(HasSubstr("\x1b")));
}

TEST_F(Har, SaysWhenThereIsNothingInside) {
  const ToolRun plain = ToolTest::run("@ follow 0 --decrypted a.pcap");
  EXPECT_EQ(plain.out, "");
  EXPECT_THAT(plain.err, HasSubstr("nothing was decrypted there"));
  EXPECT_THAT(ToolTest::run("@ follow 7 -T http a.pcap").err, HasSubstr("there is no connection 7"));
  EXPECT_EQ(ToolTest::run("@ follow 7 -T http a.pcap").status, 1);
  EXPECT_EQ(ToolTest::run("@ follow 0 --decrypted --keylog not-there a.pcap").status, 2);
}

}  // namespace
}  // namespace restitch::testing
