#include "app/http_body.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/coded.h"
#include "support/talk.h"

namespace restitch::testing {
namespace {

// A body that comes in pieces, each a packet of its own.
struct BodyTalk : Talk {
  explicit BodyTalk(std::string_view codings, const AppOptions& options = {}) : Talk(options) {
    ObjectHead head;
    head.protocol = "http";
    head.direction = TcpFlowDirection::server_to_client;
    body = std::make_unique<HttpBody>(findings, head, codings);
  }
  void say(std::string_view text, std::size_t size = std::string_view::npos) {
    while (!text.empty()) {
      const std::string_view part = text.substr(0, size);
      const std::vector<std::uint8_t> bytes(part.begin(), part.end());
      body->data(findings, bytes, {offset, 0, {}, ++packet});
      offset += part.size();
      text.remove_prefix(part.size());
    }
  }
  void gap(std::uint64_t size) {
    offset += size;
    body->gap(findings, size);
  }
  const Object& end(bool complete = true) {
    body->end(findings, complete);
    EXPECT_EQ(body->wire_size(), objects.at(0).end.wire_size);
    EXPECT_EQ(body->size(), objects[0].data.size());
    EXPECT_TRUE(objects[0].ended);
    return objects[0];
  }

  Findings findings{*conversation};
  std::unique_ptr<HttpBody> body;
  std::uint64_t offset = 1000;
  std::uint64_t packet = 0;
};

using Told = std::vector<std::string>;

TEST(HttpBodyTest, ABodyWithoutACodingIsItself) {
  BodyTalk talk("");
  talk.say("hello");
  talk.say(" world");
  const auto& object = talk.end();
  EXPECT_EQ(object.data, "hello world");
  EXPECT_EQ(object.head.coding, "");
  EXPECT_TRUE(object.end.complete);
  EXPECT_FALSE(object.end.undecodable);
  EXPECT_EQ(object.end.wire_size, 11U);
  EXPECT_EQ(object.end.origin.offset, 1010U);
  ASSERT_EQ(object.origins.size(), 2U);
  EXPECT_EQ(object.origins[1].offset, 1005U);
  EXPECT_EQ(object.origins[1].size, 0U);
}

TEST(HttpBodyTest, ACodingIsTakenOffAndEachPieceSaysWhichBytesItCameFrom) {
  for (const std::size_t size : {std::string::npos, std::size_t{1}, std::size_t{20}}) {
    BodyTalk talk("gzip");
    const std::string coded = gzipped(hellos);
    talk.say(coded, size);
    const auto& object = talk.end();
    EXPECT_EQ(object.data, hellos);
    EXPECT_EQ(object.head.coding, "gzip");
    EXPECT_TRUE(object.end.complete);
    EXPECT_EQ(object.end.wire_size, coded.size());
    for (const Origin& origin : object.origins) {
      EXPECT_NE(origin.size, 0U);
      EXPECT_GE(origin.offset, 1000U);
      EXPECT_LE(origin.offset + origin.size, 1000 + coded.size());
    }
    EXPECT_EQ(object.end.origin.offset, 1000 + coded.size() - 1);
    EXPECT_EQ(talk.anomalies(), Told{});
  }
}

TEST(HttpBodyTest, AGapInAPlainBodyIsAHole) {
  BodyTalk talk("");
  talk.say("one");
  talk.gap(4);
  talk.say("two");
  const auto& object = talk.end();
  EXPECT_EQ(object.data, "onetwo");
  ASSERT_EQ(object.gaps.size(), 1U);
  EXPECT_EQ(object.gaps[0], (std::pair<std::size_t, std::uint64_t>{3, 4}));
  EXPECT_FALSE(object.end.complete);
  EXPECT_EQ(object.end.missing, 4U);
  EXPECT_EQ(object.end.wire_size, 6U);
}

TEST(HttpBodyTest, AGapInACodedBodyEndsItsDecoding) {
  BodyTalk talk("gzip");
  const std::string coded = gzipped(std::string(100, 'a') + std::string(hellos));
  talk.say(coded.substr(0, 14));
  talk.gap(10);
  talk.say(coded.substr(24));
  talk.gap(5);
  const auto& object = talk.end(false);
  EXPECT_EQ(object.gaps.size(), 1U);
  EXPECT_FALSE(object.end.complete);
  EXPECT_FALSE(object.end.undecodable);
  EXPECT_EQ(object.end.missing, 15U);
  EXPECT_EQ(talk.anomalies(), Told{});
}

TEST(HttpBodyTest, ABodyOfAnUnknownCodingIsGivenAsItCame) {
  BodyTalk talk("compress");
  talk.say("\x1f\x9dxyz");
  const auto& object = talk.end();
  EXPECT_EQ(object.data, "\x1f\x9dxyz");
  EXPECT_EQ(object.head.coding, "compress");
  EXPECT_TRUE(object.end.undecodable);
  EXPECT_TRUE(object.end.complete);
}

TEST(HttpBodyTest, ABodyThatNeverWasCodedIsGivenAsItCame) {
  const std::string text = "plain text that nobody ever coded";
  for (const std::string& said : {text, text.substr(0, 5), text.substr(0, 1)}) {
    for (const std::size_t size : {std::string::npos, std::size_t{1}, std::size_t{7}}) {
      for (const char* coding : {"gzip", "zstd", "gzip, zstd"}) {
        BodyTalk talk(coding);
        talk.say(said, size);
        const auto& object = talk.end();
        EXPECT_EQ(object.data, said);
        EXPECT_TRUE(object.end.undecodable);
        EXPECT_TRUE(object.end.complete);
        EXPECT_EQ(talk.anomalies(), Told{"coding_damaged"});
        EXPECT_EQ(object.origins.at(0).offset, 1000U);
      }
    }
  }
}

TEST(HttpBodyTest, ADamageIsToldOnce) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += std::to_string(i);
  std::string coded = gzipped(text);
  coded[coded.size() - 5] ^= 1;
  for (const std::size_t size : {std::string::npos, std::size_t{1}, std::size_t{100}}) {
    BodyTalk talk("gzip");
    talk.say(coded, size);
    talk.say("more");
    const auto& object = talk.end();
    EXPECT_EQ(object.data, text);
    EXPECT_TRUE(object.end.undecodable);
    EXPECT_FALSE(object.end.complete);
    EXPECT_EQ(object.end.wire_size, coded.size() + 4);
    EXPECT_EQ(talk.anomalies(), Told{"coding_damaged"});
  }
}

TEST(HttpBodyTest, ACodingThatIsNotAtItsEndIsDamagedOnlyIfAllOfTheBodyCame) {
  const std::string coded = gzipped(hellos);
  BodyTalk cut("gzip");
  cut.say(coded.substr(0, 25));
  EXPECT_FALSE(cut.end(false).end.undecodable);
  EXPECT_EQ(cut.anomalies(), Told{});
  BodyTalk whole("gzip");
  whole.say(coded.substr(0, 25));
  EXPECT_TRUE(whole.end(true).end.undecodable);
  EXPECT_FALSE(whole.objects[0].end.complete);
  EXPECT_EQ(whole.anomalies(), Told{"coding_damaged"});
}

TEST(HttpBodyTest, AnObjectIsCutAtTheLimit) {
  AppOptions options;
  options.limits.object_max = 10;
  for (const char* coding : {"", "gzip"}) {
    for (const std::size_t size : {std::string::npos, std::size_t{1}}) {
      BodyTalk talk(coding, options);
      talk.say(*coding == '\0' ? std::string(hellos) : gzipped(hellos), size);
      const auto& object = talk.end();
      EXPECT_EQ(object.data, hellos.substr(0, 10));
      EXPECT_TRUE(object.end.over_limit);
      EXPECT_FALSE(object.end.complete);
      EXPECT_EQ(talk.anomalies(), Told{"object_too_long"});
    }
  }
}

TEST(HttpBodyTest, ABombIsCut) {
  AppOptions options;
  options.limits.expansion_max = 10;
  BodyTalk talk("gzip", options);
  talk.say(gzipped(std::string(std::size_t{4} << 20, 'a')), 500);
  const auto& object = talk.end();
  EXPECT_LE(object.data.size(), std::size_t{2} << 20);
  EXPECT_TRUE(object.end.over_limit);
  EXPECT_EQ(talk.anomalies(), Told{"coding_expands_too_much"});
}

}  // namespace
}  // namespace restitch::testing
