#include <gmock/gmock.h>

#include "output_world.h"

namespace restitch {
namespace {

using testing::client;
using ::testing::ElementsAre;
using testing::second;
using testing::server;
using testing::summaries;

std::vector<ConnectionSummary> notes_of(const std::vector<testing::TestPacket>& packets) {
  return summaries<SummaryStream>(packets);
}

TEST(SummaryStream, CountsPacketsBytesAndTimesOfEachDirection) {
  const auto all = notes_of(testing::with_gap());
  ASSERT_EQ(all.size(), 1u);
  const DirectionSummary& ahead = all[0].direction(TcpFlowDirection::client_to_server);
  const DirectionSummary& back = all[0].direction(TcpFlowDirection::server_to_client);
  EXPECT_EQ(ahead.packets, 4u);
  EXPECT_EQ(ahead.bytes, 4u);
  EXPECT_EQ(ahead.first_seen, second(1));
  EXPECT_EQ(ahead.last_seen, second(6));
  EXPECT_EQ(back.packets, 3u);
  EXPECT_EQ(back.bytes, 6u);
  EXPECT_EQ(all[0].duration_ns(), 6'000'000'000);
  EXPECT_EQ(all[0].sender(TcpFlowDirection::client_to_server), "10.0.0.1:40000");
}

TEST(SummaryStream, PlacesGapsByOffsetsThatCountEarlierGaps) {
  const auto all = notes_of({client(99).syn(), client(102, "cd").ack(), client(107, "h").ack()});
  const DirectionSummary& ahead = all.at(0).direction(TcpFlowDirection::client_to_server);
  EXPECT_THAT(ahead.gaps, ElementsAre(Gap{0, 2}, Gap{4, 3}));
  EXPECT_EQ(ahead.gap_bytes(), 5u);
  EXPECT_EQ(ahead.events[static_cast<std::size_t>(EventKind::gap)], 2u);
}

TEST(SummaryStream, TakesAStartThatWasNeverSeenForNoGap) {
  const auto all = notes_of({client(5000, "abc").ack(), client(5003, "def").ack()});
  const DirectionSummary& ahead = all.at(0).direction(TcpFlowDirection::client_to_server);
  EXPECT_THAT(ahead.gaps, ElementsAre());
  EXPECT_EQ(ahead.bytes, 6u);
  EXPECT_FALSE(all[0].client_known);
}

TEST(SummaryStream, KnowsTheClientFromASynAckAlone) {
  const auto all = notes_of({server(299).syn().ack(), server(300, "hello").ack()});
  EXPECT_TRUE(all.at(0).client_known);
  EXPECT_EQ(all[0].sender(TcpFlowDirection::client_to_server), "10.0.0.1:40000");
}

TEST(ConnectionSummary, HasNoDurationWhereTimesContradictEachOther) {
  ConnectionSummary summary;
  EXPECT_EQ(summary.duration_ns(), 0);
  summary.directions[0].first_seen = {std::numeric_limits<std::int64_t>::min()};
  summary.directions[0].last_seen = {std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(summary.duration_ns(), 0);
}

}  // namespace
}  // namespace restitch
