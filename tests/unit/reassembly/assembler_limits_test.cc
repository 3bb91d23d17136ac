// The two page limits: what they count, when they act and what stays; through both forms of the API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restitch/assembler.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

AssemblerOptions per_connection(int pages) {
  return AssemblerOptions().max_buffered_pages_per_connection(pages);
}
AssemblerOptions total(int pages) { return AssemblerOptions().max_buffered_pages_total(pages); }

TEST(AssemblerOptions, ALimitOfZeroOrLessIsIgnored) {
  EXPECT_FALSE(per_connection(0).max_buffered_pages_per_connection());
  EXPECT_FALSE(per_connection(-1).max_buffered_pages_per_connection());
  EXPECT_FALSE(total(0).max_buffered_pages_total());
  EXPECT_FALSE(total(-7).max_buffered_pages_total());
  EXPECT_EQ(per_connection(3).max_buffered_pages_per_connection(0).max_buffered_pages_per_connection(), 3u);
}

template <class Api>
struct AssemblerLimits : ::testing::Test {
  using W = World<Api>;
};
using Apis = ::testing::Types<VirtualApi, StaticApi>;
TYPED_TEST_SUITE(AssemblerLimits, Apis);

TYPED_TEST(AssemblerLimits, AtNPagesOneContiguousRunIsDeliveredFromTheLowestNumber) {
  typename TestFixture::W world(per_connection(3));
  world.send(client(100).syn(), client(111, "b"), client(112, "c"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start")) << "two pages wait";
  world.send(client(121, "x"));
  EXPECT_THAT(world.told(), ElementsAre("c @10 'bc' skip 10")) << "the third one makes the lowest run go";
  EXPECT_EQ(world.pool.size().pages, 1u);
}

TYPED_TEST(AssemblerLimits, ALimitOfOneNeverWaits) {
  typename TestFixture::W world(per_connection(1));
  world.send(client(100).syn(), client(104, "def"), client(110, "j"), client(101, "abc"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @3 'def' skip 3", "c @9 'j' skip 3"));
  EXPECT_EQ(world.pool.size().pages, 0u);
}

TYPED_TEST(AssemblerLimits, ALimitOfOneNeverWaitsForAStartEither) {
  typename TestFixture::W world(per_connection(1));
  world.send(client(700, "abc"), client(703, "def"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abc' skip -1", "c @3 'def'"));
}

TYPED_TEST(AssemblerLimits, ASegmentCountsItsSizeOver1900RoundedUp) {
  typename TestFixture::W world;
  world.send(client(100).syn(), client(1001, std::string(1900, 'a')));
  EXPECT_EQ(world.pool.size().pages, 1u);
  world.send(client(5001, std::string(1901, 'b')));
  EXPECT_EQ(world.pool.size().pages, 3u);
  world.send(client(9001, "c"));
  EXPECT_EQ(world.pool.size().pages, 4u);
  EXPECT_EQ(world.pool.size().held_segments, 3u);
}

TYPED_TEST(AssemblerLimits, ALargeSegmentMayReachTheLimitAtOnce) {
  typename TestFixture::W world(per_connection(2));
  world.send(client(100).syn(), client(201, std::string(4000, 'a')));
  EXPECT_EQ(world.pool.size().pages, 0u);
  EXPECT_EQ(world.told().size(), 2u);
}

TYPED_TEST(AssemblerLimits, EachDirectionHasItsOwnCount) {
  typename TestFixture::W world(per_connection(2));
  world.send(client(100).syn(), server(500).syn().ack(), client(103, "b"), server(503, "b"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "s @0 '' start"));
  EXPECT_EQ(world.pool.size().pages, 2u);
}

TYPED_TEST(AssemblerLimits, KeptBytesCountToo) {
  typename TestFixture::W world(per_connection(2));
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  world.send(client(100).syn(), client(101, "ab"));
  EXPECT_EQ(world.pool.size().pages, 1u);
  world.told();
  world.send(client(105, "ef"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'ab|'", "c @4 'ef' skip 2")) << "one kept, one held: two pages";
}

TYPED_TEST(AssemblerLimits, AStreamThatKeepsEverythingLosesTheOldestAtTheLimitAndIsTold) {
  typename TestFixture::W world(per_connection(3));
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  world.send(client(100).syn(), client(101, "ab"), client(103, "cd"));
  EXPECT_THAT(world.events(), IsEmpty());
  world.send(client(105, "ef"));
  EXPECT_THAT(world.events(), ElementsAre("limit c @0 +2"));
  EXPECT_LT(world.pool.size().pages, 3u);
  world.told();
  world.send(client(107, "gh"));
  EXPECT_THAT(world.told(), ElementsAre("c @2 'cdef|gh'"));
}

TYPED_TEST(AssemblerLimits, TheTotalBoundsKeptBytesToo) {
  typename TestFixture::W world(total(4));
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  world.send(client(100).syn());
  for (std::uint32_t i = 0; i < 50; ++i) world.send(client(101 + 2 * i, "ab"));
  EXPECT_LT(world.pool.size().pages, 4u);
}

TYPED_TEST(AssemblerLimits, AtTheTotalTheHalfAtHandIsFlushedAndTheOthersAreLeftAlone) {
  typename TestFixture::W world(total(3));
  world.send(client(100).syn(), client(103, "b"), client(105, "c"));
  world.send(client(100).syn().client_port(40001));
  world.told();
  world.send(client(103, "z").client_port(40001));
  EXPECT_THAT(world.told(), ElementsAre("#2 c @2 'z' skip 2"));
  EXPECT_EQ(world.pool.size().pages, 2u);
  world.send(client(101, "_a"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '_ab'")) << "the first connection lost nothing";
}

TYPED_TEST(AssemblerLimits, TheTotalIsOfThePoolWhicheverAssemblerThePacketCameThrough) {
  typename TestFixture::W world(total(2));
  typename TypeParam::Assembler second(world.pool, total(2));
  world.send(client(100).syn(), client(103, "b"));
  world.told();
  world.send_to(second, client(105, "d"));
  EXPECT_THAT(world.told(), ElementsAre("c @2 'b' skip 2"));
}

TYPED_TEST(AssemblerLimits, InOrderDataIsNeverDelayedByALimitThatOthersHaveReached) {
  typename TestFixture::W world(total(2));
  world.send(client(100).syn(), client(103, "b"));
  world.send(client(100).syn().client_port(40001));
  world.told();
  world.send(client(101, "ab").client_port(40001), client(103, "cd").client_port(40001));
  EXPECT_THAT(world.told(), ElementsAre("#2 c @0 'ab'", "#2 c @2 'cd'"));
}

TYPED_TEST(AssemblerLimits, ThePageCountGoesBackToZeroWhateverHappened) {
  typename TestFixture::W world;
  std::size_t keep = 0;
  world.on_sg = [&](ScatterGather& sg, AssemblerContext&) {
    sg.keep_from(std::min(keep++ % 5, sg.lengths().available));
  };
  std::uint32_t state = 1;
  for (int round = 0; round < 50; ++round) {
    world.send(client(100).syn());
    for (int i = 0; i < 40; ++i) {
      state = state * 1664525 + 1013904223;
      const std::uint32_t sequence = 101 + (state >> 16) % 4000;
      world.send(client(sequence, std::string(1 + (state >> 8) % 2500, 'a')));
    }
    if (round % 3 == 0) world.send(client(101).rst());
    world.assembler.flush_all();
    ASSERT_EQ(world.pool.size().pages, 0u) << "round " << round;
    ASSERT_EQ(world.pool.size().held_segments, 0u);
    ASSERT_EQ(world.pool.byte_counts().held, 0u);
    ASSERT_TRUE(world.counts_add_up());
  }
}

TYPED_TEST(AssemblerLimits, AConnectionJoinedInTheMiddleBeginsAfterSoManyPagesIfThePoolSaysSo) {
  PoolOptions options;
  options.midstream_pages_max = 2;
  typename TestFixture::W world({}, options);
  world.send(client(703, "def"));
  EXPECT_THAT(world.told(), IsEmpty());
  world.send(client(700, "abc"), client(706, "ghi"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abcdef' skip -1", "c @6 'ghi'"));
  EXPECT_THAT(world.events(), ElementsAre("midstream_start c @0 +0"));
}

}  // namespace
}  // namespace restitch::testing
