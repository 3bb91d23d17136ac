#include "cli/metrics_request.h"

#include <gmock/gmock.h>

namespace restitch::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using enum RequestVerdict;

const std::string get = "GET /metrics HTTP/1.1\r\n";

TEST(MetricsRequest, IsGoodWhenItIsWhole) {
  EXPECT_EQ(judge_request(get + "Host: a\r\nAccept: */*\r\n\r\n"), good);
  EXPECT_EQ(judge_request("GET /metrics?all HTTP/1.0\n\n"), good);
  EXPECT_EQ(judge_request(get + "Content-Length: 0\r\n\r\n"), good);
  const std::string whole = get + "Host: a\r\n\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(judge_request(std::string_view(whole).substr(0, size)), incomplete) << size;
  }
}

TEST(MetricsRequest, IsRefusedAtTheFirstLineThatSaysSo) {
  EXPECT_EQ(judge_request("POST /metrics HTTP/1.1\r\n"), not_get);
  EXPECT_EQ(judge_request("get /metrics HTTP/1.1\r\n"), not_get);
  EXPECT_EQ(judge_request("GET / HTTP/1.1\r\n"), not_found);
  EXPECT_EQ(judge_request("GET /metrics/more HTTP/1.1\r\n"), not_found);
  EXPECT_EQ(judge_request("GET /metrics HTTP/2\r\n"), bad);
  EXPECT_EQ(judge_request("GET /metrics\r\n"), bad);
  EXPECT_EQ(judge_request("\r\n"), bad);
  EXPECT_EQ(judge_request("\n"), bad);
}

TEST(MetricsRequest, MayHaveNoBody) {
  EXPECT_EQ(judge_request(get + "Transfer-Encoding: chunked\r\n"), bad);
  EXPECT_EQ(judge_request(get + "transfer-ENCODING:\r\n"), bad);
  EXPECT_EQ(judge_request(get + "Content-Length: 1\r\n"), bad);
  EXPECT_EQ(judge_request(get + "content-length:5\r\n"), bad);
}

TEST(MetricsRequest, MayNotBeLong) {
  const std::string endless(request_size_max, 'a');
  EXPECT_EQ(judge_request(endless), too_large);
  EXPECT_EQ(judge_request(endless.substr(1)), incomplete);
  std::string headers = get;
  while (headers.size() < request_size_max) headers += "a: b\r\n";
  EXPECT_EQ(judge_request(headers.substr(0, request_size_max)), too_large);
}

TEST(MetricsResponse, SaysWhatWasWrong) {
  EXPECT_THAT(response_head(good, 12), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response_head(good, 12), HasSubstr("Content-Length: 12\r\nConnection: close\r\n\r\n"));
  EXPECT_THAT(response_head(not_get, 0), StartsWith("HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\n"));
  EXPECT_THAT(response_head(not_found, 0), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(response_head(too_large, 0), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(response_head(bad, 0), StartsWith("HTTP/1.1 400 "));
}

}  // namespace
}  // namespace restitch::cli
