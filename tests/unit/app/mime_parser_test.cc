#include "app/mime_parser.h"

#include <gtest/gtest.h>

#include <string>

#include "app/ascii.h"
#include "support/talk.h"

namespace restitch::testing {
namespace {

// A mail that comes in pieces of `size` bytes.
struct Mail : Talk {
  explicit Mail(std::string_view text, std::size_t size = std::string_view::npos,
                const AppOptions& options = {})
      : Talk(options) {
    add(text, size);
    finish();
  }
  struct Open {};
  explicit Mail(Open /*open*/) {}

  void add(std::string_view text, std::size_t size = std::string_view::npos) {
    while (!text.empty()) {
      const std::string piece(text.substr(0, size));
      parser.data(findings, as_bytes(piece), {offset, 0, {}, 1});
      offset += piece.size();
      text.remove_prefix(piece.size());
    }
  }
  void finish(bool complete = true) {
    parser.end(findings, complete);
    for (const Object& object : objects) EXPECT_TRUE(object.ended);
  }

  Findings findings{*conversation};
  MimeParser parser{"smtp", TcpFlowDirection::client_to_server};
  std::uint64_t offset = 0;
};

std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

using Names = std::vector<std::string>;

TEST(MimeParserTest, TheBodyOfAPlainMailIsOneObject) {
  for (const std::size_t size : piece_sizes) {
    const Mail mail("Subject: hi\r\nTo: a@b,\r\n\tc@d\r\n\r\nHello\r\n-- \r\nMe\r\n", size);
    ASSERT_EQ(mail.objects.size(), 1U);
    EXPECT_EQ(mail.objects[0].data, "Hello\r\n-- \r\nMe\r\n");
    EXPECT_TRUE(mail.objects[0].end.complete);
    EXPECT_EQ(mail.objects[0].head.protocol, "smtp");
    const auto& fields = mail.parser.mail().fields;
    ASSERT_EQ(fields.size(), 2U);
    EXPECT_EQ(fields[0], std::make_pair(std::string("Subject"), std::string("hi")));
    EXPECT_EQ(fields[1].second, "a@b,\tc@d");
    EXPECT_EQ(mail.parser.mail().body_md5, "75e94c83f1010a98d5034a6f084f8340");
  }
}

const std::string& mixed() {
  static const std::string text = crlf(
      "Content-Type: multipart/mixed;\n boundary=\"=_b\"\n\npreamble\n--=_b\n"
      "Content-Type: text/plain\n\ntext\n--not\n\n--=_b  \n"
      "Content-Type: application/pdf; name=\"x.pdf\"\nContent-Transfer-Encoding: BASE64\n"
      "Content-Disposition: attachment; filename=\"a.pdf\"\n\nSGVsbG8s\nIHdvcmxkIQ==\n--=_b--\nepilogue\n");
  return text;
}

TEST(MimeParserTest, EachPartIsAnObjectWithoutTheLineEndThatBelongsToTheBoundary) {
  for (const std::size_t size : piece_sizes) {
    const Mail mail(mixed(), size);
    ASSERT_EQ(mail.objects.size(), 2U);
    EXPECT_EQ(mail.objects[0].data, "text\r\n--not\r\n");
    EXPECT_EQ(mail.objects[1].data, "Hello, world!");
    EXPECT_EQ(mail.objects[1].head.name, "a.pdf");
    EXPECT_EQ(mail.objects[1].head.type, "application/pdf");
    EXPECT_EQ(mail.objects[1].head.coding, "base64");
    EXPECT_TRUE(mail.objects[1].end.complete);
    EXPECT_EQ(mail.parser.mail().attachments, Names{"a.pdf"});
    EXPECT_EQ(mail.anomalies(), Names{});
  }
}

TEST(MimeParserTest, AByteOfAPartKnowsWhereItCameFrom) {
  const Mail mail(mixed());
  EXPECT_EQ(mail.objects[0].origins[0].offset, mixed().find("text\r\n--not"));
  EXPECT_EQ(mail.objects[1].origins[0].offset, mixed().find("SGVsbG8s"));
  EXPECT_EQ(mail.objects[1].origins[0].size, std::string("SGVsbG8s\r\nIHdvcmxkIQ==").size());
}

TEST(MimeParserTest, PartsLieWithinEachOther) {
  const std::string text = crlf(
      "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=ab\n\n"
      "--ab\n\none\n--ab\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
      "t=77=\no=3D3 \n--ab--\n--a\n\nthree\n--a--\n");
  for (const std::size_t size : piece_sizes) {
    const Mail mail(text, size);
    ASSERT_EQ(mail.objects.size(), 3U);
    EXPECT_EQ(mail.objects[0].data, "one");
    EXPECT_EQ(mail.objects[1].data, "two=3 ");
    EXPECT_EQ(mail.objects[2].data, "three");
  }
}

TEST(MimeParserTest, AnOuterBoundaryEndsWhatIsWithin) {
  const std::string text = crlf(
      "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=b\n\n"
      "--b\n\none\n--a\n\ntwo\n--a--");
  for (const std::size_t size : piece_sizes) {
    const Mail mail(text, size);
    ASSERT_EQ(mail.objects.size(), 2U);
    EXPECT_EQ(mail.objects[0].data, "one");
    EXPECT_EQ(mail.objects[1].data, "two");
    EXPECT_TRUE(mail.objects[1].end.complete);
  }
}

TEST(MimeParserTest, AMailWithinAMailIsAnObjectAndSoAreItsParts) {
  const std::string inner = crlf("Subject: in\nContent-Type: text/x; name=in.txt\n\ninner");
  const std::string text =
      crlf("Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822; name=m.eml\n\n") +
      inner + crlf("\n--a--\n");
  for (const std::size_t size : piece_sizes) {
    const Mail mail(text, size);
    ASSERT_EQ(mail.objects.size(), 2U);
    EXPECT_EQ(mail.objects[0].data, inner);
    EXPECT_EQ(mail.objects[1].data, "inner");
    EXPECT_EQ(mail.parser.mail().attachments, (Names{"m.eml", "in.txt"}));
    EXPECT_EQ(mail.parser.mail().fields.size(), 1U);
  }
}

TEST(MimeParserTest, AddressesInItsTextAreFound) {
  for (const std::size_t size : piece_sizes) {
    const Mail mail("\nsee HTTP://a.b/c?d and <https://e> hthttp://f http:// htt", size);
    EXPECT_EQ(mail.parser.mail().urls, (Names{"HTTP://a.b/c?d", "https://e", "http://f"}));
  }
}

TEST(MimeParserTest, AGapInTheBodyIsListed) {
  Mail mail(Mail::Open{});
  mail.add("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\none\r\nt");
  mail.parser.gap(mail.findings, 5);
  mail.add("ree\r\n--a--\r\n");
  mail.finish();
  ASSERT_EQ(mail.objects.size(), 1U);
  EXPECT_EQ(mail.objects[0].data, "one\r\ntree");
  EXPECT_EQ(mail.objects[0].gaps[0], std::make_pair(std::size_t{6}, std::uint64_t{5}));
  EXPECT_FALSE(mail.objects[0].end.complete);
  EXPECT_EQ(mail.objects[0].end.missing, 5U);
}

TEST(MimeParserTest, NothingIsDecodedBehindAGapInBase64) {
  Mail mail(Mail::Open{});
  mail.add("Content-Transfer-Encoding: base64\r\n\r\nSGVs");
  mail.parser.gap(mail.findings, 5);
  mail.add("SGVs\r\n");
  mail.finish();
  EXPECT_EQ(mail.objects[0].data, "Hel");
  EXPECT_FALSE(mail.objects[0].end.complete);
}

TEST(MimeParserTest, AGapInTheHeaderLosesItsLineOnly) {
  Mail mail(Mail::Open{});
  mail.add("A: 1\r\nB: 2");
  mail.parser.gap(mail.findings, 5);
  mail.add("rest\r\nC: 3\r\n\r\nbody");
  mail.finish();
  ASSERT_EQ(mail.parser.mail().fields.size(), 2U);
  EXPECT_EQ(mail.parser.mail().fields[1].first, "C");
  EXPECT_EQ(mail.objects[0].data, "body");
}

TEST(MimeParserTest, AMailThatIsCutOffIsNotComplete) {
  for (const std::size_t size : piece_sizes) {
    const Mail mail(mixed().substr(0, mixed().find("IHdv")), size);
    EXPECT_EQ(mail.objects.back().data, "Hello,");
    EXPECT_FALSE(mail.objects.back().end.complete);
  }
}

TEST(MimeParserTest, AHeaderWithoutAnEmptyLineBehindItIsTold) {
  for (const std::size_t size : piece_sizes) {
    const Mail mail("A: 1\r\nno field\r\nmore\r\n", size);
    EXPECT_EQ(mail.objects[0].data, "no field\r\nmore\r\n");
    EXPECT_EQ(mail.anomalies(), Names{"mime_bad_header"});
  }
}

TEST(MimeParserTest, DepthIsBounded) {
  std::string text;
  for (int i = 0; i < 20; ++i) {
    text += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\n\n--b" + std::to_string(i) +
            "\n";
  }
  const Mail mail(text + "\nend");
  EXPECT_EQ(mail.anomalies(), Names{"mime_too_deep"});
  std::string mails;
  for (int i = 0; i < 20; ++i) mails += "Content-Type: message/rfc822\n\n";
  const Mail nested(mails + "end");
  EXPECT_EQ(nested.anomalies(), Names{"mime_too_deep"});
}

TEST(MimeParserTest, HeadersAndPartsAreBounded) {
  const Mail mail("A: " + std::string(200'000, 'x') + "\nB: 1\n\nbody", 1000);
  EXPECT_EQ(mail.anomalies(), Names{"mime_header_too_long"});
  EXPECT_EQ(mail.objects[0].data, "body");
  std::string many = "Content-Type: multipart/mixed; boundary=b\n\n";
  for (int i = 0; i < 3000; ++i) many += "--b\n\nx\n";
  const Mail parts(many);
  EXPECT_EQ(parts.anomalies(), Names{"mime_too_many_parts"});
  EXPECT_EQ(parts.objects.size(), 1000U);
}

TEST(MimeParserTest, AnObjectIsBounded) {
  AppOptions options;
  options.limits.object_max = 10;
  const Mail mail("\n" + std::string(100, 'x'), 7, options);
  EXPECT_EQ(mail.objects[0].data.size(), 10U);
  EXPECT_TRUE(mail.objects[0].end.over_limit);
  EXPECT_EQ(mail.anomalies(), Names{"mime_object_too_large"});
}

}  // namespace
}  // namespace restitch::testing
