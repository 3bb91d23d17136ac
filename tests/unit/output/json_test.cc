#include <gmock/gmock.h>

#include "output_world.h"

namespace restitch {
namespace {

std::string json(const std::vector<ConnectionSummary>& all, bool with_empty = false) {
  std::string out;
  for (const ConnectionSummary& summary : all) append_connection_json(out, summary, with_empty);
  return out;
}

TEST(ConnectionJson, SaysAllThatIsKnownOfADirectionInOneLine) {
  EXPECT_EQ(
      json(testing::summaries<SummaryStream>(testing::with_gap())),
      R"({"connection":0,"uid":"C2TgCnJewK5497GqZ0","community_id":"1:3k1SoWXs/FltHw2aBCgUTgbDQF4=",)"
      R"("src":"10.0.0.1:40000","dst":"10.0.0.2:80","client":"10.0.0.1:40000","bytes":4,)"
      R"("gaps":[[2,2]],"first_seen":1.000000000,"last_seen":6.000000000,"packets":4,"end":"end_of_input",)"
      R"("events":{"gap":1}})"
      "\n"
      R"({"connection":0,"uid":"C2TgCnJewK5497GqZ0","community_id":"1:3k1SoWXs/FltHw2aBCgUTgbDQF4=",)"
      R"("src":"10.0.0.2:80","dst":"10.0.0.1:40000","client":"10.0.0.1:40000","bytes":6,)"
      R"("gaps":[],"first_seen":2.000000000,"last_seen":7.000000000,"packets":3,"end":"end_of_input","events":{}})"
      "\n");
}

TEST(ConnectionJson, LeavesDirectionsWithoutPayloadOutUnlessAsked) {
  ConnectionSummary summary;
  summary.directions[1].bytes = 7;
  const std::string one = json({summary});
  EXPECT_THAT(one, ::testing::HasSubstr(R"("client":null,"bytes":7,)"));
  EXPECT_EQ(std::count(one.begin(), one.end(), '\n'), 1);
  const std::string both = json({summary}, true);
  EXPECT_EQ(std::count(both.begin(), both.end(), '\n'), 2);
}

TEST(ConnectionJson, AddsMembersAndADigest) {
  ConnectionSummary summary;
  summary.directions[0].digest.emplace().fill(0xab);
  std::string out;
  append_connection_json(out, summary, {R"("file":"x")", ""});
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
  EXPECT_THAT(out, ::testing::HasSubstr(R"("sha256":"abababab)"));
  EXPECT_THAT(out, ::testing::HasSubstr(R"("first_seen":null)"));
  EXPECT_THAT(out, ::testing::EndsWith(",\"file\":\"x\"}\n"));
}

}  // namespace
}  // namespace restitch
