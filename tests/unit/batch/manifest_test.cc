// A manifest is read as it was written, and nothing else is.
#include "batch/manifest.h"

#include <gmock/gmock.h>

namespace restitch::batch {
namespace {

using ::testing::HasSubstr;

Manifest example() {
  return {{"--receiver=linux", "--filter=tcp port 80"},
          {{"/captures/a \"b\"\n.pcap", 1234, {1'600'000'000'000'000'001}}, {"/captures/\u00fc", 0, {}}}};
}

TEST(Manifest, IsReadAsItWasWritten) {
  const auto text = example().text();
  ASSERT_TRUE(text);
  const auto again = Manifest::parse(*text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, example());
  EXPECT_NE(digest_of(*text), digest_of(*text + " "));
}

TEST(Manifest, HoldsNoNameThatIsNotUtf8) {
  Manifest manifest = example();
  manifest.files[1].path = "/captures/\xff";
  EXPECT_FALSE(manifest.text());
}

TEST(Manifest, CutAnywhereIsNone) {
  const std::string text = *example().text();
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    EXPECT_FALSE(Manifest::parse(text.substr(0, size))) << size;
  }
}

TEST(Manifest, SaysInWhichLineItIsWrong) {
  const std::string head = "{\"restitch_batch\":1,\"tasks\":1,\"arguments\":[]}\n";
  const auto error = [](const std::string& text) { return Manifest::parse(text).error().message; };
  EXPECT_THAT(error("nonsense"), HasSubstr("line 1"));
  EXPECT_THAT(error("{\"restitch_batch\":2,\"tasks\":1,\"arguments\":[]}\n"), HasSubstr("another version"));
  EXPECT_THAT(error(head), HasSubstr("cut off"));
  EXPECT_THAT(error(head + "{\"task\":2,\"file\":\"a\",\"size\":1,\"first_ns\":1}\n"), HasSubstr("line 2"));
  EXPECT_THAT(error(head + "{\"task\":1,\"file\":\"\",\"size\":1,\"first_ns\":1}\n"), HasSubstr("line 2"));
  EXPECT_THAT(error(head + "{\"task\":1,\"file\":\"a\\u0000b\",\"size\":1,\"first_ns\":1}\n"),
              HasSubstr("line 2"));
  EXPECT_THAT(error(head + "{\"task\":1,\"file\":\"a\",\"size\":1,\"first_ns\":9999999999999999999}\n"),
              HasSubstr("line 2"));
}

}  // namespace
}  // namespace restitch::batch
