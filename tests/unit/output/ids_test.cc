#include "restitch/output_ids.h"

#include <gmock/gmock.h>

#include <set>
#include <utility>

#include "output_world.h"

namespace restitch {
namespace {

using testing::client;
using ::testing::MatchesRegex;
using testing::server;
using testing::summaries;

std::string id_of(const char* source, std::uint16_t source_port, const char* destination,
                  std::uint16_t destination_port, std::uint16_t seed = 0) {
  const NetFlow net{*parse_address(source), *parse_address(destination)};
  return community_id(net, {source_port, destination_port}, seed);
}

// Of the specification's own list (community-id-spec, baseline_deflt.json), and of other tools.
TEST(CommunityId, IsThatOfOtherTools) {
  EXPECT_EQ(id_of("128.232.110.120", 34855, "66.35.250.204", 80), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(id_of("10.0.0.1", 40000, "192.0.2.1", 80), "1:upY0XMjXSSugGqB6kcIBog/GLTQ=");
}

TEST(CommunityId, IsTheSameForBothDirections) {
  EXPECT_EQ(id_of("66.35.250.204", 80, "128.232.110.120", 34855), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(id_of("2001:db8::1", 1, "2001:db8::2", 2), id_of("2001:db8::2", 2, "2001:db8::1", 1));
  EXPECT_EQ(id_of("10.0.0.1", 1, "10.0.0.1", 2), id_of("10.0.0.1", 2, "10.0.0.1", 1));
}

TEST(CommunityId, DependsOnTheSeed) {
  EXPECT_EQ(id_of("128.232.110.120", 34855, "66.35.250.204", 80, 1), "1:3V71V58M3Ksw/yuFALMcW0LAHvc=");
}

TEST(ConnectionUid, IsOfThisConnectionAlone) {
  std::vector<testing::TestPacket> packets;
  for (std::uint16_t port = 1; port <= 100; ++port) {
    for (const std::int64_t at : {1, 2}) {  // twice, the second time as another connection
      packets.push_back(client(99).syn().client_port(port).at(at * 1000 + port));
      packets.push_back(client(100).rst().ack().client_port(port).at(at * 1000 + port));
    }
  }
  std::set<std::string> uids;
  const auto all = summaries<SummaryStream>(packets);
  for (const ConnectionSummary& summary : all) {
    const std::string uid = connection_uid(summary);
    EXPECT_THAT(uid, MatchesRegex("C[0-9A-Za-z]+"));
    EXPECT_EQ(uid.size(), 18u);
    uids.insert(uid);
  }
  EXPECT_EQ(uids.size(), all.size());
  EXPECT_GE(all.size(), 100u);
}

TEST(ConnectionUid, IsTheSameHoweverACaptureIsCutIntoFiles) {
  ConnectionSummary summary = summaries<SummaryStream>(testing::with_gap()).at(0);
  summary.first_time.ns = 1'600'000'000'000'000'000;
  const std::string uid = connection_uid(summary);
  summary.first_packet += 7;
  EXPECT_EQ(connection_uid(summary), uid);
  summary.first_time.ns = 0;  // nothing else tells them apart
  const std::string without_time = connection_uid(summary);
  summary.first_packet += 7;
  EXPECT_NE(connection_uid(summary), without_time);
}

TEST(ConnectionUid, IsTheSameWhoeverIsTakenForTheClient) {
  ConnectionSummary summary = summaries<SummaryStream>(testing::with_gap()).at(0);
  const std::string uid = connection_uid(summary);
  summary.number += 7;
  EXPECT_EQ(connection_uid(summary), uid);
  summary.swap_roles();
  EXPECT_EQ(connection_uid(summary), uid);
}

}  // namespace
}  // namespace restitch
