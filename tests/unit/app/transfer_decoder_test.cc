#include "app/transfer_decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "app/ascii.h"

namespace restitch::testing {
namespace {

std::string decoded(TransferCoding coding, std::string_view text, std::size_t size = std::string_view::npos) {
  TransferDecoder decoder(coding);
  std::vector<std::uint8_t> plain;
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) {
    decoder.decode(as_bytes(text.substr(0, size)), plain);
  }
  decoder.finish(plain);
  return std::string(ascii::text_of(plain));
}

constexpr TransferCoding base64 = TransferCoding::base64;
constexpr TransferCoding quoted = TransferCoding::quoted_printable;

TEST(TransferDecoderTest, Base64SkipsWhatIsNotOfIt) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{3}, std::string_view::npos}) {
    EXPECT_EQ(decoded(base64, "SGVs\r\nbG8=", size), "Hello");
    EXPECT_EQ(decoded(base64, "S G-Vs\tbG8", size), "Hello");
    EXPECT_EQ(decoded(base64, "SA==SGU==", size), "HHe");
    EXPECT_EQ(decoded(base64, "===", size), "");
  }
}

TEST(TransferDecoderTest, Base64ThatIsCutWithinACharacterIsTold) {
  TransferDecoder decoder(base64);
  std::vector<std::uint8_t> plain;
  decoder.decode(as_bytes("SGVsb"), plain);
  EXPECT_FALSE(decoder.finish(plain));
}

TEST(TransferDecoderTest, QuotedPrintableKnowsCodesAndSoftEnds) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::string_view::npos}) {
    EXPECT_EQ(decoded(quoted, "a=3Db=\r\nc=\nd= \t\r\ne=e4", size), "a=bcde\xE4");
    EXPECT_EQ(decoded(quoted, "a=\r\r\n=X =G=", size), "a=\r\r\n=X =G");
  }
}

TEST(TransferDecoderTest, NamesAreOfAnyCase) {
  EXPECT_EQ(transfer_coding(" Base64 "), base64);
  EXPECT_EQ(transfer_coding("QUOTED-PRINTABLE"), quoted);
  EXPECT_EQ(transfer_coding("8bit"), TransferCoding::none);
}

}  // namespace
}  // namespace restitch::testing
