#include "app/http1_head.h"

#include <gtest/gtest.h>

#include <string>

#include "app/http1_chunks.h"
#include "app/http1_search.h"
#include "app/http1_text.h"

namespace restitch::http1 {
namespace {

std::size_t end_of(std::string_view text, bool forced = false) { return HeadEnd().find(text, forced); }

TEST(Http1HeadTest, AnEmptyLineEndsAHead) {
  EXPECT_EQ(end_of("a\r\n\r\nb"), 5U);
  EXPECT_EQ(end_of("a\n\nb"), 3U);
  EXPECT_EQ(end_of("a\n\r\nb"), 4U);
  EXPECT_EQ(end_of("a\r\n"), 0U);
}

TEST(Http1HeadTest, ALineOfSpacesContinuesUnlessABodyFollows) {
  EXPECT_EQ(end_of("a\r\n \r\n\r\nb"), 8U);
  EXPECT_EQ(end_of("a\r\n \r\nB-c: d\r\n\r\n"), 16U);
  EXPECT_EQ(end_of("a\n \nX5O!P@"), 4U);
  EXPECT_EQ(end_of("a\n \nabc"), 0U);
  EXPECT_EQ(end_of("a\n \nabc", true), 4U);
}

TEST(Http1HeadTest, ByteByByteTheEndIsTheSame) {
  const std::string text = "GET / HTTP/1.1\r\nA: b\r\n \r\nC: d\r\n\r\n";
  HeadEnd end;
  for (std::size_t size = 1; size < text.size(); ++size) {
    EXPECT_EQ(end.find(std::string_view(text).substr(0, size), false), 0U);
  }
  EXPECT_EQ(end.find(text, false), text.size());
}

// Where llhttp takes a head, and nothing is odd, both readers read the same.
TEST(Http1HeadTest, BothReadersAgree) {
  for (const std::string_view text :
       {"GET /a?b#c HTTP/1.1\r\nHost: x\r\nEmpty:\r\nSpaces:   a b  \r\n\r\n", "OPTIONS * HTTP/1.0\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\n\r\n", "M-SEARCH * HTTP/1.1\r\nA: b\r\n\r\n"}) {
    const Head strict = read_strictly(text, Head::Kind::request);
    const Head generous = read_generously(text, Head::Kind::request);
    ASSERT_TRUE(strict.valid) << strict.refusal;
    EXPECT_TRUE(generous.oddities.empty());
    EXPECT_EQ(strict.method, generous.method);
    EXPECT_EQ(strict.target, generous.target);
    EXPECT_EQ(strict.version, generous.version);
    ASSERT_EQ(strict.fields.size(), generous.fields.size());
    for (std::size_t i = 0; i < strict.fields.size(); ++i) {
      EXPECT_EQ(strict.fields[i].name, generous.fields[i].name);
      EXPECT_EQ(strict.fields[i].value, generous.fields[i].value);
    }
  }
}

TEST(Http1HeadTest, NoMoreFieldsAreKeptThanTheBound) {
  std::string text = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; i < Head::fields_max + 5; ++i) text += "a: b\r\n";
  const Head head = Head::read(text + "\r\n", Head::Kind::request, false);
  EXPECT_EQ(head.fields.size(), Head::fields_max);
  ASSERT_EQ(head.oddities.size(), 1U);
  EXPECT_EQ(head.oddities[0].what, "http_too_many_fields");
}

TEST(Http1HeadTest, AStatusLineIsReadWhateverStandsBetweenItsWords) {
  for (const std::string_view text :
       {"HTTP/1.1 200 OK\r\n\r\n", "http/1.1  200   OK\r\n\r\n", "HTTP/1.1\t200\tOK\r\n\r\n"}) {
    const Head head = Head::read(text, Head::Kind::response, false);
    EXPECT_TRUE(head.valid);
    EXPECT_EQ(head.status, 200U);
    EXPECT_EQ(head.reason, "OK");
  }
}

TEST(Http1HeadTest, TheNextStartLineIsFound) {
  const Search request = find_request("junk\r\nGET /a HTTP/1.1\r\n", 0);
  EXPECT_TRUE(request.found);
  EXPECT_EQ(request.at, 6U);
  const Search within = find_request("{\"a\":1}POST /a HTTP/1.1\r\n", 0);
  EXPECT_TRUE(within.found);
  EXPECT_EQ(within.at, 7U);
  EXPECT_FALSE(find_request("GET /a HTTP/1.1", 0).found);
  EXPECT_FALSE(find_request(" HTTP/1.1\r\n", 0).found);
  EXPECT_EQ(find_response("xHTTP/1.1 200 OK").at, 1U);
  EXPECT_FALSE(find_response("HTTP/1.1 20").found);
}

TEST(Http1TextTest, FileNamesAreRead) {
  EXPECT_EQ(file_name("attachment; filename=\"a;b\\\"c.txt\""), "a;b\"c.txt");
  EXPECT_EQ(file_name("attachment; filename=x.y ; size=3"), "x.y");
  EXPECT_EQ(file_name("attachment; filename=x; filename*=UTF-8''%e2%82%ac.txt"), "\xe2\x82\xac.txt");
  EXPECT_EQ(file_name("inline"), "");
}

TEST(Http1TextTest, Base64IsDecoded) {
  EXPECT_EQ(base64_decoded("dXNlcjpwYXNz").value_or(""), "user:pass");
  EXPECT_EQ(base64_decoded("YQ==").value_or(""), "a");
  EXPECT_FALSE(base64_decoded("=").has_value());
}

}  // namespace
}  // namespace restitch::http1
