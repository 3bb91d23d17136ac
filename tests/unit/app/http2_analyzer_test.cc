#include "app/http2_analyzer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/coded.h"
#include "support/talk.h"

#ifdef RESTITCH_HTTP2
#include "support/http2_sender.h"

namespace restitch::testing {
namespace {

constexpr unsigned end_stream = Http2Sender::end_stream;
constexpr unsigned whole_head = Http2Sender::end_headers | Http2Sender::end_stream;
constexpr std::size_t npos = std::string_view::npos;

using Told = std::vector<std::string>;

struct Http2Talk : Talk {
  explicit Http2Talk(const AppOptions& options = {}) : Talk(options) {}
  std::vector<HttpRecord> transactions() const { return all<HttpRecord>(); }
  // What both say before the first request.
  void greet() {
    client(Http2Sender::hello());
    server(Http2Sender::settings({{1, 8192}}));
  }

  Http2Sender from_client;
  Http2Sender from_server;
};

TEST(Http2AnalyzerTest, ARequestAndItsResponseAreATransaction) {
  for (const std::size_t size : {npos, std::size_t{1}, std::size_t{7}}) {
    Http2Talk talk;
    talk.client(Http2Sender::hello(), size);
    talk.server(Http2Sender::settings({{1, 8192}, {5, 32'768}}), size);
    talk.client(talk.from_client.head(1, Http2Sender::get("/a/b.txt?c", {{"user-agent", "x"}}), whole_head),
                size);
    talk.server(talk.from_server.head(1, Http2Sender::ok({{"content-type", "text/plain; charset=a"},
                                                          {"content-length", "11"}})) +
                    Http2Sender::data(1, "hello ") + Http2Sender::data(1, "world", end_stream),
                size);
    ASSERT_EQ(talk.transactions().size(), 1U);
    const HttpRecord record = talk.transactions()[0];
    EXPECT_EQ(record.depth, 1U);
    EXPECT_EQ(record.stream_id, 1U);
    EXPECT_EQ(record.method, "GET");
    EXPECT_EQ(record.uri, "/a/b.txt?c");
    EXPECT_EQ(record.host, "a.example");
    EXPECT_EQ(record.scheme, "http");
    EXPECT_EQ(record.status, 200U);
    EXPECT_EQ(record.request.version, "2");
    EXPECT_TRUE(record.request.complete);
    EXPECT_TRUE(record.response.complete);
    EXPECT_EQ(record.request.fields, (HttpFields{{"user-agent", "x"}}));
    EXPECT_EQ(record.request.pseudo.size(), 4U);
    EXPECT_EQ(record.response.body_size, 11U);
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "hello world");
    EXPECT_EQ(talk.objects[0].head.url, "http://a.example/a/b.txt?c");
    EXPECT_EQ(talk.objects[0].head.name, "b.txt");
    EXPECT_EQ(talk.objects[0].head.type, "text/plain");
    EXPECT_EQ(talk.objects[0].head.size, 11U);
    EXPECT_TRUE(talk.objects[0].end.complete);
    EXPECT_EQ(record.response.object, std::optional<std::uint64_t>(0));
    EXPECT_EQ(talk.anomalies(), Told{});
    EXPECT_EQ(talk.conversation->service(), "http2");
    const auto settings = talk.all<Http2SettingsRecord>();
    ASSERT_EQ(settings.size(), 2U);
    EXPECT_EQ(settings[1].direction, server);
    ASSERT_EQ(settings[1].settings.size(), 2U);
    EXPECT_EQ(settings[1].settings[0].id, 1U);
    EXPECT_EQ(settings[1].settings[0].value, 8192U);
  }
}

TEST(Http2AnalyzerTest, StreamsAreInterleaved) {
  for (const std::size_t size : {npos, std::size_t{1}}) {
    Http2Talk talk;
    talk.greet();
    talk.client(Http2Sender::joined({talk.from_client.head(1, Http2Sender::get("/1"), whole_head),
                                     talk.from_client.head(3, Http2Sender::get("/3"), whole_head)}),
                size);
    talk.server(Http2Sender::joined(
                    {talk.from_server.head(3, Http2Sender::ok()), talk.from_server.head(1, Http2Sender::ok()),
                     Http2Sender::data(1, "one "), Http2Sender::data(3, "three "),
                     Http2Sender::data(1, "more", end_stream), Http2Sender::data(3, "more", end_stream)}),
                size);
    const auto records = talk.transactions();
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].uri, "/1");
    EXPECT_EQ(records[1].uri, "/3");
    EXPECT_EQ(records[1].depth, 2U);
    EXPECT_EQ(talk.objects.at(*records[0].response.object).data, "one more");
    EXPECT_EQ(talk.objects.at(*records[1].response.object).data, "three more");
    EXPECT_EQ(talk.anomalies(), Told{});
  }
}

TEST(Http2AnalyzerTest, AHeadMayComeInManyFramesAndWithPadding) {
  for (const std::size_t size : {npos, std::size_t{1}}) {
    Http2Talk talk;
    talk.greet();
    const std::string big(3000, 'v');
    talk.client(talk.from_client.split_head(1, Http2Sender::get("/", {{"big", big}}), 100, end_stream), size);
    const std::string block = talk.from_server.block(Http2Sender::ok());
    talk.server(
        Http2Sender::frame(1, 4 | 8 | 32, 1, "\x03" + Http2Sender::number(0) + "\x10" + block + "pad") +
            Http2Sender::frame(0, 8 | 1, 1, std::string("\x05") + "body" + "12345"),
        size);
    ASSERT_EQ(talk.transactions().size(), 1U);
    EXPECT_EQ(*talk.transactions()[0].request.field("big"), big);
    EXPECT_EQ(talk.transactions()[0].status, 200U);
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "body");
    EXPECT_TRUE(talk.objects[0].end.complete);
    EXPECT_EQ(talk.anomalies(), Told{});
  }
}

TEST(Http2AnalyzerTest, InterimResponsesAndTrailersAreKeptApart) {
  Http2Talk talk;
  talk.greet();
  talk.client(talk.from_client.head(1, Http2Sender::get("/")) + Http2Sender::data(1, "up", end_stream));
  talk.server(Http2Sender::joined({talk.from_server.head(1, {{":status", "103"}, {"link", "x"}}),
                                   talk.from_server.head(1, Http2Sender::ok()), Http2Sender::data(1, "down"),
                                   talk.from_server.head(1, {{"grpc-status", "0"}}, whole_head)}));
  ASSERT_EQ(talk.transactions().size(), 1U);
  const HttpRecord record = talk.transactions()[0];
  EXPECT_EQ(record.info_status, 103U);
  EXPECT_EQ(record.status, 200U);
  EXPECT_TRUE(record.response.fields.empty());
  EXPECT_EQ(record.response.trailers, (HttpFields{{"grpc-status", "0"}}));
  ASSERT_EQ(talk.objects.size(), 2U);
  EXPECT_EQ(talk.objects[0].data, "up");
  EXPECT_EQ(talk.objects[0].head.direction, client);
  EXPECT_EQ(talk.objects[1].data, "down");
  EXPECT_TRUE(record.response.complete);
  EXPECT_EQ(talk.anomalies(), Told{});
}

TEST(Http2AnalyzerTest, AnEmptyDataFrameEndsAStreamAtOnce) {
  Http2Talk talk;
  talk.greet();
  talk.client(talk.from_client.head(1, Http2Sender::get("/"), whole_head));
  talk.server(talk.from_server.head(1, Http2Sender::ok()));
  EXPECT_EQ(talk.transactions().size(), 0U);
  talk.server(Http2Sender::data(1, "", end_stream));
  EXPECT_EQ(talk.transactions().size(), 1U);
  EXPECT_TRUE(talk.transactions()[0].response.complete);
  EXPECT_TRUE(talk.objects.empty());
}

TEST(Http2AnalyzerTest, CodingsAreTakenOff) {
  Http2Talk talk;
  talk.greet();
  talk.client(talk.from_client.head(1, Http2Sender::get("/"), whole_head));
  const std::string coded = gzipped(hellos);
  talk.server(talk.from_server.head(1, Http2Sender::ok({{"content-encoding", "gzip"},
                                                        {"content-length", std::to_string(coded.size())}})) +
              Http2Sender::data(1, coded.substr(0, 9)) + Http2Sender::data(1, coded.substr(9), end_stream));
  ASSERT_EQ(talk.objects.size(), 1U);
  EXPECT_EQ(talk.objects[0].data, hellos);
  EXPECT_EQ(talk.objects[0].end.wire_size, coded.size());
  EXPECT_EQ(talk.transactions()[0].response.wire_size, coded.size());
  EXPECT_EQ(talk.transactions()[0].response.body_size, hellos.size());
  EXPECT_EQ(talk.anomalies(), Told{});
}

TEST(Http2AnalyzerTest, AResponseWaitsForItsRequest) {
  Http2Talk talk;
  talk.client(Http2Sender::hello());
  talk.server(Http2Sender::settings() + talk.from_server.head(1, Http2Sender::ok()) +
              Http2Sender::data(1, "early", end_stream));
  EXPECT_EQ(talk.transactions().size(), 0U);
  talk.client(talk.from_client.head(1, Http2Sender::get("/late"), whole_head));
  ASSERT_EQ(talk.transactions().size(), 1U);
  EXPECT_EQ(talk.transactions()[0].uri, "/late");
  EXPECT_EQ(talk.objects.at(0).head.url, "http://a.example/late");
  EXPECT_EQ(talk.anomalies(), Told{});
}

TEST(Http2AnalyzerTest, AResponseWithoutARequestIsReadAtTheEnd) {
  Http2Talk talk;
  talk.client(Http2Sender::hello());
  talk.server(Http2Sender::settings() + talk.from_server.head(1, Http2Sender::ok()) +
              Http2Sender::data(1, "early", end_stream));
  talk.close();
  ASSERT_EQ(talk.transactions().size(), 1U);
  EXPECT_FALSE(talk.transactions()[0].request.seen);
  EXPECT_TRUE(talk.transactions()[0].response.complete);
  EXPECT_EQ(talk.objects.at(0).data, "early");
}

TEST(Http2AnalyzerTest, APromiseIsARequestOfTheServer) {
  Http2Talk talk;
  talk.greet();
  talk.client(talk.from_client.head(1, Http2Sender::get("/"), whole_head));
  const std::string promise = talk.from_server.block(Http2Sender::get("/style.css"));
  talk.server(Http2Sender::joined({Http2Sender::frame(5, 4, 1, Http2Sender::number(2) + promise),
                                   talk.from_server.head(1, Http2Sender::ok(), whole_head),
                                   talk.from_server.head(2, Http2Sender::ok()),
                                   Http2Sender::data(2, "css", end_stream)}));
  const auto records = talk.transactions();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_FALSE(records[0].pushed);
  EXPECT_TRUE(records[1].pushed);
  EXPECT_EQ(records[1].stream_id, 2U);
  EXPECT_EQ(records[1].uri, "/style.css");
  EXPECT_TRUE(records[1].response.complete);
  EXPECT_EQ(talk.objects.at(0).data, "css");
  EXPECT_EQ(talk.anomalies(), Told{});
}

TEST(Http2AnalyzerTest, AResetEndsAStream) {
  Http2Talk talk;
  talk.greet();
  talk.client(talk.from_client.head(1, Http2Sender::get("/"), whole_head));
  talk.server(talk.from_server.head(1, Http2Sender::ok()) + Http2Sender::data(1, "half"));
  talk.client(Http2Sender::frame(3, 0, 1, Http2Sender::number(8)));
  ASSERT_EQ(talk.transactions().size(), 1U);
  EXPECT_EQ(talk.transactions()[0].reset_code, std::optional<std::uint32_t>(8));
  EXPECT_TRUE(talk.transactions()[0].reset_by_client);
  EXPECT_FALSE(talk.transactions()[0].response.complete);
  EXPECT_FALSE(talk.objects.at(0).end.complete);
  // What was on its way is no error.
  talk.server(Http2Sender::data(1, "more", end_stream));
  EXPECT_EQ(talk.anomalies(), Told{});
}

TEST(Http2AnalyzerTest, TheTableOfFieldsMayGrowAndShrink) {
  Http2Talk talk;
  Http2Sender sender(65'536);
  talk.client(Http2Sender::hello());
  talk.server(Http2Sender::settings({{1, 65'536}}));
  sender.change_table(65'536);
  const Http2Sender::Fields many = {{"a", std::string(9000, 'a')}, {"b", std::string(9000, 'b')}};
  talk.client(Http2Sender::joined({sender.head(1, Http2Sender::get("/1", many), whole_head),
                                   sender.head(3, Http2Sender::get("/3", many), whole_head)}));
  sender.change_table(0);
  talk.client(sender.head(5, Http2Sender::get("/5", many), whole_head));
  talk.close();
  ASSERT_EQ(talk.transactions().size(), 3U);
  EXPECT_EQ(*talk.transactions()[1].request.field("b"), std::string(9000, 'b'));
  EXPECT_EQ(talk.transactions()[0].request.table_size, std::optional<std::uint64_t>(65'536));
  EXPECT_FALSE(talk.transactions()[1].request.table_size);
  EXPECT_EQ(talk.transactions()[2].request.table_size, std::optional<std::uint64_t>(0));
  EXPECT_EQ(talk.anomalies(), Told{});
}

TEST(Http2AnalyzerTest, ATableBeyondTheLimitIsTold) {
  Http2Talk talk;
  talk.client(Http2Sender::hello());
  // A size update to 1 MiB, in two frames.
  talk.client(Http2Sender::frame(1, 0, 1, "\x3f\xe1") + Http2Sender::frame(9, 4, 1, "\xff\x3f\x82"));
  EXPECT_EQ(talk.anomalies(), Told{"http2_header_table_too_large"});
}

TEST(Http2AnalyzerTest, AGapWithinADataFrameIsAHole) {
  Http2Talk talk;
  talk.greet();
  talk.client(talk.from_client.head(1, Http2Sender::get("/"), whole_head));
  const std::string frame = Http2Sender::data(1, "0123456789", end_stream);
  talk.server(talk.from_server.head(1, Http2Sender::ok()) + frame.substr(0, 12));
  talk.gap(server, 4);
  talk.server(frame.substr(16));
  ASSERT_EQ(talk.transactions().size(), 1U);
  EXPECT_FALSE(talk.transactions()[0].response.complete);
  ASSERT_EQ(talk.objects.size(), 1U);
  EXPECT_EQ(talk.objects[0].data, "012789");
  EXPECT_EQ(talk.objects[0].gaps.at(0), (std::pair<std::size_t, std::uint64_t>{3, 4}));
  EXPECT_EQ(talk.objects[0].end.missing, 4U);
  EXPECT_EQ(talk.anomalies(), Told{});
  // The last byte of a frame may be missing too.
  talk.client(talk.from_client.head(3, Http2Sender::get("/"), whole_head));
  talk.server(talk.from_server.head(3, Http2Sender::ok()) + frame.substr(0, 8) + "\x03" + frame.substr(9, 7));
  talk.gap(server, 3);
  EXPECT_EQ(talk.transactions().size(), 2U);
  talk.client(talk.from_client.head(5, Http2Sender::get("/"), whole_head));
  talk.server(talk.from_server.head(5, Http2Sender::ok(), whole_head));
  EXPECT_EQ(talk.transactions().size(), 3U);
  EXPECT_EQ(talk.anomalies(), Told{});
}

TEST(Http2AnalyzerTest, BehindAnyOtherGapADirectionIsNotRead) {
  Http2Talk talk;
  talk.greet();
  talk.client(talk.from_client.head(1, Http2Sender::get("/"), whole_head));
  talk.server(talk.from_server.head(1, Http2Sender::ok()) + Http2Sender::data(1, "body"));
  talk.gap(server, 4);
  ASSERT_EQ(talk.transactions().size(), 1U);
  EXPECT_FALSE(talk.objects.at(0).end.complete);
  talk.server(Http2Sender::data(1, "body", end_stream));
  // The client can still be read.
  talk.client(talk.from_client.head(3, Http2Sender::get("/3"), whole_head));
  ASSERT_EQ(talk.transactions().size(), 2U);
  EXPECT_EQ(talk.transactions()[1].uri, "/3");
  EXPECT_FALSE(talk.transactions()[1].response.seen);
  EXPECT_EQ(talk.anomalies(), Told{"http2_gap"});
}

TEST(Http2AnalyzerTest, AStartThatWasNotSeenMayBeThere) {
  Http2Talk talk;
  talk.gap(server, 0);
  talk.client(Http2Sender::hello());
  talk.client(talk.from_client.head(1, Http2Sender::get("/", {}), whole_head));
  talk.gap(server, 0);
  talk.server(Http2Sender::settings());
  talk.server(talk.from_server.head(1, Http2Sender::ok(), whole_head));
  ASSERT_EQ(talk.transactions().size(), 1U);
  EXPECT_EQ(talk.transactions()[0].status, 200U);
  EXPECT_EQ(talk.anomalies(), Told{});
}

TEST(Http2AnalyzerTest, TheSchemeIsThatOfTheRequest) {
  Http2Talk talk;
  talk.greet();
  talk.client(talk.from_client.head(
      1, {{":method", "GET"}, {":scheme", "https"}, {":authority", "a.example"}, {":path", "/x"}},
      whole_head));
  talk.server(
      Http2Sender::joined({talk.from_server.head(1, Http2Sender::ok()), Http2Sender::data(1, "x", 1)}));
  EXPECT_EQ(talk.objects.at(0).head.url, "https://a.example/x");
}

TEST(Http2AnalyzerTest, WhereTheRequestsAreLostTheResponsesAreRead) {
  Http2Talk talk;
  talk.greet();
  talk.gap(client, 4);
  talk.client("anything");
  talk.server(talk.from_server.head(1, Http2Sender::ok()) + Http2Sender::data(1, "body", end_stream));
  ASSERT_EQ(talk.transactions().size(), 1U);
  EXPECT_EQ(talk.objects.at(0).data, "body");
  EXPECT_TRUE(talk.transactions()[0].response.complete);
}

TEST(Http2AnalyzerTest, AnUpgradedRequestIsStreamOne) {
  Http2Upgrade upgrade;
  upgrade.request.depth = 1;
  upgrade.request.method = "GET";
  upgrade.request.uri = "/robots.txt";
  upgrade.request.host = "a.example";
  upgrade.request.status = 101;
  upgrade.request.request.seen = upgrade.request.request.complete = true;
  upgrade.request.request.fields = {{"Host", "a.example"}};
  upgrade.settings = "AAMAAABkAARAAAAAAAIAAAAA";
  Http2Talk talk;
  auto outer = std::move(talk.conversation);
  talk.conversation = std::make_unique<Conversation>(*outer, "http", make_http2_analyzer(upgrade));
  talk.server(Http2Sender::settings() + talk.from_server.head(1, Http2Sender::ok()) +
              Http2Sender::data(1, "robots", end_stream));
  talk.client(Http2Sender::hello() + talk.from_client.head(3, Http2Sender::get("/3"), whole_head));
  talk.server(talk.from_server.head(3, Http2Sender::ok(), whole_head));
  const auto records = talk.transactions();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].stream_id, 1U);
  EXPECT_EQ(records[0].depth, 2U);
  EXPECT_EQ(records[0].uri, "/robots.txt");
  EXPECT_EQ(records[0].status, 200U);
  EXPECT_EQ(records[0].request.pseudo.at(2),
            (std::pair<std::string, std::string>{":authority", "a.example"}));
  EXPECT_EQ(talk.objects.at(0).data, "robots");
  EXPECT_EQ(records[1].stream_id, 3U);
  const auto settings = talk.all<Http2SettingsRecord>();
  ASSERT_EQ(settings.size(), 3U);
  EXPECT_TRUE(settings[0].upgrade);
  ASSERT_EQ(settings[0].settings.size(), 3U);
  EXPECT_EQ(settings[0].settings[0].value, 100U);
  EXPECT_EQ(settings[0].settings[2].id, 2U);
  EXPECT_EQ(talk.anomalies(), Told{});
  talk.conversation.reset();
}

// What a client says behind its preface, and what is told of it.
TEST(Http2AnalyzerTest, BrokenRulesAreTold) {
  const auto head = [](const Http2Sender::Fields& fields, unsigned flags = whole_head) {
    return Http2Sender().head(1, fields, flags);
  };
  using S = Http2Sender;
  const std::vector<std::pair<std::string, Told>> cases = {
      {S::frame(6, 0, 0, "short"), {"http2_frame_size"}},
      {S::frame(4, 0, 0, "12345"), {"http2_frame_size"}},
      {S::frame(3, 0, 1, "12345"), {"http2_frame_size"}},
      {S::frame(0, 8, 1,
                "\x09"
                "x"),
       {"http2_frame_size"}},
      {S::frame(11, 0, 0, std::string(20'000, 'x')), {"http2_frame_size"}},
      {S::frame(4, 0, 1, ""), {"http2_bad_stream"}},
      {S::frame(0, 0, 1, "x"), {"http2_bad_stream"}},
      {S::frame(0, 0, 0, "x"), {"http2_bad_stream"}},
      {S().head(2, S::get("/"), whole_head), {"http2_bad_stream"}},
      {S::frame(1, 0, 1, "\x82") + S::frame(0, 0, 1, "x"), {"http2_interrupted_head"}},
      {S::frame(9, 4, 1, "\x82"), {"http2_lone_continuation"}},
      {S::frame(1, 4, 1, "\xff\xff\xff\xff\xff\xff"), {"http2_hpack"}},
      {S::frame(1, 4, 1, "\x40"), {"http2_hpack"}},
      {S().split_head(1, S::get("/", {{"x", std::string(400, 'x')}}), 2, end_stream),
       {"http2_continuation_flood"}},
      {head({{":method", "GET"}, {":scheme", "http"}}), {"http2_bad_pseudo_header"}},
      {head(S::get("/", {{":path", "/2"}})), {"http2_bad_pseudo_header"}},
      {head(S::get("/", {{"x", "y"}, {":late", "/2"}})), {"http2_bad_pseudo_header"}},
      {head(S::get("/ HTTP/1.1")), {"http2_bad_pseudo_header"}},
      {head(S::get("/", {{"x", "y\r\nz: 1"}})), {"http2_bad_field"}},
      {head(S::get("/", {{"x y", "z"}})), {"http2_bad_field"}},
      {head(S::get("/", {{"Xy", "z"}})), {"http2_upper_case_name"}},
      {head(S::get("/", {{"connection", "close"}})), {"http2_connection_field"}},
      {head(S::get("/", {{"te", "gzip"}})), {"http2_connection_field"}},
      {head(S::get("/", {{"te", "trailers"}})), {}},
      {head(S::get("/", {{"transfer-encoding", "chunked"}})), {"http2_transfer_encoding"}},
      {head(S::get("/", {{"content-length", "1"}, {"content-length", "2"}})),
       {"http2_two_lengths", "http2_length_mismatch"}},
      {head(S::get("/", {{"host", "b.example"}})), {"http2_two_hosts"}},
      {head(S::get("/", {{"content-length", "3"}}), 4) + S::data(1, "1234", end_stream),
       {"http2_length_mismatch"}},
      {head(S::get("/", {{"big", std::string(70'000, '\x01')}})), {"http2_frame_size", "http2_hpack"}},
      {S::frame(7, 0, 0, "\0\0\0\1\0\0\0\0debug") + S::frame(8, 0, 0, "\0\0\0\1"), {"http2_frame_size"}},
  };
  for (const auto& [bytes, told] : cases) {
    for (const std::size_t size : {npos, std::size_t{1}}) {
      Http2Talk talk;
      talk.greet();
      talk.client(bytes, size);
      talk.close();
      EXPECT_EQ(talk.anomalies(), told) << bytes.substr(0, 60);
    }
  }
}

TEST(Http2AnalyzerTest, WhatDoesNotBeginAsItMustIsNotRead) {
  Http2Talk talk;
  talk.client(Http2Sender::hello());
  talk.server("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(talk.anomalies(), Told{"http2_no_settings"});
  Http2Talk other;
  other.client("PRI * HTTP/2.0\r\n\r\nnothing of the kind");
  EXPECT_EQ(other.transactions().size(), 0U);
  EXPECT_EQ(other.conversation->service(), "");
}

TEST(Http2AnalyzerTest, AHeadIsCutAtTheLimitAndTheTableStaysRight) {
  AppOptions options;
  options.limits.header_max = 2000;
  Http2Talk talk(options);
  talk.greet();
  const Http2Sender::Fields many = {
      {"a", std::string(900, 'a')}, {"b", std::string(900, 'b')}, {"c", std::string(900, 'c')}, {"d", "e"}};
  talk.client(Http2Sender::joined(
      {talk.from_client.head(1, Http2Sender::get("/1", many), whole_head),
       talk.from_client.head(3, Http2Sender::get("/3", {{"c", std::string(900, 'c')}}), whole_head)}));
  talk.close();
  ASSERT_EQ(talk.transactions().size(), 2U);
  EXPECT_EQ(talk.transactions()[0].request.fields.size(), 1U);
  EXPECT_EQ(*talk.transactions()[1].request.field("c"), std::string(900, 'c'));
  EXPECT_EQ(talk.anomalies(), Told{"http2_headers_too_long"});
}

TEST(Http2AnalyzerTest, OnlySoManyStreamsAreOpen) {
  AppOptions options;
  options.limits.streams_max = 3;
  Http2Talk talk(options);
  talk.greet();
  for (std::uint32_t id = 1; id < 20; id += 2) {
    talk.client(talk.from_client.head(id, Http2Sender::get("/" + std::to_string(id)), whole_head));
  }
  EXPECT_EQ(talk.transactions().size(), 7U);
  talk.close();
  EXPECT_EQ(talk.transactions().size(), 10U);
  EXPECT_EQ(talk.anomalies(), Told{"http2_too_many_streams"});
}

TEST(Http2AnalyzerTest, TheFieldsOfOpenStreamsAreBounded) {
  AppOptions options;
  options.limits.header_max = 2000;
  Http2Talk talk(options);
  talk.greet();
  for (std::uint32_t id = 1; id < 200; id += 2) {
    talk.client(
        talk.from_client.head(id, Http2Sender::get("/", {{"a", std::string(1000, 'a')}}), whole_head));
  }
  EXPECT_GT(talk.transactions().size(), 70U);
  EXPECT_EQ(talk.anomalies(), Told{"http2_too_many_streams"});
}

TEST(Http2AnalyzerTest, RapidResetsAreToldOnce) {
  Http2Talk talk;
  talk.greet();
  for (std::uint32_t id = 1; id < 1000; id += 2) {
    talk.client(talk.from_client.head(id, Http2Sender::get("/"), whole_head) +
                Http2Sender::frame(3, 0, id, Http2Sender::number(8)));
  }
  EXPECT_EQ(talk.transactions().size(), 500U);
  EXPECT_EQ(talk.anomalies(), Told{"http2_rapid_reset"});
}

TEST(Http2AnalyzerTest, AConnectionThatStopsReportsWhatIsOpen) {
  Http2Talk talk;
  talk.greet();
  talk.client(talk.from_client.head(1, Http2Sender::get("/", {{"authorization", "Basic dTpw"}})) +
              Http2Sender::data(1, "some").substr(0, 11));
  talk.close();
  ASSERT_EQ(talk.transactions().size(), 1U);
  EXPECT_FALSE(talk.transactions()[0].request.complete);
  EXPECT_EQ(talk.transactions()[0].user, "u");
  EXPECT_EQ(talk.transactions()[0].password, "p");
  EXPECT_EQ(talk.objects.at(0).data, "so");
  EXPECT_FALSE(talk.objects.at(0).end.complete);
}

}  // namespace
}  // namespace restitch::testing
#endif
