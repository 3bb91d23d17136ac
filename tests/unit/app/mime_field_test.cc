#include "app/mime_field.h"

#include <gtest/gtest.h>

namespace restitch::testing {
namespace {

TEST(MimeFieldTest, AValueIsInLowerCase) {
  EXPECT_EQ(mime_value(" Text/Plain ; charset=x"), "text/plain");
  EXPECT_EQ(mime_value(""), "");
}

TEST(MimeFieldTest, AParameterIsQuotedOrNot) {
  EXPECT_EQ(mime_parameter("a/b; Name=x.txt; other=1", "name"), "x.txt");
  EXPECT_EQ(mime_parameter("a/b;name = \"x; \\\"y\\\".txt\" ; other=1", "name"), "x; \"y\".txt");
  EXPECT_EQ(mime_parameter("a/b; name=\"open", "name"), "open");
  EXPECT_EQ(mime_parameter("a/b; xname=1; flag; =; name", "name"), "");
}

TEST(MimeFieldTest, Rfc2231PutsPartsTogether) {
  EXPECT_EQ(mime_parameter("a; filename*=UTF-8''na%C3%AFve%20x.txt", "filename"), "na\xC3\xAFve x.txt");
  EXPECT_EQ(mime_parameter("a; filename*0=\"one \"; filename*1=two.; filename*2=txt", "filename"),
            "one two.txt");
  EXPECT_EQ(mime_parameter("a; filename*1*=%20b; filename*0*=iso-8859-1'en'%E4; filename*2=c", "filename"),
            "\xC3\xA4 bc");
  EXPECT_EQ(mime_parameter("a; filename=plain; filename*=utf-8''good", "filename"), "good");
}

TEST(MimeFieldTest, EncodedWordsAreDecoded) {
  EXPECT_EQ(mime_decoded_words("=?utf-8?B?w6R4?= =?UTF-8?q?_y=21?= z"), "\xC3\xA4x y! z");
  EXPECT_EQ(mime_decoded_words("=?iso-8859-1?Q?=E4?="), "\xC3\xA4");
  EXPECT_EQ(mime_decoded_words("no =?utf-8?X?a?= word =?"), "no =?utf-8?X?a?= word =?");
  const std::string endless = "=?utf-8?Q?" + std::string(2000, 'a') + "?=";
  EXPECT_EQ(mime_decoded_words(endless), endless);
  EXPECT_EQ(mime_parameter("a; name=\"=?utf-8?Q?a=2Eb?=\"", "name"), "a.b");
}

}  // namespace
}  // namespace restitch::testing
