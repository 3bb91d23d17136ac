// Messages of HTTP/1 that two programs read in two ways: each is told, with what both read.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "app/http1_analyzer.h"
#include "support/talk.h"

namespace restitch::testing {
namespace {

struct Smuggled {
  std::string name;
  std::string client;
  std::string server;
  std::string what;         // the anomaly
  std::string detail;       // a part of what it says
  std::size_t records = 1;  // whole messages that are found
};

constexpr const char* good_get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr const char* good_answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

std::string post(const std::string& fields, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) { return post("Transfer-Encoding: chunked\r\n", body); }
std::string answer(const std::string& fields, const std::string& body) {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
}

const std::vector<Smuggled>& smuggled() {
  static const std::vector<Smuggled> cases = {
      {"cl_te", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG"), "",
       "http_length_and_chunked", "\"6\" bytes"},
      {"te_cl", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "5\r\nhello\r\n0\r\n\r\n"), "",
       "http_length_and_chunked", "chunked"},
      {"two_lengths", post("Content-Length: 3\r\nContent-Length: 5\r\n", "abcde"), "", "http_two_lengths",
       "3 bytes, or 5"},
      {"two_lengths_in_a_list", post("Content-Length: 3, 5\r\n", "abcde"), "", "http_two_lengths",
       "3 bytes, or 5"},
      {"length_twice", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), "", "http_repeated_length",
       "3"},
      {"signed_length", post("Content-Length: +3\r\n", "abc"), "", "http_bad_length", "+3"},
      {"hex_length", post("Content-Length: 0x3\r\n", "abc"), "", "http_bad_length", "0x3"},
      {"huge_length", post("Content-Length: 99999999999999999999999\r\n", "abc"), "", "http_bad_length",
       "no length"},
      {"folded", post("Content-Length: 0\r\nX: a\r\n Transfer-Encoding: chunked\r\n", ""), "",
       "http_folded_header", "goes on with"},
      {"folded_first", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "", "http_folded_header", "start line"},
      {"folded_coding", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), "", "http_folded_header",
       "chunked"},
      {"bare_cr", post("X: a\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "", "http_bare_cr", "CR within"},
      {"bare_lf", "GET / HTTP/1.1\nHost: a\r\n\r\n", "", "http_bare_lf", "without CR"},
      {"space_before_colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), "",
       "http_space_before_colon", "Transfer-Encoding"},
      {"tab_before_colon", post("Content-Length\t: 0\r\n", ""), "", "http_space_before_colon",
       "Content-Length"},
      {"nul_in_header", post(std::string("X: a\0b\r\n", 8), ""), "", "http_nul", "NUL"},
      {"nul_in_name", post(std::string("Content-Length\0: 0\r\n", 20), ""), "", "http_nul", "NUL"},
      {"bad_name", post("Content\x01Length: 3\r\n", ""), "", "http_bad_header_name", "no name"},
      {"no_name", post(": 3\r\n", ""), "", "http_header_without_name", "left out"},
      {"no_colon", post("Content-Length\r\n", ""), "", "http_header_without_name", "ends the header"},
      {"xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), "", "http_odd_transfer_encoding",
       "xchunked"},
      {"chunked_identity", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), "",
       "http_odd_transfer_encoding", "identity"},
      {"chunked_twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "",
       "http_odd_transfer_encoding", "chunked, chunked"},
      {"quoted_chunked", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), "",
       "http_odd_transfer_encoding", "chunked"},
      {"vertical_tab_chunked",
       post("Transfer-Encoding: \x0b"
            "chunked\r\n",
            "0\r\n\r\n"),
       "", "http_refused_head", "strict"},
      {"chunked_in_1_0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "",
       "http_transfer_encoding_in_1_0", "HTTP/1.0"},
      {"plus_size", chunked("+5\r\nhello\r\n0\r\n\r\n"), "", "http_odd_chunk_size", "5"},
      {"hex_prefix", chunked("0x5\r\nhello\r\n0\r\n\r\n"), "", "http_odd_chunk_size", "or 0"},
      {"space_before_size", chunked(" 5\r\nhello\r\n0\r\n\r\n"), "", "http_odd_chunk_size", "white space"},
      {"tab_behind_size", chunked("5\t\r\nhello\r\n0\r\n\r\n"), "", "http_odd_chunk_size", "or none"},
      {"junk_behind_size", chunked("5x\r\nhello\r\n0\r\n\r\n"), "", "http_odd_chunk_size", "5x"},
      {"huge_size", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"), "", "http_chunk_size_overflow",
       "cut"},
      {"no_size", chunked("zz\r\nhello\r\n0\r\n\r\n"), "", "http_bad_chunk", "no size"},
      {"extension_with_lf", chunked("5;a\nhello\r\n0\r\n\r\n"), "", "http_odd_chunk_extension", "goes on"},
      {"extension_with_cr", chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), "", "http_odd_chunk_extension", "CR"},
      {"long_extension", chunked("5;" + std::string(300, 'a') + "\r\nhello\r\n0\r\n\r\n"), "",
       "http_odd_chunk_extension", "301"},
      {"size_with_lf", chunked("5\nhello\r\n0\r\n\r\n"), "", "http_bare_lf", "without CR"},
      {"chunk_that_is_longer", chunked("5\r\nhello5\r\nworld\r\n0\r\n\r\n"), "", "http_bad_chunk_end",
       "wrong"},
      {"behind_close", "GET / HTTP/1.1\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\n\r\n", "",
       "http_data_after_close", "nobody reads it", 2},
      {"no_such_method", std::string(good_get) + "G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n", good_answer,
       "http_bad_request_line", "no request"},
      {"space_in_uri", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "", "http_space_in_uri", "first space"},
      {"answer_without_request", "", good_answer, "http_response_without_request", "nobody asked"},
      {"answers_too_many", good_get, std::string(good_answer) + good_answer, "http_response_without_request",
       "another request", 2},
      {"answer_cl_te", good_get, answer("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
       "http_length_and_chunked", "3"},
      {"answer_two_lengths", good_get, answer("Content-Length: 3\r\nContent-Length: 1\r\n", "abc"),
       "http_two_lengths", "3 bytes, or 1"},
      {"body_of_head", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", answer("Content-Length: 3\r\n", "abc"),
       "http_body_not_allowed", "begins it"},
      {"body_of_304", good_get, "HTTP/1.1 304 OK\r\nContent-Length: 3\r\n\r\nabc", "http_body_not_allowed",
       "begins it"},
      {"odd_status", good_get, "HTTP/1.1 20x OK\r\nContent-Length: 0\r\n\r\n", "http_bad_status",
       "read as 20"},
      {"unknown_version", "GET / HTTP/7.3\r\nHost: a\r\n\r\n", "", "http_refused_head", "strict"},
  };
  return cases;
}

class SmugglingTest : public ::testing::TestWithParam<Smuggled> {};

TEST_P(SmugglingTest, IsToldWithBothReadings) {
  for (const std::size_t size : {std::string::npos, std::size_t{1}}) {
    Talk talk;
    talk.client(GetParam().client, size);
    talk.server(GetParam().server, size);
    talk.close();
    const auto told = talk.all<AnomalyRecord>();
    const auto found = std::find_if(told.begin(), told.end(), [](const AnomalyRecord& record) {
      return record.what == GetParam().what && record.detail.find(GetParam().detail) != std::string::npos;
    });
    std::string all;
    for (const AnomalyRecord& record : told) all += std::string(record.what) + ": " + record.detail + "\n";
    EXPECT_NE(found, told.end()) << all;
    EXPECT_EQ(talk.all<HttpRecord>().size(), GetParam().records);
  }
}

INSTANTIATE_TEST_SUITE_P(All, SmugglingTest, ::testing::ValuesIn(smuggled()),
                         [](const auto& smuggled_case) { return smuggled_case.param.name; });

TEST(SmugglingBodyTest, TheReadingThatFitsTheBytesIsTaken) {
  Talk talk;
  talk.client(good_get);
  talk.server(answer("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "X5O!P"));
  talk.close();
  EXPECT_EQ(talk.objects.at(0).data, "X5O!P");
}

TEST(SmugglingBodyTest, NothingIsToldOfPlainMessages) {
  Talk talk;
  talk.client(good_get);
  talk.client(post("Content-Length: 2\r\n", "ab"));
  talk.client(chunked("2\r\nab\r\n0\r\n\r\n"));
  talk.server(std::string(good_answer) + answer("Transfer-Encoding: chunked\r\n", "1;a=b\r\nx\r\n0\r\n\r\n"));
  talk.server(good_answer);
  EXPECT_TRUE(talk.anomalies().empty());
  EXPECT_EQ(talk.all<HttpRecord>().size(), 3U);
}

}  // namespace
}  // namespace restitch::testing
