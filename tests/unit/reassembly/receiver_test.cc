// Receiver policies are data: who wins an overlap, by each of the nine relations, and what is refused.
#include "restitch/receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restitch/assembler.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;

// What comes out when `held` waits, then `arrived` comes (offsets from the start), then the first byte.
std::string overlap(const ReceiverPolicy& policy, std::uint32_t held_at, const std::string& held,
                    std::uint32_t arrived_at, const std::string& arrived) {
  PoolOptions options;
  options.receiver = &policy;
  World<VirtualApi> world({}, options);
  world.send(client(99).syn());
  std::string text;
  world.on_sg = [&](ScatterGather& sg, AssemblerContext&) { text += Recorder::text(sg); };
  world.send(client(100 + held_at, held), client(100 + arrived_at, arrived), client(100, "."));
  EXPECT_TRUE(world.counts_add_up());
  EXPECT_EQ(world.pool.byte_counts().held, 0u);
  return text;
}

TEST(ReceiverPolicy, TheDefaultIsGopacket) {
  EXPECT_EQ(&default_receiver_policy(), find_receiver_policy("gopacket"));
  EXPECT_EQ(default_receiver_policy().name, "gopacket");
}

TEST(ReceiverPolicy, CaptureIsKnownAndSomeOtherNameIsNot) {
  ASSERT_NE(find_receiver_policy("capture"), nullptr);
  EXPECT_EQ(find_receiver_policy("capture")->after_fin, AfterEnd::deliver);
  EXPECT_EQ(find_receiver_policy(""), nullptr);
  EXPECT_EQ(find_receiver_policy("gopacke"), nullptr);
}

struct OverlapCase {
  Relation relation;
  std::uint32_t held_at, arrived_at;
  const char *held, *arrived, *held_wins, *arrived_wins;
};

const OverlapCase overlap_cases[] = {
    {Relation::overlaps, 1, 2, "hhh", "aaa", ".hhha", ".haaa"},
    {Relation::overlapped_by, 2, 1, "hhh", "aaa", ".ahhh", ".aaah"},
    {Relation::starts, 1, 1, "hh", "aaa", ".hha", ".aaa"},
    {Relation::started_by, 1, 1, "hhh", "aa", ".hhh", ".aah"},
    {Relation::during, 2, 1, "hh", "aaaa", ".ahha", ".aaaa"},
    {Relation::contains, 1, 2, "hhhh", "aa", ".hhhh", ".haah"},
    {Relation::finishes, 2, 1, "hh", "aaa", ".ahh", ".aaa"},
    {Relation::finished_by, 1, 2, "hhh", "aa", ".hhh", ".haa"},
    {Relation::equals, 1, 1, "hhh", "aaa", ".hhh", ".aaa"},
};

TEST(ReceiverPolicy, EachRelationAsksItsOwnEntryOfTheOverlapTable) {
  ASSERT_EQ(std::size(overlap_cases), relation_count);
  for (const OverlapCase& c : overlap_cases) {
    for (const Winner winner : {Winner::held, Winner::arrived}) {
      ReceiverPolicy policy{.name = "test", .summary = "one relation differs"};
      policy.overlap.fill(winner == Winner::held ? Winner::arrived : Winner::held);
      policy.overlap[static_cast<std::size_t>(c.relation)] = winner;
      EXPECT_EQ(overlap(policy, c.held_at, c.held, c.arrived_at, c.arrived),
                winner == Winner::held ? c.held_wins : c.arrived_wins)
          << "relation " << static_cast<int>(c.relation);
    }
  }
}

TEST(ReceiverPolicy, GopacketTakesTheLaterCopyCaptureTheFirst) {
  for (const OverlapCase& c : overlap_cases) {
    const auto with = [&](const char* name) {
      return overlap(*find_receiver_policy(name), c.held_at, c.held, c.arrived_at, c.arrived);
    };
    EXPECT_EQ(with("gopacket"), c.arrived_wins);
    EXPECT_EQ(with("capture"), c.held_wins);
  }
}

TEST(ReceiverPolicy, DeliveredBytesAreFinalUnderEveryPolicy) {
  for (const char* name : {"gopacket", "capture"}) {
    PoolOptions options;
    options.receiver = find_receiver_policy(name);
    World<VirtualApi> world({}, options);
    world.send(client(99).syn(), client(100, "abc"), client(100, "XXXdef"));
    EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'abc'", "c @3 'def'")) << name;
  }
}

TEST(ReceiverPolicy, UnderCaptureAConnectionStaysUntilAFlushAndThenSaysHowItEnded) {
  PoolOptions options;
  options.receiver = find_receiver_policy("capture");
  World<VirtualApi> world({}, options);
  world.send(client(100).syn(), server(500).syn().ack(), client(101).fin(), server(501).fin());
  world.told();
  EXPECT_EQ(world.pool.size().connections, 1u);
  world.assembler.flush_all(EndReason::end_of_input);
  EXPECT_THAT(world.told(), ElementsAre("complete fin no packet"));
}

}  // namespace
}  // namespace restitch::testing
