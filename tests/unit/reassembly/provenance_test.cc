// Where delivered bytes come from: the packet, whether it was a retransmission, and who else brought them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <random>
#include <string>
#include <vector>

#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "ab first 2, cd late 4": each run of bytes, how it came, and the number of its packet.
struct Provenance : ::testing::Test {
  static PoolOptions options(const std::string& policy) {
    PoolOptions options;
    options.receiver = find_receiver_policy(policy);
    options.tell_copies = true;
    return options;
  }

  template <class... Packets>
  std::vector<std::string> runs(const std::string& policy, const Packets&... packets) {
    std::vector<std::string> told;
    copies_.clear();
    World<VirtualApi> world({}, options(policy));
    world.on_sg = [&](ScatterGather& sg, AssemblerContext&) {
      for (const ScatterGather::Chunk& chunk : sg.chunks()) {
        told.push_back(fmt::format("{} {} {}", std::string(chunk.bytes.begin(), chunk.bytes.end()),
                                   to_string(chunk.transmission), chunk.info->packet_number));
        EXPECT_EQ(sg.transmission(chunk.offset), chunk.transmission);
      }
      EXPECT_EQ(sg.transmission(sg.lengths().available), Transmission::first) << "beyond";
    };
    world.on_event = [&](const Event& event) {
      if (event.kind != EventKind::other_copy) return;
      copies_.push_back(fmt::format("@{} +{} by {}", event.offset, event.size, event.info.packet_number));
    };
    world.send(client(100).syn(), packets...);
    return told;
  }

  std::vector<std::string> copies_;
};

TEST_F(Provenance, BytesInOrderComeForTheFirstTime) {
  EXPECT_THAT(runs("linux", client(101, "ab").ack(), client(103, "cd").ack()),
              ElementsAre("ab first 2", "cd first 3"));
  EXPECT_THAT(copies_, IsEmpty());
}

TEST_F(Provenance, WhatFillsAHoleIsLate) {
  for (const char* policy : {"gopacket", "first", "linux"}) {
    EXPECT_THAT(runs(policy, client(103, "cd").ack(), client(101, "ab").ack()),
                ElementsAre("ab late 3", "cd first 2"))
        << policy;
    EXPECT_THAT(runs(policy, client(107, "gh").ack(), client(103, "cd").ack(), client(101, "ab").ack()),
                ElementsAre("ab late 4", "cd late 3"))
        << policy << ": also where it does not fill it";
    EXPECT_THAT(copies_, IsEmpty()) << policy;
  }
}

TEST_F(Provenance, APacketThatRepeatsDeliveredBytesCameAgain) {
  for (const char* policy : {"gopacket", "first", "linux"}) {
    EXPECT_THAT(runs(policy, client(101, "ab").ack(), client(102, "bcd").ack()),
                ElementsAre("ab first 2", "cd again 3"))
        << policy;
    EXPECT_THAT(copies_, ElementsAre("@1 +1 by 3")) << policy;
  }
}

TEST_F(Provenance, TheCopyThatIsNotDeliveredIsTheOtherOne) {
  EXPECT_THAT(runs("first", client(103, "cd").ack(), client(103, "CD").ack(), client(101, "ab").ack()),
              ElementsAre("ab late 4", "cd first 2"));
  EXPECT_THAT(copies_, ElementsAre("@2 +2 by 3"));
  EXPECT_THAT(runs("last", client(103, "cd").ack(), client(103, "CD").ack(), client(101, "ab").ack()),
              ElementsAre("ab late 4", "CD again 3"));
  EXPECT_THAT(copies_, ElementsAre("@2 +2 by 2"));
}

TEST_F(Provenance, LinuxBlocksKnowWhoBroughtThem) {
  EXPECT_THAT(runs("linux", client(103, "cd").ack(), client(103, "CDE").ack(), client(101, "ab").ack()),
              ElementsAre("ab late 4", "CDE again 3"))
      << "the longer block with the same start takes its place";
  EXPECT_THAT(copies_, ElementsAre("@2 +2 by 2"));
  EXPECT_THAT(runs("linux", client(103, "cd").ack(), client(101, "abXY").ack()), ElementsAre("abXY again 3"))
      << "what is in order is delivered whatever waits";
  EXPECT_THAT(copies_, ElementsAre("@2 +2 by 2"));
}

TEST_F(Provenance, KeptBytesStayWhatTheyWere) {
  std::vector<std::string> told;
  World<VirtualApi> world;
  world.on_sg = [&](ScatterGather& sg, AssemblerContext&) {
    told.clear();
    for (const ScatterGather::Chunk& chunk : sg.chunks()) {
      told.push_back(fmt::format("{} {}", std::string(chunk.bytes.begin(), chunk.bytes.end()),
                                 to_string(chunk.transmission)));
    }
    sg.keep_from(0);
  };
  world.send(client(100).syn(), client(101, "ab"), client(102, "bcd"), client(105, "ef"));
  EXPECT_THAT(told, ElementsAre("ab first", "cd again", "ef first"));
}

// Every byte counted as duplicate is told once, whatever the policy.
TEST_F(Provenance, TheOtherCopiesAreTheDuplicates) {
  std::mt19937 random(7);
  for (const ReceiverPolicy& policy : receiver_policies()) {
    for (int round = 0; round < 50; ++round) {
      World<VirtualApi> world({}, options(std::string(policy.name)));
      std::uint64_t copies = 0;
      world.on_event = [&](const Event& event) {
        if (event.kind == EventKind::other_copy) copies += event.size;
      };
      world.send(client(100).syn());
      for (int i = 0; i < 20; ++i) {
        const auto offset = static_cast<std::uint32_t>(random() % 24);
        world.send(client(101 + offset, std::string(1 + random() % 6, static_cast<char>('a' + i))).ack());
        ASSERT_EQ(copies, world.pool.byte_counts().duplicate) << policy.name;
      }
    }
  }
}

TEST_F(Provenance, UnaskedNobodyTellsOfCopies) {
  World<VirtualApi> world;
  world.send(client(100).syn(), client(101, "abc"), client(101, "abc"));
  EXPECT_EQ(world.pool.event_counts()[static_cast<std::size_t>(EventKind::other_copy)], 0u);
}

}  // namespace
}  // namespace restitch::testing
