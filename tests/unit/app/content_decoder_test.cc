#include "app/content_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/coded.h"

namespace restitch::testing {
namespace {

using Outcome = ContentDecoder::Outcome;

struct Decoded {
  std::string text;
  Outcome outcome = Outcome::good;  // of the first call that was not good, the last one included
};

Decoded decoded(std::string_view codings, std::string_view coded, std::size_t size = std::string_view::npos,
                const AppLimits& limits = {}) {
  bool known = false;
  AppOptions options;
  options.limits = limits;
  AppServices services(options);
  const auto decoder = ContentDecoder::make(codings, services, known);
  EXPECT_TRUE(known);
  if (decoder == nullptr) return {std::string(coded), Outcome::good};
  Decoded result;
  const auto take = [&](Bytes bytes) {
    result.text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  while (!coded.empty() && result.outcome == Outcome::good) {
    const std::string_view part = coded.substr(0, size);
    const std::vector<std::uint8_t> bytes(part.begin(), part.end());
    result.outcome = decoder->decode(bytes, take);
    coded.remove_prefix(part.size());
  }
  if (result.outcome == Outcome::good) result.outcome = decoder->finish(take);
  return result;
}

// The same whole, in threes, and byte by byte.
void expect_text(std::string_view codings, std::string_view coded, std::string_view text) {
  for (const std::size_t size : {std::string_view::npos, std::size_t{3}, std::size_t{1}}) {
    const Decoded result = decoded(codings, coded, size);
    EXPECT_EQ(result.text, text) << codings << " in pieces of " << size;
    EXPECT_EQ(result.outcome, Outcome::good) << codings << " in pieces of " << size;
  }
}

void expect_damaged(std::string_view codings, std::string_view coded, std::string_view text) {
  for (const std::size_t size : {std::string_view::npos, std::size_t{3}, std::size_t{1}}) {
    const Decoded result = decoded(codings, coded, size);
    EXPECT_EQ(result.outcome, Outcome::damaged) << codings << " in pieces of " << size;
    EXPECT_EQ(text.substr(0, result.text.size()), result.text) << codings << " in pieces of " << size;
  }
}

std::string long_text() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "line " + std::to_string(i * i) + "\n";
  return text;
}

TEST(ContentDecoderTest, EachCodingIsTakenOff) {
  expect_text("gzip", gzipped(hellos), hellos);
  expect_text("x-gzip", gzipped(hellos), hellos);
  expect_text("deflate", deflated(hellos, 15), hellos);
  expect_text("deflate", deflated(hellos, -15), hellos);
  expect_text("zstd", zstandard(hellos), hellos);
#ifdef RESTITCH_BROTLI
  expect_text("br", brotli_hellos(), hellos);
#endif
}

TEST(ContentDecoderTest, MuchTextIsDecodedAsLittleIs) {
  const std::string text = long_text();
  expect_text("gzip", gzipped(text), text);
  expect_text("deflate", deflated(text, 9), text);
  expect_text("deflate", deflated(text, -15), text);
  expect_text("zstd", zstandard(text), text);
}

TEST(ContentDecoderTest, AnEmptyBodyNeedsNoCoding) {
  for (const char* coding : {"gzip", "deflate", "br", "zstd", "gzip, br"}) expect_text(coding, "", "");
  expect_text("gzip", gzipped(""), "");
  expect_text("deflate", deflated("", 15), "");
  expect_text("deflate", deflated("", -15), "");
  expect_text("zstd", zstandard(""), "");
}

TEST(ContentDecoderTest, NamesAreReadInAnyCaseAndWithBlanks) {
  expect_text(" GZip\t", gzipped(hellos), hellos);
  expect_text("identity , gzip,,", gzipped(hellos), hellos);
  expect_text("identity", hellos, hellos);
  expect_text("", hellos, hellos);
}

TEST(ContentDecoderTest, ACodingThatIsNotKnownIsSaid) {
  AppServices services;
  bool known = true;
  EXPECT_EQ(ContentDecoder::make("compress", services, known), nullptr);
  EXPECT_FALSE(known);
  EXPECT_EQ(ContentDecoder::make("gzip, compress", services, known), nullptr);
  EXPECT_FALSE(known);
  EXPECT_EQ(ContentDecoder::make("gzip,gzip,gzip,gzip,gzip,gzip", services, known), nullptr);
  EXPECT_FALSE(known);
  EXPECT_EQ(ContentDecoder::make("identity", services, known), nullptr);
  EXPECT_TRUE(known);
}

TEST(ContentDecoderTest, TheLastCodingIsTakenOffFirst) {
  const std::string text = long_text();
  expect_text("gzip, zstd", zstandard(gzipped(text)), text);
  expect_text("deflate, gzip", gzipped(deflated(text, 15)), text);
  expect_text("zstd, deflate, gzip", gzipped(deflated(zstandard(hellos), -15)), hellos);
  expect_text("gzip, gzip, gzip, gzip, gzip", gzipped(gzipped(gzipped(gzipped(gzipped(hellos))))), hellos);
}

TEST(ContentDecoderTest, MembersAndFramesFollowEachOther) {
  expect_text("gzip", gzipped("one ") + gzipped("") + gzipped("two"), "one two");
  expect_text("zstd", zstandard("one ") + zstandard("") + zstandard("two"), "one two");
  // A frame that is skipped.
  expect_text("zstd", zstandard("one ") + std::string("\x50\x2a\x4d\x18\x03\0\0\0xyz", 11) + zstandard("two"),
              "one two");
}

TEST(ContentDecoderTest, JunkBehindAMemberIsIgnored) {
  expect_text("gzip", gzipped("one") + std::string(600, '\0'), "one");
  expect_text("gzip", gzipped("one") + "\x1f\x8bno", "one");
  expect_text("gzip", gzipped("one") + "\x1f", "one");
  expect_text("deflate", deflated("one", 15) + "junk", "one");
#ifdef RESTITCH_BROTLI
  expect_text("br", brotli_hellos() + "junk", hellos);
#endif
}

TEST(ContentDecoderTest, WhatIsCutIsDamaged) {
  const std::string text = long_text();
  for (const std::string& coded : {gzipped(text), gzipped(hellos)}) {
    for (std::size_t left = 1; left < coded.size(); left += coded.size() / 9) {
      expect_damaged("gzip", coded.substr(0, left), coded.size() > 100 ? text : hellos);
    }
  }
  expect_damaged("deflate", deflated(text, 15).substr(0, 1000), text);
  expect_damaged("deflate", deflated(text, -15).substr(0, 1), text);
  expect_damaged("zstd", zstandard(text).substr(0, 1000), text);
  expect_damaged("zstd", zstandard(text).substr(0, 3), text);
#ifdef RESTITCH_BROTLI
  expect_damaged("br", brotli_hellos().substr(0, 20), hellos);
#endif
}

TEST(ContentDecoderTest, WhatIsDamagedGivesWhatCameBefore) {
  const std::string text = long_text();
  std::string coded = gzipped(text);
  coded[coded.size() - 6] ^= 1;  // of the checksum
  const Decoded result = decoded("gzip", coded);
  EXPECT_EQ(result.outcome, Outcome::damaged);
  EXPECT_EQ(result.text, text);
  expect_damaged("gzip", coded, text);
  expect_damaged("gzip", "plain text that was never coded", "");
  expect_damaged("zstd", "plain text that was never coded", "");
  expect_damaged("deflate", "\xff\xff\xff", "");
  expect_damaged("gzip", gzipped("one") + "\x1f\x8b\x08\xff\xff\xff\xff\xff", "one");
#ifdef RESTITCH_BROTLI
  expect_damaged("br", "\xff\xff\xff\xff", "");
#endif
}

TEST(ContentDecoderTest, EarlierFramesOfZstandardAreNotLostToALaterDamage) {
  const std::string text = long_text();
  std::string coded = zstandard(text) + "\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
  const Decoded result = decoded("zstd", coded);
  EXPECT_EQ(result.outcome, Outcome::damaged);
  EXPECT_EQ(result.text, text);
}

TEST(ContentDecoderTest, AWindowOfMoreThan8MiBIsRefused) {
  // Magic number, no single segment, a window of 16 MiB, an empty last block.
  expect_damaged("zstd", std::string("\x28\xb5\x2f\xfd\x00\x70\x01\0\0", 9), "");
  expect_text("zstd", std::string("\x28\xb5\x2f\xfd\x00\x68\x01\0\0", 9), "");
}

TEST(ContentDecoderTest, ABombStopsAtTheLimit) {
  AppLimits limits;
  limits.expansion_max = 100;
  const std::string coded = gzipped(std::string(std::size_t{16} << 20, '\0'));
  const Decoded whole = decoded("gzip", coded, std::string_view::npos, limits);
  EXPECT_EQ(whole.outcome, Outcome::over_limit);
  EXPECT_LT(whole.text.size(), coded.size() * 100 + (std::size_t{1} << 20));
  const Decoded bytewise = decoded("gzip", coded, 1, limits);
  EXPECT_EQ(bytewise.outcome, Outcome::over_limit);
  EXPECT_LE(bytewise.text.size(), std::size_t{2} << 20);
}

TEST(ContentDecoderTest, ABombWithinABombStopsAtTheSameLimit) {
  const std::string inner = gzipped(std::string(std::size_t{64} << 20, '\0'));
  const Decoded result = decoded("gzip, gzip", gzipped(inner));
  EXPECT_EQ(result.outcome, Outcome::over_limit);
  EXPECT_LT(result.text.size(), std::size_t{2} << 20);
  EXPECT_EQ(decoded("zstd, zstd", zstandard(zstandard(std::string(std::size_t{64} << 20, '\0')))).outcome,
            Outcome::over_limit);
}

TEST(ContentDecoderTest, WhatIsFlushedAndNeverEndedIsComplete) {
  for (const int window_bits : {-15, 15}) {
    expect_text("deflate", flushed(hellos, window_bits), hellos);
    expect_damaged("deflate", flushed(hellos, window_bits).substr(0, 12), hellos);
  }
}

TEST(ContentDecoderTest, DecodersShareTheirMemory) {
  AppOptions options;
  options.limits.decoders_max = 100 << 10;
  AppServices services(options);
  bool known = false;
  const auto take = [](Bytes) {};
  const std::vector<std::uint8_t> begun = {0x1f, 0x8b, 8};
  auto first = ContentDecoder::make("gzip", services, known);
  auto second = ContentDecoder::make("gzip", services, known);
  auto third = ContentDecoder::make("gzip", services, known);
  EXPECT_EQ(services.decoder_memory(), 0U);
  EXPECT_EQ(first->decode(begun, take), Outcome::good);
  EXPECT_EQ(second->decode(begun, take), Outcome::good);
  EXPECT_EQ(third->decode(begun, take), Outcome::no_room);
  first.reset();
  third = ContentDecoder::make("gzip", services, known);
  EXPECT_EQ(third->decode(begun, take), Outcome::good);
  second.reset();
  third->finish(take);
  EXPECT_EQ(services.decoder_memory(), 0U);
}

TEST(ContentDecoderTest, TheMemoryOfEachDecoderIsCounted) {
  AppServices services;
  const auto take = [](Bytes) {};
  const auto memory = [&](const char* coding, const std::string& coded) {
    bool known = false;
    const auto decoder = ContentDecoder::make(coding, services, known);
    const std::vector<std::uint8_t> bytes(coded.begin(), coded.end());
    EXPECT_EQ(decoder->decode(bytes, take), Outcome::good);
    return services.decoder_memory();
  };
  EXPECT_GT(memory("zstd", zstandard(long_text()).substr(0, 100)), 100'000U);
  EXPECT_GT(memory("deflate", deflated(hellos, 15).substr(0, 10)), 30'000U);
#ifdef RESTITCH_BROTLI
  EXPECT_GT(memory("br", brotli_hellos().substr(0, 20)), 1'000U);
#endif
  EXPECT_EQ(services.decoder_memory(), 0U);
}

TEST(ContentDecoderTest, LittleMayExpandAsItLikes) {
  const std::string text(std::size_t{1} << 20, 'a');
  AppLimits limits;
  limits.expansion_max = 2;
  EXPECT_EQ(decoded("gzip", gzipped(text), 1, limits).text, text);
}

#ifdef RESTITCH_BROTLI
TEST(ContentDecoderTest, ABombOfBrotliStopsAtTheLimit) {
  const Decoded result = decoded("br", brotli_bomb());
  EXPECT_EQ(result.outcome, Outcome::over_limit);
  EXPECT_LE(result.text.size(), std::size_t{2} << 20);
}
#endif

}  // namespace
}  // namespace restitch::testing
