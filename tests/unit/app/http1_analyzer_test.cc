#include "app/http1_analyzer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/talk.h"

namespace restitch::testing {
namespace {

constexpr TcpFlowDirection client = TcpFlowDirection::client_to_server;
constexpr TcpFlowDirection server = TcpFlowDirection::server_to_client;

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

}  // namespace
}  // namespace restitch::testing
