#include "app/http1_analyzer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/talk.h"

namespace restitch::testing {
namespace {

using Names = std::vector<std::string>;

TEST(Http1AnalyzerTest, ARequestAndItsResponseAreOneRecord) {
  for (const std::size_t size : {std::string::npos, std::size_t{1}}) {
    Talk talk;
    talk.client("GET /a/b.txt?c=d HTTP/1.1\r\nHost: example.org\r\nUser-Agent: x\r\n\r\n", size);
    talk.server("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\r\nhi",
                size);
    const auto found = talk.all<HttpRecord>();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].depth, 1U);
    EXPECT_EQ(found[0].method, "GET");
    EXPECT_EQ(found[0].uri, "/a/b.txt?c=d");
    EXPECT_EQ(found[0].host, "example.org");
    EXPECT_EQ(found[0].status, 200U);
    EXPECT_EQ(found[0].reason, "OK");
    EXPECT_EQ(found[0].request.version, "1.1");
    EXPECT_TRUE(found[0].request.complete);
    EXPECT_TRUE(found[0].response.complete);
    EXPECT_EQ(found[0].response.body_size, 2U);
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "hi");
    EXPECT_EQ(talk.objects[0].head.name, "b.txt");
    EXPECT_EQ(talk.objects[0].head.url, "http://example.org/a/b.txt?c=d");
    EXPECT_EQ(talk.objects[0].head.type, "text/plain");
    EXPECT_TRUE(talk.objects[0].end.complete);
    EXPECT_EQ(talk.anomalies(), Names{});
    EXPECT_EQ(talk.conversation->held(), 0U);
    EXPECT_EQ(talk.conversation->service(), "http");
  }
}

TEST(Http1AnalyzerTest, PipelinedRequestsAreAnsweredInOrder) {
  for (const std::size_t size : {std::string::npos, std::size_t{1}}) {
    Talk talk;
    talk.client("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n", size);
    talk.server("HTTP/1.1 204 No Content\r\n\r\n", size);
    talk.server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n", size);
    talk.close();
    const auto found = talk.all<HttpRecord>();
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].status, 204U);
    EXPECT_EQ(found[1].status, 200U);
    EXPECT_EQ(found[1].method, "HEAD");
    EXPECT_EQ(found[1].response.body_size, 0U);
    EXPECT_EQ(found[2].status, 304U);
    EXPECT_EQ(found[2].uri, "/3");
    EXPECT_TRUE(talk.objects.empty());
    EXPECT_EQ(talk.anomalies(), Names{});
  }
}

TEST(Http1AnalyzerTest, AResponseWaitsForItsRequest) {
  Talk talk;
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_TRUE(talk.all<HttpRecord>().empty());
  talk.client("GET / HTTP/1.1\r\n\r\n");
  ASSERT_EQ(talk.all<HttpRecord>().size(), 1U);
  EXPECT_EQ(talk.all<HttpRecord>()[0].status, 200U);
  EXPECT_EQ(talk.anomalies(), Names{});
}

TEST(Http1AnalyzerTest, AResponseWithoutARequestIsTold) {
  Talk talk;
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  talk.close();
  ASSERT_EQ(talk.all<HttpRecord>().size(), 1U);
  EXPECT_FALSE(talk.all<HttpRecord>()[0].request.seen);
  EXPECT_EQ(talk.anomalies(), Names{"http_response_without_request"});
  EXPECT_EQ(talk.objects[0].data, "hi");
}

TEST(Http1AnalyzerTest, InterimResponsesAreNoted) {
  for (const std::size_t size : {std::string::npos, std::size_t{1}}) {
    Talk talk;
    talk.client("POST /f HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", size);
    talk.server("HTTP/1.1 100 Continue\r\n\r\n", size);
    talk.client("abc", size);
    talk.server("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", size);
    const auto found = talk.all<HttpRecord>();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].info_status, 100U);
    EXPECT_EQ(found[0].info_reason, "Continue");
    EXPECT_EQ(found[0].status, 201U);
    EXPECT_EQ(found[0].request.body_size, 3U);
    EXPECT_EQ(talk.objects[0].head.direction, client);
  }
}

TEST(Http1AnalyzerTest, ChunksAreTakenOff) {
  for (const std::size_t size : {std::string::npos, std::size_t{1}}) {
    Talk talk;
    talk.client("GET / HTTP/1.1\r\n\r\n", size);
    talk.server(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Disposition: attachment; "
        "filename=\"a b.txt\"\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nDigest: 1\r\n\r\n",
        size);
    const auto found = talk.all<HttpRecord>();
    ASSERT_EQ(found.size(), 1U);
    ASSERT_EQ(found[0].response.trailers.size(), 1U);
    EXPECT_EQ(found[0].response.trailers[0].first, "Digest");
    EXPECT_EQ(found[0].response.file_name, "a b.txt");
    EXPECT_EQ(talk.objects[0].data, "hello!");
    EXPECT_EQ(talk.objects[0].head.name, "a b.txt");
    EXPECT_TRUE(talk.objects[0].end.complete);
    EXPECT_EQ(talk.anomalies(), Names{});
  }
}

TEST(Http1AnalyzerTest, ABodyMayLastUntilTheEnd) {
  Talk talk;
  talk.client("GET / HTTP/1.0\r\n\r\n");
  talk.server("HTTP/1.0 200 OK\r\n\r\nall");
  talk.server(" of it");
  talk.close();
  EXPECT_EQ(talk.objects[0].data, "all of it");
  EXPECT_TRUE(talk.objects[0].end.complete);
  EXPECT_TRUE(talk.all<HttpRecord>()[0].response.complete);
}

TEST(Http1AnalyzerTest, TheAnswerToHttp09IsAllBody) {
  Talk talk;
  talk.client("GET /old\r\n");
  talk.server("<html>");
  talk.close();
  EXPECT_EQ(talk.all<HttpRecord>()[0].request.version, "0.9");
  EXPECT_EQ(talk.objects[0].data, "<html>");
}

TEST(Http1AnalyzerTest, AGapInABodyIsListedAndTheNextMessageIsFound) {
  Talk talk;
  talk.client("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  talk.gap(server, 4);
  talk.server("xyzHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!");
  ASSERT_EQ(talk.objects.size(), 2U);
  EXPECT_EQ(talk.objects[0].data, "abcxyz");
  EXPECT_EQ(talk.objects[0].gaps, (std::vector<std::pair<std::size_t, std::uint64_t>>{{3, 4}}));
  EXPECT_FALSE(talk.objects[0].end.complete);
  EXPECT_EQ(talk.objects[0].end.missing, 4U);
  EXPECT_EQ(talk.objects[1].data, "!");
  EXPECT_FALSE(talk.all<HttpRecord>()[0].response.complete);
  EXPECT_TRUE(talk.all<HttpRecord>()[1].response.complete);
}

TEST(Http1AnalyzerTest, BehindAGapInAHeaderTheNextStartLineIsFound) {
  for (const std::size_t size : {std::string::npos, std::size_t{1}}) {
    Talk talk;
    talk.client("GET /1 HTTP/1.1\r\nHost: a\r\nX");
    talk.gap(client, 100);
    talk.client("tail\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n", size);
    talk.server("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nX-");
    talk.gap(server, 100);
    talk.client("GET /3 HTTP/1.1\r\nHost: c\r\n\r\n", size);
    talk.server("rest HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", size);
    const auto found = talk.all<HttpRecord>();
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].uri, "/1");
    EXPECT_EQ(found[0].host, "a");
    EXPECT_FALSE(found[0].request.complete);
    EXPECT_EQ(found[1].uri, "/2");
    EXPECT_TRUE(found[1].request.complete);
    EXPECT_FALSE(found[1].response.complete);
    EXPECT_EQ(found[2].uri, "/3");
    EXPECT_EQ(found[2].status, 404U);
  }
}

TEST(Http1AnalyzerTest, ALostRequestIsAnsweredToo) {
  Talk talk;
  talk.client("GET /1 HTTP/1.1\r\n\r\n");
  talk.gap(client, 50);
  talk.client("GET /3 HTTP/1.1\r\n\r\n");
  talk.server(
      "HTTP/1.1 201 a\r\nContent-Length: 0\r\n\r\nHTTP/1.1 202 b\r\nContent-Length: 0\r\n\r\n"
      "HTTP/1.1 203 c\r\nContent-Length: 0\r\n\r\n");
  const auto found = talk.all<HttpRecord>();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_FALSE(found[1].request.seen);
  EXPECT_EQ(found[2].uri, "/3");
  EXPECT_EQ(found[2].status, 203U);
}

TEST(Http1AnalyzerTest, AChunkWithAHoleGoesOnBehindIt) {
  Talk talk;
  talk.client("GET / HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nabc");
  talk.gap(server, 3);
  talk.server("xyzw\r\n0\r\n\r\n");
  EXPECT_EQ(talk.objects[0].data, "abcxyzw");
  EXPECT_EQ(talk.objects[0].end.missing, 3U);
  EXPECT_EQ(talk.all<HttpRecord>().size(), 1U);
}

TEST(Http1AnalyzerTest, AHeaderBeyondTheLimitMakesItsDirectionRaw) {
  AppOptions options;
  options.limits.header_max = 100;
  for (const std::size_t size : {std::string::npos, std::size_t{1}}) {
    Talk talk(options);
    talk.client("GET /long HTTP/1.1\r\nHost: a\r\nX: " + std::string(200, 'x') + "\r\n\r\n", size);
    talk.client("GET /2 HTTP/1.1\r\n\r\n");
    talk.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    talk.close();
    ASSERT_EQ(talk.all<HttpRecord>().size(), 1U);
    EXPECT_EQ(talk.all<HttpRecord>()[0].uri, "/long");
    EXPECT_EQ(talk.all<HttpRecord>()[0].status, 200U);
    EXPECT_EQ(talk.anomalies(), Names{"http_header_too_long"});
  }
}

TEST(Http1AnalyzerTest, BehindConnectAnyProtocolMayFollow) {
  Talk talk;
  talk.client("CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n");
  talk.client("GET /inside HTTP/1.1\r\n\r\n");
  EXPECT_EQ(talk.all<HttpRecord>().size(), 0U);
  talk.server("HTTP/1.1 200 Connected\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  const auto found = talk.all<HttpRecord>();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].method, "CONNECT");
  EXPECT_EQ(found[1].uri, "/inside");
  EXPECT_EQ(talk.anomalies(), Names{});
}

TEST(Http1AnalyzerTest, AConnectThatIsRefusedChangesNothing) {
  Talk talk;
  talk.client("CONNECT b:80 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  ASSERT_EQ(talk.all<HttpRecord>().size(), 2U);
  EXPECT_EQ(talk.all<HttpRecord>()[1].uri, "/2");
}

TEST(Http1AnalyzerTest, AWebSocketFollowsItsUpgrade) {
  Talk talk;
  talk.client("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  talk.server(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x02hi");
  talk.close();
  ASSERT_EQ(talk.all<HttpRecord>().size(), 1U);
  EXPECT_EQ(talk.all<HttpRecord>()[0].status, 101U);
  ASSERT_EQ(talk.all<WebSocketRecord>().size(), 1U);
  EXPECT_EQ(talk.all<WebSocketRecord>()[0].head, "hi");
}

TEST(Http1AnalyzerTest, BasicAuthorizationIsDecoded) {
  Talk talk;
  talk.client("GET http://u.example:81/x/ HTTP/1.1\r\nAuthorization: Basic dXNlcjpwYTpzcw==\r\n\r\n");
  talk.close();
  const HttpRecord record = talk.all<HttpRecord>().at(0);
  EXPECT_EQ(record.user, "user");
  EXPECT_EQ(record.password, "pa:ss");
  EXPECT_EQ(record.host, "u.example:81");
}

TEST(Http1AnalyzerTest, UnansweredRequestsDoNotPileUp) {
  AppOptions options;
  options.limits.streams_max = 10;
  Talk talk(options);
  for (int i = 0; i < 100; ++i) talk.client("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(talk.all<HttpRecord>().size(), 90U);
  EXPECT_EQ(talk.anomalies(), Names{"http_too_many_requests"});
}

TEST(Http1AnalyzerTest, ABodyThatIsReadOutlivesRequestsThatPileUp) {
  AppOptions options;
  options.limits.streams_max = 3;
  Talk talk(options);
  talk.client("GET /1 HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
  for (int i = 0; i < 10; ++i) talk.client("GET /n HTTP/1.1\r\n\r\n");
  talk.server("cd");
  EXPECT_EQ(talk.objects[0].data, "abcd");
}

TEST(Http1AnalyzerTest, AnIdleConnectionIsSmall) { EXPECT_LE(sizeof(Http1Analyzer), 192U); }

}  // namespace
}  // namespace restitch::testing
