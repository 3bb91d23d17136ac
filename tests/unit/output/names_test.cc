#include <gmock/gmock.h>

#include "restitch/output_names.h"
#include "support/frame_builder.h"

namespace restitch {
namespace {

using ::testing::HasSubstr;

StreamName stream_name() {
  return {.source = testing::address("10.0.0.1"),
          .destination = testing::address("192.0.2.1"),
          .source_port = 40000,
          .destination_port = 80,
          .first_seen = {1'600'000'002'999'999'999},
          .number = 1'234'567};
}

std::string expand(std::string_view text, const StreamName& name) {
  const auto parsed = NameTemplate::parse(text);
  return parsed ? parsed->expand(name) : parsed.error().message;
}

// The expected names were printed by tcpflow 1.6.1 for the same addresses.
TEST(NameTemplate, NamesFilesAsTcpflowDoes) {
  EXPECT_EQ(NameTemplate().expand(stream_name()), "010.000.000.001.40000-192.000.002.001.00080");
  StreamName name = stream_name();
  name.source = testing::address("2001:618:1:8000::5");
  name.destination = testing::address("2001:618:400::5199:cc70");
  EXPECT_EQ(NameTemplate().expand(name), "2001:618:1:8000::5.40000-2001:618:400::5199:cc70.00080");
}

TEST(NameTemplate, CountsRepeatsBehindC) {
  StreamName name = stream_name();
  name.repeats = 2;
  EXPECT_EQ(NameTemplate().expand(name), "010.000.000.001.40000-192.000.002.001.00080c2");
  EXPECT_EQ(expand("%A-%#", name), "010.000.000.001-2");
}

TEST(NameTemplate, AppendsRepeatsWhereTheTemplateHasNoPlaceForThem) {
  StreamName name = stream_name();
  EXPECT_EQ(expand("%a", name), "40000");
  name.repeats = 3;
  EXPECT_EQ(expand("%a", name), "40000c3");
}

TEST(NameTemplate, KnowsTheLettersOfTcpflow) {
  StreamName name = stream_name();
  EXPECT_EQ(expand("%A %a %B %b", name), "010.000.000.001 40000 192.000.002.001 00080");
  EXPECT_EQ(expand("%T %t", name), "2020-09-13T12:26:42Z 1600000002");
  EXPECT_EQ(expand("x%V%v", name), "x");
  EXPECT_EQ(expand("%G-%M-%K-%N", name), "000-001-234-567");
  EXPECT_EQ(expand("100%%", name), "100%");
  name.vlan = 32;
  EXPECT_EQ(expand("x%V%v", name), "x--32");
}

TEST(NameTemplate, RoundsTimesBefore1970DownToo) {
  StreamName name = stream_name();
  name.first_seen = {-1};
  EXPECT_EQ(expand("%t", name), "-1");
  EXPECT_EQ(expand("%T", name), "1969-12-31T23:59:59Z");
}

TEST(NameTemplate, RefusesALetterThatMeansNothing) {
  EXPECT_THAT(NameTemplate::parse("%z").error().message, HasSubstr("%z means nothing"));
  EXPECT_THAT(NameTemplate::parse("%A%").error().message, HasSubstr("% at the end"));
}

TEST(NameTemplate, RefusesWhateverCouldLeadOutOfTheFolder) {
  for (const char* text : {"", "/%A", "../%A", "%A/../%B", "%A//%B", "%A/", ".", "..", "a/./b", "%A/.%V%v.",
                           "%A/%C%c", "%V%v"}) {
    EXPECT_FALSE(NameTemplate::parse(text)) << text;
  }
  for (const char* text : {"%A/%a", "a..b", "...", "%A/.%B"}) EXPECT_TRUE(NameTemplate::parse(text)) << text;
}

}  // namespace
}  // namespace restitch
