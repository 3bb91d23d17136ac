// What a delivery says about its bytes: lengths, fetch, keep_from, capture_info, info, stats, chunks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restitch/assembler.h"
#include "support/frame_builder.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

struct ScatterGatherTest : ::testing::Test {
  // Looks at each delivery from now on.
  void look(std::function<void(ScatterGather&)> at) {
    world.on_sg = [at = std::move(at)](ScatterGather& sg, AssemblerContext&) { at(sg); };
  }

  World<VirtualApi> world;
};

TEST_F(ScatterGatherTest, AvailableIncludesSavedAndSavedComeFirst) {
  world.send(client(100).syn());
  look([&](ScatterGather& sg) { sg.keep_from(1); });
  world.send(client(101, "abc"));
  ScatterGather::Lengths lengths;
  look([&](ScatterGather& sg) { lengths = sg.lengths(); });
  world.send(client(104, "de"));
  EXPECT_EQ(lengths.available, 4u);
  EXPECT_EQ(lengths.saved, 2u);
}

TEST_F(ScatterGatherTest, KeepingFromZeroKeepsAll) {
  look([&](ScatterGather& sg) { sg.keep_from(0); });
  world.send(client(100).syn(), client(101, "ab"), client(103, "cd"), client(105, "ef"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'ab'", "c @0 'ab|cd'", "c @0 'abcd|ef'"));
}

TEST_F(ScatterGatherTest, WithoutACallNothingIsKept) {
  world.send(client(100).syn(), client(101, "ab"), client(103, "cd"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'ab'", "c @2 'cd'"));
}

TEST_F(ScatterGatherTest, TheLastCallOfKeepFromCounts) {
  world.send(client(100).syn());
  look([&](ScatterGather& sg) {
    sg.keep_from(0);
    sg.keep_from(3);
    sg.keep_from(1);
  });
  world.send(client(101, "abc"));
  world.on_sg = nullptr;
  world.told();
  world.send(client(104, "d"));
  EXPECT_THAT(world.told(), ElementsAre("c @1 'bc|d'"));
}

TEST_F(ScatterGatherTest, KeepingFromTheEndKeepsNothing) {
  look([&](ScatterGather& sg) { sg.keep_from(sg.lengths().available); });
  world.send(client(100).syn(), client(101, "ab"), client(103, "cd"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'ab'", "c @2 'cd'"));
  EXPECT_EQ(world.pool.size().pages, 0u);
}

TEST_F(ScatterGatherTest, KeepFromIsRelativeToAllAvailableBytesNotToTheNewOnes) {
  world.send(client(100).syn());
  look([&](ScatterGather& sg) { sg.keep_from(2); });
  world.send(client(101, "abcd"), client(105, "ef"));
  world.told();
  world.send(client(107, "g"));
  EXPECT_THAT(world.told(), ElementsAre("c @4 'ef|g'")) << "'cdef' was available, from 2 is 'ef'";
}

TEST_F(ScatterGatherTest, FetchLendsMemoryOfTheFirstChunkAndCopiesAcrossChunks) {
  world.send(client(100).syn(), client(104, "def"));
  int deliveries = 0;
  look([&](ScatterGather& sg) {
    ++deliveries;
    ASSERT_THAT(sg.chunks(), SizeIs(2));
    EXPECT_EQ(sg.fetch(3).data(), sg.chunks()[0].bytes.data());
    EXPECT_EQ(to_text(sg.fetch(3)), "abc");
    const Bytes joined = sg.fetch(5);
    EXPECT_EQ(to_text(joined), "abcde");
    EXPECT_NE(joined.data(), sg.chunks()[0].bytes.data());
    EXPECT_EQ(to_text(sg.fetch(6)), "abcdef");
    EXPECT_TRUE(sg.fetch(0).empty());
  });
  world.send(client(101, "abc"));
  EXPECT_EQ(deliveries, 1);
}

// A parser looks at a header, then at all that the header speaks of, and uses both.
TEST_F(ScatterGatherTest, WhatWasFetchedStaysWhileMoreIsFetched) {
  constexpr std::uint32_t segments = 200;
  std::string all = "a";
  world.send(client(100).syn());
  for (std::uint32_t i = 0; i < segments; ++i) {
    const std::string text(100, static_cast<char>('b' + i % 20));
    world.send(client(102 + 100 * i, text));
    all += text;
  }
  std::vector<Bytes> fetched;
  look([&](ScatterGather& sg) {
    ASSERT_EQ(sg.lengths().available, all.size());
    for (const std::size_t size : {1u, 5u, 150u, 149u, 4000u, 20001u, 7u}) fetched.push_back(sg.fetch(size));
    for (const Bytes bytes : fetched) EXPECT_EQ(to_text(bytes), all.substr(0, bytes.size()));
  });
  world.send(client(101, "a"));
  EXPECT_THAT(fetched, SizeIs(7));
}

// The copies of one delivery are not taken for those of the next.
TEST_F(ScatterGatherTest, EachDeliveryIsFetchedAnew) {
  world.send(client(100).syn());
  std::string fetched;
  look([&](ScatterGather& sg) {
    sg.keep_from(sg.lengths().available - 2);
    fetched += to_text(sg.fetch(sg.lengths().available)) + " ";
  });
  world.send(client(101, "abc"), client(104, "def"), client(107, "ghi"));
  EXPECT_EQ(fetched, "abc bcdef efghi ");
}

TEST_F(ScatterGatherTest, InOrderBytesAreThePacketsOwn) {
  world.send(client(100).syn());
  const TestPacket packet = client(101, "abc");
  const void* seen = nullptr;
  look([&](ScatterGather& sg) { seen = sg.fetch(3).data(); });
  world.send(packet);
  EXPECT_EQ(seen, packet.tcp().payload.data());
}

TEST_F(ScatterGatherTest, FetchingOrKeepingBeyondWhatIsAvailableEndsTheProgram) {
  world.send(client(100).syn());
  look([&](ScatterGather& sg) { static_cast<void>(sg.fetch(4)); });
  EXPECT_DEATH(world.send(client(101, "abc")), "^restitch: fetch\\(\\) must not ask for more than");
  look([&](ScatterGather& sg) { sg.keep_from(4); });
  EXPECT_DEATH(world.send(client(101, "abc")), "^restitch: keep_from\\(\\) must not go beyond");
}

TEST_F(ScatterGatherTest, ChunksGiveEachByteOnceWithItsPlaceAndItsPacket) {
  world.send(client(100).syn());
  look([&](ScatterGather& sg) { sg.keep_from(1); });
  world.send(client(101, "abc").tag(1), client(106, "f").tag(3));
  std::vector<std::string> chunks;
  look([&](ScatterGather& sg) {
    for (const ScatterGather::Chunk& chunk : sg.chunks()) {
      chunks.push_back(fmt::format("{} {} {}", chunk.offset, to_text(chunk.bytes), chunk.info->user_tag));
    }
  });
  world.send(client(104, "de").tag(2));
  EXPECT_THAT(chunks, ElementsAre("0 bc 1", "2 de 2", "4 f 3"));
}

TEST_F(ScatterGatherTest, CaptureInfoNamesThePacketOfEachByteAndZeroBeyond) {
  world.send(client(100).syn(), client(104, "def").tag(7).at(20), client(103, "cD").tag(8).at(30));
  std::string tags;
  CaptureInfo beyond;
  beyond.user_tag = 99;
  look([&](ScatterGather& sg) {
    for (std::size_t i = 0; i < sg.lengths().available; ++i) {
      tags += std::to_string(sg.capture_info(i).user_tag);
    }
    beyond = sg.capture_info(sg.lengths().available);
  });
  world.send(client(101, "ab").tag(9).at(40));
  EXPECT_EQ(tags, "998877") << "later of the held wins: 'cD' is packet 8's";
  EXPECT_EQ(beyond, CaptureInfo{});
}

TEST_F(ScatterGatherTest, CaptureInfoIsRightForEveryByteOfAJumboSegment) {
  for (const std::size_t size : {1900u, 1901u, 9000u, 65535u, 65536u, 200000u}) {
    for (const bool early : {false, true}) {
      world.send(client(100).syn());
      std::size_t checked = 0;
      look([&](ScatterGather& sg) {
        for (std::size_t i = 0; i < sg.lengths().available; ++i, ++checked) {
          const std::uint64_t tag = early && i == 0 ? 1 : 5;
          ASSERT_EQ(sg.capture_info(i).user_tag, tag) << size << " " << i;
        }
        EXPECT_EQ(Recorder::text(sg).find_first_not_of('j', early ? 1 : 0), std::string::npos);
      });
      if (early) {
        world.send(client(102, std::string(size, 'j')).tag(5), client(101, "a").tag(1));
      } else {
        world.send(client(101, std::string(size, 'j')).tag(5));
      }
      EXPECT_EQ(checked, size + (early ? 1 : 0));
      world.assembler.flush_all();
    }
  }
}

TEST_F(ScatterGatherTest, AJumboSegmentIsKeptAndComesBackWhole) {
  world.send(client(100).syn());
  look([&](ScatterGather& sg) { sg.keep_from(1); });
  world.send(client(101, std::string(150000, 'j')).tag(5));
  std::size_t size = 0;
  look([&](ScatterGather& sg) {
    size = sg.lengths().saved;
    for (std::size_t i = 0; i < size; i += 997) EXPECT_EQ(sg.capture_info(i).user_tag, 5u);
    EXPECT_EQ(sg.capture_info(size - 1).user_tag, 5u);
    EXPECT_EQ(sg.capture_info(size).user_tag, 6u);
  });
  world.send(client(150101, "z").tag(6));
  EXPECT_EQ(size, 149999u);
}

TEST_F(ScatterGatherTest, InfoTellsSkipAndStreamOffset) {
  std::vector<std::string> infos;
  look([&](ScatterGather& sg) {
    infos.push_back(
        fmt::format("{} {} {} {}", sg.info().skip, sg.info().offset, sg.info().start, sg.info().end));
  });
  world.send(client(100).syn(), client(101, "ab"), client(105, "ef"));
  world.assembler.flush_with_options({second(100), {}});
  world.send(client(107, "g").fin());
  EXPECT_THAT(infos, ElementsAre("0 0 true false", "0 0 false false", "2 4 false false", "0 6 false true"));
}

TEST_F(ScatterGatherTest, StreamOffsetsGoOnBeyondFourGigabytes) {
  world.send(client(100).syn());
  look([&](ScatterGather& sg) { EXPECT_TRUE(sg.info().start || sg.info().skip != 0); });
  constexpr std::uint32_t step = 1u << 30;
  std::uint32_t sequence = 101;
  for (int i = 0; i < 5; ++i) {
    sequence += step;
    world.send(client(sequence, "x"));
    world.assembler.flush_with_options({second(100), {}});
    ++sequence;
  }
  EXPECT_EQ(world.told().back(), fmt::format("c @{} 'x' skip {}", 5 * std::uint64_t{step} + 4, step));
}

TEST_F(ScatterGatherTest, StatsOfAnInOrderPacketAreOneChunkOfOnePacket) {
  world.send(client(100).syn());
  TcpAssemblyStats stats;
  look([&](ScatterGather& sg) { stats = sg.stats(); });
  world.send(client(101, "abc"));
  EXPECT_EQ(stats.chunks, 1u);
  EXPECT_EQ(stats.packets, 1u);
  EXPECT_EQ(stats.queued_bytes + stats.queued_packets + stats.overlap_bytes + stats.overlap_packets, 0u);
}

TEST_F(ScatterGatherTest, StatsCountWhatWasQueuedSinceTheLastDeliveryExactly) {
  world.send(client(100).syn(), client(104, "def"), client(107, "ghi"));
  TcpAssemblyStats stats;
  look([&](ScatterGather& sg) { stats = sg.stats(); });
  world.send(client(101, "abc"));
  EXPECT_EQ(stats.chunks, 3u);
  EXPECT_EQ(stats.packets, 3u);
  EXPECT_EQ(stats.queued_bytes, 6u);
  EXPECT_EQ(stats.queued_packets, 2u);
  world.send(client(110, "j"));
  EXPECT_EQ(stats.queued_packets, 0u) << "counted once";
}

TEST_F(ScatterGatherTest, ASegmentThatSplitsAnotherIsQueuedOnceAndOverlapsByItsOwnSize) {
  world.send(client(100).syn(), client(110, std::string(30, 'a')), client(120, std::string(10, 'b')));
  TcpAssemblyStats stats;
  look([&](ScatterGather& sg) { stats = sg.stats(); });
  world.send(client(101, std::string(9, 'c')));
  EXPECT_EQ(stats.queued_bytes, 40u);
  EXPECT_EQ(stats.queued_packets, 2u);
  EXPECT_EQ(stats.overlap_bytes, 10u);
  EXPECT_EQ(stats.overlap_packets, 1u);
  EXPECT_EQ(stats.chunks, 4u);
  EXPECT_EQ(stats.packets, 3u);
}

TEST_F(ScatterGatherTest, OverlapBytesAreTheBytesThatHadComeBefore) {
  world.send(client(100).syn(), client(101, "abcdef"), client(102, "bc"), client(104, "d"),
             client(101, "abc"));
  TcpAssemblyStats stats;
  look([&](ScatterGather& sg) { stats = sg.stats(); });
  world.send(client(106, "fgh"));
  EXPECT_EQ(stats.overlap_bytes, 2u + 1 + 3 + 1);
  EXPECT_EQ(stats.overlap_packets, 4u);
}

TEST_F(ScatterGatherTest, KeptBytesAreNotCountedAgain) {
  look([&](ScatterGather& sg) { sg.keep_from(0); });
  world.send(client(100).syn(), client(101, "ab"), client(106, "f"));
  std::vector<std::string> stats;
  look([&](ScatterGather& sg) {
    stats.push_back(fmt::format("{} {}", sg.stats().chunks, sg.stats().packets));
  });
  world.assembler.flush_with_options({second(100), {}});
  EXPECT_THAT(stats, ElementsAre("0 0", "1 1")) << "the kept bytes alone bring nothing new";
}

}  // namespace
}  // namespace restitch::testing
