// Gaps that were given up: what comes for them all the same is told, dropped, and never taken for a copy.
#include "restitch/detail/given_up_gaps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using detail::GivenUpGaps;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr GivenUpGaps::Direction ahead{7, TcpFlowDirection::client_to_server};
constexpr GivenUpGaps::Direction back{7, TcpFlowDirection::server_to_client};

class Gaps : public ::testing::Test {
 protected:
  // "3+2": the first that is late of [offset, offset + size).
  [[nodiscard]] std::string late(GivenUpGaps::Direction direction, std::uint64_t offset,
                                 std::uint64_t size) const {
    const auto range = gaps_.first_in(direction, offset, size);
    return range ? fmt::format("{}+{}", range->offset, range->size) : "";
  }

  detail::BlockSource source_;
  GivenUpGaps gaps_{source_};
};

TEST_F(Gaps, ShareWhatLiesInThem) {
  EXPECT_EQ(late(ahead, 0, 100), "");
  gaps_.add(ahead, {10, 5});
  EXPECT_EQ(late(ahead, 0, 100), "10+5");
  EXPECT_EQ(late(ahead, 12, 1), "12+1");
  EXPECT_EQ(late(ahead, 12, 10), "12+3");
  EXPECT_EQ(late(ahead, 15, 10), "");
  EXPECT_EQ(late(ahead, 5, 5), "");
  EXPECT_EQ(late(back, 0, 100), "");
}

TEST_F(Gaps, ThatFollowEachOtherAreOne) {
  gaps_.add(ahead, {10, 5});
  gaps_.add(ahead, {15, 5});
  gaps_.add(ahead, {30, 5});
  EXPECT_EQ(late(ahead, 0, 100), "10+10");
  EXPECT_EQ(late(ahead, 20, 100), "30+5");
}

TEST_F(Gaps, AreForgottenWithTheirDirectionAndChangePlaces) {
  gaps_.add(ahead, {10, 5});
  gaps_.add(back, {20, 5});
  gaps_.swap(ahead.slot);
  EXPECT_EQ(late(ahead, 0, 100), "20+5");
  EXPECT_EQ(late(back, 0, 100), "10+5");
  gaps_.forget(ahead);
  EXPECT_EQ(late(ahead, 0, 100), "");
  EXPECT_EQ(late(back, 0, 100), "10+5");
}

TEST_F(Gaps, OfOneConnectionMakeRoomForNoneOfAnother) {
  for (std::uint32_t slot = 0; slot < 16'384; ++slot) gaps_.add({slot, back.which}, {slot, 1});
  for (std::uint32_t slot = 0; slot < 16'384; ++slot)
    ASSERT_NE(late({slot, back.which}, slot, 1), "") << slot;
}

TEST_F(Gaps, TakeNoMoreMemoryHoweverManyThereAre) {
  for (std::uint32_t slot = 0; slot < 16'384; ++slot) gaps_.add({slot, back.which}, {slot, 1});
  const std::size_t once = gaps_.memory_size();
  EXPECT_LT(once, std::size_t{4} << 20);
  for (std::uint32_t slot = 0; slot < 100'000; ++slot) gaps_.add({slot, back.which}, {slot, 1});
  EXPECT_EQ(gaps_.memory_size(), once);
  EXPECT_EQ(late({99'999, back.which}, 99'999, 1), "99999+1") << "the newest are remembered";
}

// Byte for byte, beside a set, as long as nothing has to be forgotten.
TEST_F(Gaps, AgreeWithASetOfBytes) {
  std::mt19937 random(7);
  std::set<std::uint64_t> lost;
  std::uint64_t at = 0;
  for (int i = 0; i < 8; ++i) {
    at += 1 + random() % 20;
    const std::uint64_t size = 1 + random() % 20;
    gaps_.add(ahead, {at, size});
    for (std::uint64_t byte = at; byte < at + size; ++byte) lost.insert(byte);
    at += size;
  }
  for (std::uint64_t offset = 0; offset < at + 5; ++offset) {
    for (std::uint64_t size = 1; size < 30; ++size) {
      const auto found = gaps_.first_in(ahead, offset, size);
      const auto first = lost.lower_bound(offset);
      ASSERT_EQ(found.has_value(), first != lost.end() && *first < offset + size);
      if (!found) continue;
      ASSERT_EQ(found->offset, *first);
      for (std::uint64_t byte = found->offset; byte < found->end(); ++byte) ASSERT_TRUE(lost.contains(byte));
      ASSERT_TRUE(found->end() == offset + size || !lost.contains(found->end()));
    }
  }
}

template <class Api>
class LateData : public ::testing::Test {
 protected:
  [[nodiscard]] ByteCounts counts() const {
    return world_.pool.byte_counts(TcpFlowDirection::client_to_server);
  }
  World<Api> world_;
};

using Apis = ::testing::Types<VirtualApi, StaticApi>;
TYPED_TEST_SUITE(LateData, Apis);

TYPED_TEST(LateData, IsToldAndDropped) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(101, "ab").at(1), client(106, "fg").at(1));
  world.assembler.flush_with_options({.t = second(2)});
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'ab'", "c @5 'fg' skip 3"));
  world.events();
  world.send(client(102, "bcdef").at(3));
  EXPECT_THAT(world.told(), IsEmpty());
  EXPECT_THAT(world.events(), ElementsAre("late_data c @2 +3"));
  EXPECT_EQ(this->counts().dropped, 3u);
  EXPECT_EQ(this->counts().duplicate, 2u);
  world.send(client(101, "ab").at(4));
  EXPECT_THAT(world.events(), IsEmpty());
  EXPECT_EQ(this->counts().duplicate, 4u);
}

TYPED_TEST(LateData, IsOfItsConnectionOnly) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(104, "de").at(1));
  world.assembler.flush_all();
  world.send(client(100).syn().client_port(9), client(101, "abcde").client_port(9),
             client(101, "abc").client_port(9));
  world.events();
  EXPECT_EQ(this->counts().dropped, 0u);
  EXPECT_EQ(this->counts().duplicate, 3u);
}

}  // namespace
}  // namespace restitch::testing
