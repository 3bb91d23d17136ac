#include "app/websocket_analyzer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/coded.h"
#include "support/talk.h"
#include "support/websocket_frames.h"

namespace restitch::testing {
namespace {

using Told = std::vector<std::string>;

struct Sockets : Talk {
  explicit Sockets(std::string_view extensions = "", const AppOptions& options = {}) : Talk(options) {
    inner = std::make_unique<Conversation>(*conversation, "websocket", make_websocket_analyzer(extensions));
    std::swap(inner, conversation);
  }
  ~Sockets() override { conversation.reset(); }
  std::vector<WebSocketRecord> messages() const { return all<WebSocketRecord>(); }
  std::unique_ptr<Conversation> inner;
};

// As a sender leaves it: flushed, without the last four bytes.
class Deflater {
 public:
  Deflater() { deflateInit2(&stream_, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater() { deflateEnd(&stream_); }
  std::string message(std::string_view text) {
    std::string coded(text.size() + 1000, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(coded.data());
    stream_.avail_out = static_cast<uInt>(coded.size());
    deflate(&stream_, Z_SYNC_FLUSH);
    coded.resize(coded.size() - stream_.avail_out - 4);
    return coded;
  }

 private:
  z_stream stream_{};
};

constexpr std::size_t npos = std::string_view::npos;

TEST(WebSocketAnalyzerTest, AShortTextStandsInItsRecord) {
  for (const std::size_t size : {npos, std::size_t{1}}) {
    Sockets talk;
    talk.client(from_client(0x81, "hello"), size);
    talk.server(from_server(0x81, "hi"), size);
    const auto messages = talk.messages();
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0].head, "hello");
    EXPECT_EQ(messages[0].direction, client);
    EXPECT_EQ(messages[0].opcode, 1);
    EXPECT_EQ(messages[0].frames, 1U);
    EXPECT_EQ(messages[0].size, 5U);
    EXPECT_TRUE(messages[0].masked);
    EXPECT_TRUE(messages[0].complete);
    EXPECT_FALSE(messages[0].object);
    EXPECT_EQ(messages[1].head, "hi");
    EXPECT_FALSE(messages[1].masked);
    EXPECT_TRUE(talk.objects.empty());
    EXPECT_EQ(talk.anomalies(), Told{});
  }
}

TEST(WebSocketAnalyzerTest, ALongTextAndABinaryMessageAreObjects) {
  std::string text(70'000, 'x');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  for (const std::size_t size : {npos, std::size_t{1}, std::size_t{1000}}) {
    Sockets talk;
    talk.client(from_client(0x81, text) + from_client(0x82, "bin"), size);
    talk.server(from_server(0x81, text.substr(0, 300)), size);
    ASSERT_EQ(talk.objects.size(), 3U);
    EXPECT_EQ(talk.objects[0].data, text);
    EXPECT_TRUE(talk.objects[0].end.complete);
    EXPECT_EQ(talk.objects[0].head.protocol, "websocket");
    EXPECT_EQ(talk.objects[0].end.wire_size, text.size());
    EXPECT_EQ(talk.objects[1].data, "bin");
    EXPECT_EQ(talk.objects[2].data, text.substr(0, 300));
    EXPECT_EQ(talk.objects[2].head.direction, server);
    EXPECT_EQ(talk.messages()[0].object, std::optional<std::uint64_t>(0));
    EXPECT_EQ(talk.messages()[0].head, text.substr(0, 256));
    EXPECT_EQ(talk.anomalies(), Told{});
  }
}

TEST(WebSocketAnalyzerTest, ControlFramesComeBetweenFragments) {
  for (const std::size_t size : {npos, std::size_t{1}}) {
    Sockets talk;
    talk.server(from_server(0x02, "one") + from_server(0x89, "ping?") + from_server(0x00, "two") +
                    from_server(0x8a, "") + from_server(0x80, "three"),
                size);
    const auto messages = talk.messages();
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[0].opcode, 9);
    EXPECT_EQ(messages[0].head, "ping?");
    EXPECT_EQ(messages[1].opcode, 10);
    EXPECT_TRUE(messages[1].complete);
    EXPECT_EQ(messages[2].opcode, 2);
    EXPECT_EQ(messages[2].frames, 3U);
    EXPECT_EQ(messages[2].size, 11U);
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "onetwothree");
    EXPECT_EQ(talk.anomalies(), Told{});
  }
}

TEST(WebSocketAnalyzerTest, ACloseHasACodeAndAReason) {
  Sockets talk;
  talk.client(from_client(0x88, std::string("\x03\xe9", 2) + "going away"));
  talk.server(from_server(0x88, ""));
  const auto messages = talk.messages();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].close_code, 1001U);
  EXPECT_EQ(messages[0].head, "going away");
  EXPECT_EQ(messages[1].close_code, 0U);
  talk.server(from_server(0x88, "x"));
  EXPECT_EQ(talk.anomalies(), Told{"websocket_bad_close"});
}

TEST(WebSocketAnalyzerTest, CompressedMessagesTakeOverTheirContext) {
  for (const std::size_t size : {npos, std::size_t{1}}) {
    Sockets talk("permessage-deflate");
    Deflater deflater;
    const std::string first = deflater.message("hello hello hello");
    const std::string second = deflater.message("hello hello hello");
    ASSERT_LT(second.size(), first.size());
    talk.client(from_client(0xc1, first) + from_client(0xc1, second) + from_client(0x81, "plain"), size);
    // In two frames, of which the first has the bit.
    const std::string third = deflater.message(std::string(1000, 'z'));
    talk.client(from_client(0x41, third.substr(0, 3)) + from_client(0x80, third.substr(3)), size);
    const auto messages = talk.messages();
    ASSERT_EQ(messages.size(), 4U);
    EXPECT_EQ(messages[0].head, "hello hello hello");
    EXPECT_TRUE(messages[0].compressed);
    EXPECT_TRUE(messages[0].complete);
    EXPECT_EQ(messages[0].wire_size, first.size());
    EXPECT_EQ(messages[1].head, "hello hello hello");
    EXPECT_EQ(messages[2].head, "plain");
    EXPECT_FALSE(messages[2].compressed);
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, std::string(1000, 'z'));
    EXPECT_EQ(talk.objects[0].head.coding, "permessage-deflate");
    EXPECT_TRUE(talk.objects[0].end.complete);
    EXPECT_EQ(talk.anomalies(), Told{});
  }
}

TEST(WebSocketAnalyzerTest, WithoutTakeOverEachMessageBeginsAnew) {
  Sockets talk("foo, permessage-deflate; client_max_window_bits=12; client_no_context_takeover");
  for (const char* text : {"hello hello hello", "hello hello hello"}) {
    Deflater deflater;
    talk.client(from_client(0xc1, deflater.message(text)));
  }
  talk.client(from_client(0xc1, "\xff\xff\xff"));
  Deflater deflater;
  talk.client(from_client(0xc1, deflater.message("and on")));
  const auto messages = talk.messages();
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[1].head, "hello hello hello");
  EXPECT_FALSE(messages[2].complete);
  EXPECT_EQ(messages[3].head, "and on");
  EXPECT_TRUE(messages[3].complete);
  EXPECT_EQ(talk.anomalies(), Told{"websocket_coding_damaged"});
}

TEST(WebSocketAnalyzerTest, AMessageMayEndWithALastBlock) {
  Sockets talk("permessage-deflate");
  const std::string coded = deflated("hello", -15) + std::string(1, '\0');
  talk.server(from_server(0xc1, coded) + from_server(0xc1, coded));
  ASSERT_EQ(talk.messages().size(), 2U);
  EXPECT_EQ(talk.messages()[0].head, "hello");
  EXPECT_EQ(talk.messages()[1].head, "hello");
  EXPECT_TRUE(talk.messages()[1].complete);
  EXPECT_EQ(talk.anomalies(), Told{});
}

TEST(WebSocketAnalyzerTest, WhereAContextIsLostNothingCompressedIsReadAnyMore) {
  Sockets talk("permessage-deflate");
  Deflater deflater;
  const std::string first = deflater.message("hello hello hello");
  const std::string second = deflater.message("hello hello hello");
  const std::string frame = from_server(0xc2, first);
  talk.server(frame.substr(0, 6));
  talk.gap(server, 3);
  talk.server(frame.substr(9) + from_server(0xc2, second) + from_server(0x82, "plain"));
  const auto messages = talk.messages();
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_FALSE(messages[0].complete);
  EXPECT_FALSE(messages[1].complete);
  EXPECT_EQ(messages[1].size, 0U);
  EXPECT_TRUE(messages[2].complete);
  EXPECT_EQ(messages[2].head, "plain");
}

TEST(WebSocketAnalyzerTest, AGapWithinAFrameIsAHoleInItsMessage) {
  Sockets talk;
  const std::string frame = from_client(0x82, "0123456789");
  talk.client(frame.substr(0, 9));
  talk.gap(client, 4);
  talk.client(frame.substr(13) + from_client(0x81, "on"));
  ASSERT_EQ(talk.objects.size(), 1U);
  EXPECT_EQ(talk.objects[0].data, "012789");
  ASSERT_EQ(talk.objects[0].gaps.size(), 1U);
  EXPECT_EQ(talk.objects[0].gaps[0], (std::pair<std::size_t, std::uint64_t>{3, 4}));
  EXPECT_FALSE(talk.objects[0].end.complete);
  ASSERT_EQ(talk.messages().size(), 2U);
  EXPECT_EQ(talk.messages()[1].head, "on");
  EXPECT_EQ(talk.anomalies(), Told{});
}

TEST(WebSocketAnalyzerTest, BehindAGapBetweenFramesADirectionStops) {
  Sockets talk;
  talk.client(from_client(0x02, "012") + "\x80");
  talk.gap(client, 4);
  talk.client(from_client(0x81, "on"));
  talk.server(from_server(0x81, "still"));
  talk.close();
  ASSERT_EQ(talk.messages().size(), 2U);
  EXPECT_FALSE(talk.messages()[0].complete);
  EXPECT_EQ(talk.messages()[1].head, "still");
  EXPECT_EQ(talk.anomalies(), Told{"websocket_gap"});
}

TEST(WebSocketAnalyzerTest, BrokenRulesAreToldOnce) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {from_server(0x81, "x"), "websocket_unmasked_client"},
      {from_client(0xa1, "x"), "websocket_reserved_bits"},
      {from_client(0xc1, "x"), "websocket_reserved_bits"},
      {from_client(0x83, "x"), "websocket_reserved_opcode"},
      {from_client(0x8b, ""), "websocket_reserved_opcode"},
      {from_client(0x80, "x"), "websocket_lone_continuation"},
      {from_client(0x01, "x") + from_client(0x81, "y"), "websocket_message_interrupted"},
      {from_client(0x89, std::string(126, 'x')), "websocket_long_control"},
      {from_client(0x09, "x"), "websocket_fragmented_control"},
      {std::string("\x81\xfe\0\x01"
                   "key!x",
                   9),
       "websocket_bad_length"},
      {std::string("\x81\xff\x80\0\0\0\0\0\0\0key!", 14), "websocket_bad_length"}};
  for (const auto& [bytes, told] : cases) {
    for (const std::size_t size : {npos, std::size_t{1}}) {
      Sockets talk;
      talk.client(bytes + bytes, size);
      talk.close();
      EXPECT_EQ(talk.anomalies(), Told{told});
    }
  }
  Sockets talk;
  talk.server(from_client(0x81, "masked"));
  EXPECT_EQ(talk.anomalies(), Told{"websocket_masked_server"});
  EXPECT_EQ(talk.messages().at(0).head, "masked");
}

TEST(WebSocketAnalyzerTest, AMessageThatDoesNotEndIsReportedAtTheEnd) {
  Sockets talk;
  talk.client(from_client(0x82, "0123456789").substr(0, 9));
  talk.close();
  ASSERT_EQ(talk.messages().size(), 1U);
  EXPECT_FALSE(talk.messages()[0].complete);
  ASSERT_EQ(talk.objects.size(), 1U);
  EXPECT_TRUE(talk.objects[0].ended);
  EXPECT_FALSE(talk.objects[0].end.complete);
}

TEST(WebSocketAnalyzerTest, LimitsCutAMessage) {
  AppOptions options;
  options.limits.object_max = 300;
  Sockets talk("", options);
  talk.client(from_client(0x82, std::string(400, 'x')) + from_client(0x81, "on"));
  ASSERT_EQ(talk.objects.size(), 1U);
  EXPECT_EQ(talk.objects[0].data.size(), 300U);
  EXPECT_TRUE(talk.objects[0].end.over_limit);
  EXPECT_EQ(talk.messages().size(), 2U);
  EXPECT_EQ(talk.anomalies(), Told{"websocket_message_too_long"});
}

TEST(WebSocketAnalyzerTest, WithoutRoomForADecoderNothingIsDecoded) {
  AppOptions options;
  options.limits.decoders_max = 50'000;
  Sockets talk("permessage-deflate", options);
  talk.server(from_server(0xc1, Deflater().message("one")));
  talk.client(from_client(0xc1, Deflater().message("two")) + from_client(0x81, "three"));
  ASSERT_EQ(talk.messages().size(), 3U);
  EXPECT_EQ(talk.messages()[0].head, "one");
  EXPECT_EQ(talk.messages()[1].head, "");
  EXPECT_FALSE(talk.messages()[1].complete);
  EXPECT_EQ(talk.messages()[2].head, "three");
  EXPECT_EQ(talk.anomalies(), Told{"websocket_no_room"});
  talk.close();
  EXPECT_EQ(talk.services.decoder_memory(), 0U);
}

TEST(WebSocketAnalyzerTest, ABombIsCut) {
  AppOptions options;
  options.limits.expansion_max = 10;
  Sockets talk("permessage-deflate; server_no_context_takeover", options);
  talk.server(from_server(0xc2, Deflater().message(std::string(std::size_t{4} << 20, 'x'))));
  talk.server(from_server(0xc1, Deflater().message("on")));
  ASSERT_EQ(talk.objects.size(), 1U);
  EXPECT_LE(talk.objects[0].data.size(), std::size_t{2} << 20);
  EXPECT_TRUE(talk.objects[0].end.over_limit);
  EXPECT_EQ(talk.messages().at(1).head, "on");
  EXPECT_EQ(talk.anomalies(), Told{"websocket_expands_too_much"});
}

}  // namespace
}  // namespace restitch::testing
