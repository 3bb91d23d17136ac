// In which order connections are numbered and handed out, from one pool and from several.
#include <gmock/gmock.h>

#include "restitch/output_connections.h"

namespace restitch {
namespace {

using ::testing::ElementsAre;

TEST(ConnectionLog, PassesConnectionsOnInOrderOfFirstPacketWhateverTheOrderOfTheirEnds) {
  std::vector<std::uint64_t> told;
  ConnectionLog log([&](const ConnectionSummary& summary) { told.push_back(summary.number); });
  ConnectionSummary& first = log.open({}, {});
  ConnectionSummary& second = log.open({}, {});
  ConnectionSummary& third = log.open({}, {});
  log.close(second, EndReason::fin);
  EXPECT_THAT(told, ElementsAre());
  log.close(first, EndReason::fin);
  EXPECT_THAT(told, ElementsAre(0, 1));
  log.close(third, EndReason::rst);
  EXPECT_THAT(told, ElementsAre(0, 1, 2));
  EXPECT_EQ(log.opened(), 3u);
}

TEST(ConnectionLog, PassesConnectionsOnAtOnceWhenItIsAskedTo) {
  std::vector<std::uint64_t> numbers;
  ConnectionLog log([&](const ConnectionSummary& summary) { numbers.push_back(summary.number); },
                    ConnectionOrder::as_they_end);
  log.open({}, {});
  ConnectionSummary& second = log.open({}, {});
  log.close(second, EndReason::fin);
  EXPECT_THAT(numbers, ElementsAre(1));
}

TEST(ConnectionLog, DoesNotLetAllWaitForOneThatLastsForEver) {
  std::vector<std::uint64_t> numbers;
  ConnectionLog log([&](const ConnectionSummary& summary) { numbers.push_back(summary.number); },
                    ConnectionOrder::as_they_begin, {.waiting_max = 2});
  ConnectionSummary& lasting = log.open({}, {});
  for (int i = 0; i < 4; ++i) log.close(log.open({}, {}), EndReason::fin);
  EXPECT_THAT(numbers, ElementsAre(3, 4));
  log.close(lasting, EndReason::end_of_input);
  EXPECT_THAT(numbers, ElementsAre(3, 4, 0, 1, 2));
}

TEST(ConnectionLog, ListsAMillionGapsAndCountsTheOthers) {
  ConnectionSummary seen;
  ConnectionLog log([&](const ConnectionSummary& summary) { seen = summary; });
  ConnectionSummary& first = log.open({}, {});
  DirectionSummary& side = first.directions[0];
  for (std::uint64_t i = 0; i < 1'000'003; ++i) log.add_gap(side, {2 * i, 1});
  log.close(first, EndReason::fin);
  EXPECT_EQ(seen.directions[0].gaps.size(), 1'000'000u);
  EXPECT_EQ(seen.directions[0].gaps_unlisted, 3u);
  EXPECT_EQ(seen.directions[0].gap_bytes(), 1'000'003u);
  ConnectionSummary& next = log.open({}, {});
  log.add_gap(next.directions[1], {0, 5});
  EXPECT_EQ(next.directions[1].gaps.size(), 1u) << "what was passed on makes room";
}

// Two shards, and what was handed out: number and client's port.
class TwoLogs : public ::testing::Test {
 protected:
  ConnectionSummary& open(unsigned shard, std::uint64_t rank, std::uint16_t port) {
    logs_.log(shard).note_packet(rank);
    return logs_.log(shard).open({}, {port, 80}, rank);
  }
  void close(unsigned shard, std::uint64_t rank, ConnectionSummary& summary) {
    logs_.log(shard).note_packet(rank);
    logs_.log(shard).close(summary, EndReason::fin);
  }
  void end_chunk(std::size_t slot = 0) {
    logs_.part_done(1, slot);
    logs_.part_done(0, slot);
    logs_.chunk_done(slot);
  }

  using Told = std::pair<std::uint64_t, std::uint16_t>;
  std::vector<Told> told_;
  ConnectionLogs logs_{2,
                       [this](const ConnectionSummary& summary) {
                         told_.emplace_back(summary.number, summary.transport.source_port);
                       },
                       ConnectionOrder::as_they_begin,
                       {.waiting_max = 2}};
};

TEST_F(TwoLogs, NumberConnectionsInOrderOfFirstPacketOverBothShards) {
  ConnectionSummary& a = open(1, 1, 1001);
  ConnectionSummary& b = open(0, 2, 1002);
  ConnectionSummary& c = open(1, 3, 1003);
  close(1, 4, c);
  close(0, 5, b);
  end_chunk();
  EXPECT_THAT(told_, ElementsAre());
  close(1, 6, a);
  end_chunk();
  EXPECT_THAT(told_, ElementsAre(Told(0, 1001), Told(1, 1002), Told(2, 1003)));
  EXPECT_EQ(logs_.opened(), 3u);
}

TEST_F(TwoLogs, TellNothingOfAChunkBeforeItIsDone) {
  logs_.set_slots(2);
  ConnectionSummary& a = open(0, 1, 1001);
  logs_.part_done(0, 0);
  close(0, 2, a);  // in the next chunk, which this shard sees already
  logs_.part_done(0, 1);
  logs_.part_done(1, 0);
  logs_.chunk_done(0);
  EXPECT_THAT(told_, ElementsAre());
  logs_.part_done(1, 1);
  logs_.chunk_done(1);
  EXPECT_THAT(told_, ElementsAre(Told(0, 1001)));
}

// Which of them overtake one that lasts depends on the order of their ends alone.
TEST_F(TwoLogs, LetConnectionsOvertakeInTheOrderInWhichTheyEnded) {
  open(0, 1, 1001);
  ConnectionSummary& b = open(1, 2, 1002);
  ConnectionSummary& c = open(0, 3, 1003);
  ConnectionSummary& d = open(1, 4, 1004);
  ConnectionSummary& e = open(0, 5, 1005);
  close(1, 6, d);
  close(0, 7, e);
  close(1, 8, b);
  close(0, 9, c);
  end_chunk();
  EXPECT_THAT(told_, ElementsAre(Told(1, 1002), Told(2, 1003)));
}

TEST_F(TwoLogs, TellWhatEndsWithTheInputInOrder) {
  ConnectionSummary& a = open(1, 1, 1001);
  ConnectionSummary& b = open(0, 2, 1002);
  ConnectionSummary& c = open(0, 3, 1003);
  ConnectionSummary& d = open(1, 4, 1004);
  for (ConnectionSummary* one : {&c, &b}) logs_.log(0).close(*one, EndReason::end_of_input);
  for (ConnectionSummary* one : {&d, &a}) logs_.log(1).close(*one, EndReason::end_of_input);
  end_chunk();
  EXPECT_THAT(told_, ElementsAre(Told(0, 1001), Told(1, 1002), Told(2, 1003), Told(3, 1004)));
}

}  // namespace
}  // namespace restitch
