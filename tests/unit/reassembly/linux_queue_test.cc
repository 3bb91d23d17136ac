// Linux' rule for held data, rule by rule, and against a plain list of blocks where that is enough. That it
// is the real one is shown by tests/oracle/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <random>

#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

// The rule alone: nothing is refused.
const ReceiverPolicy linux_rule{.name = "rule", .summary = "", .rule = OverlapRule::linux_};

// A receiver that knows the start of the stream; offset 0 is sequence number 100.
class Receiver {
 public:
  Receiver() : world_({}, options()) {
    world_.on_sg = [this](ScatterGather& sg, AssemblerContext&) {
      text_ += Recorder::text(sg);
      if (sg.info().end) text_ += '$';
    };
    world_.send(client(99).syn());
  }

  Receiver& data(std::uint32_t at, const std::string& bytes) { return packet(client(100 + at, bytes)); }
  Receiver& fin(std::uint32_t at, const std::string& bytes = {}) {
    return packet(client(100 + at, bytes).fin());
  }

  // What was read so far; "$" is the end.
  const std::string& text() const { return text_; }
  World<VirtualApi>& world() { return world_; }

 private:
  Receiver& packet(const TestPacket& packet) {
    world_.send(packet);
    EXPECT_TRUE(world_.counts_add_up());
    return *this;
  }

  static PoolOptions options() {
    PoolOptions options;
    options.receiver = &linux_rule;
    return options;
  }

  World<VirtualApi> world_;
  std::string text_;
};

TEST(LinuxQueue, WhatLiesInsideABlockIsDropped) {
  EXPECT_EQ(Receiver().data(1, "hhhh").data(2, "nn").data(0, ".").text(), ".hhhh");
}

TEST(LinuxQueue, ALongerSegmentTakesThePlaceOfABlockWithTheSameStart) {
  EXPECT_EQ(Receiver().data(1, "hh").data(1, "nnnn").data(0, ".").text(), ".nnnn");
}

TEST(LinuxQueue, BlocksThatANewOneCoversAreRemoved) {
  Receiver receiver;
  receiver.data(3, "hh").data(6, "hh").data(2, "nnnnnnnn");
  EXPECT_EQ(receiver.world().pool.byte_counts().held, 8u);
  EXPECT_EQ(receiver.data(0, "..").text(), "..nnnnnnnn");
}

TEST(LinuxQueue, OfBlocksThatOverlapInPartTheOneThatStartsFirstGivesTheSharedBytes) {
  EXPECT_EQ(Receiver().data(1, "hhhh").data(3, "nnnn").data(0, ".").text(), ".hhhhnn");
  EXPECT_EQ(Receiver().data(3, "hhhh").data(1, "nnnn").data(0, ".").text(), ".nnnnhh");
}

TEST(LinuxQueue, TheSegmentThatFillsTheHoleBeatsWhatIsHeld) {
  EXPECT_EQ(Receiver().data(2, "hhhh").data(0, "nnnn").text(), "nnnnhh");
}

TEST(LinuxQueue, ASegmentMergesIntoTheBlockThatEndsWhereItBegins) {
  // Alone, h loses to a longer segment with the same start; merged into m it starts earlier, and wins.
  EXPECT_EQ(Receiver().data(3, "hh").data(3, "nnnnn").data(0, "...").text(), "...nnnnn");
  EXPECT_EQ(Receiver().data(1, "mm").data(3, "hh").data(3, "nnnnn").data(0, ".").text(), ".mmhhnnn");
}

TEST(LinuxQueue, WhatASearchMeetsDependsOnTheOrderOfArrival) {
  const std::string p(10, 'p');
  const std::string q(10, 'q');
  const std::string s(10, 's');
  // p is above q in the tree: the search for the place of s meets p, which ends there, and s merges into it.
  EXPECT_EQ(Receiver().data(10, p).data(15, q).data(20, s).data(0, "..........").text(),
            ".........." + p + s);
  // q is above p: s becomes a block of its own, and q starts before it.
  EXPECT_EQ(Receiver().data(15, q).data(10, p).data(20, s).data(0, "..........").text(),
            ".........." + p + "qqqqqsssss");
}

TEST(LinuxQueue, AMergedSegmentRemovesNothing) {
  Receiver receiver;
  receiver.data(5, "xx").data(1, "aa").data(3, "bbbbbb");  // b merges into a, and x stays
  EXPECT_EQ(receiver.world().pool.byte_counts().held, 10u);
  EXPECT_EQ(receiver.data(0, ".").text(), ".aabbbbbb");
  EXPECT_EQ(receiver.world().pool.byte_counts().held, 0u);
}

TEST(LinuxQueue, AHeldFinIsOneMoreByteAndIsLostWhereDataCoversIt) {
  EXPECT_EQ(Receiver().fin(4).data(0, "abcd").text(), "abcd$");
  EXPECT_EQ(Receiver().fin(4).data(4, "efgh").data(0, "abcd").text(), "abcdefgh");
  EXPECT_EQ(Receiver().fin(2, "cd").data(2, "CDEF").data(0, "ab").text(), "abCDEF");
}

TEST(LinuxQueue, AFinInsideHeldDataIsDropped) {
  EXPECT_EQ(Receiver().data(2, "cdef").fin(4).data(0, "ab").fin(6).text(), "abcdef$");
}

TEST(LinuxQueue, TheLowerOfTwoHeldFinsEndsTheStream) {
  EXPECT_EQ(Receiver().fin(4).fin(2).data(0, "ab").data(2, "cd").text(), "ab$");
  EXPECT_EQ(Receiver().fin(2).fin(4).data(0, "ab").data(2, "cd").text(), "ab$");
}

TEST(LinuxQueue, DataThatReachesOverAHeldFinAtOnceGoesOn) {
  EXPECT_EQ(Receiver().fin(2).data(0, "abcd").fin(4).text(), "abcd$");
}

TEST(LinuxQueue, WhatIsHeldBeyondTheFinIsDiscarded) {
  Receiver receiver;
  EXPECT_EQ(receiver.data(6, "xx").fin(2, "cd").data(0, "ab").text(), "abcd$");
  EXPECT_EQ(receiver.world().pool.byte_counts().held, 0u);
}

TEST(LinuxQueue, ASegmentOfManyKilobytesIsOneBlock) {
  const std::string big(60'000, 'b');
  const std::string n(70'000, 'n');
  EXPECT_EQ(Receiver().data(1, big).data(30'000, "xxx").data(0, ".").text(), "." + big);
  EXPECT_EQ(Receiver().data(1, big).data(1, n).data(0, ".").text(), "." + n);
}

// The rule without merging, on a sorted list: right wherever no segment begins where another one ends.
class BlockList {
 public:
  void insert(std::size_t first, const std::string& bytes) {
    const std::size_t last = first + bytes.size();
    if (last <= text_.size()) return;
    if (first <= text_.size()) {
      text_ += bytes.substr(text_.size() - first);
    } else {
      hold(first, bytes);
    }
    while (!blocks_.empty() && blocks_.begin()->first <= text_.size()) {
      const auto block = *blocks_.begin();
      blocks_.erase(blocks_.begin());
      if (block.first + block.second.size() > text_.size()) {
        text_ += block.second.substr(text_.size() - block.first);
      }
    }
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void hold(std::size_t first, const std::string& bytes) {
    const std::size_t last = first + bytes.size();
    auto above = blocks_.upper_bound(first);
    if (above != blocks_.begin()) {
      const auto& [held_first, held] = *std::prev(above);
      if (held_first + held.size() >= last) return;
    }
    blocks_[first] = bytes;
    above = blocks_.upper_bound(first);
    while (above != blocks_.end() && above->first + above->second.size() <= last) {
      above = blocks_.erase(above);
    }
  }

  std::map<std::size_t, std::string> blocks_;
  std::string text_;
};

TEST(LinuxQueue, IsAListOfBlocksWhereverNothingTouches) {
  std::mt19937 random(20);
  for (int round = 0; round < 1000; ++round) {
    Receiver receiver;
    BlockList list;
    std::string story;
    const auto segments = static_cast<std::uint32_t>(3 + random() % 20);
    for (std::uint32_t i = 0; i <= segments; ++i) {
      // Even starts and odd ends never meet. The last one fills the hole.
      const auto first = static_cast<std::uint32_t>(i == segments ? 0 : 2 * (1 + random() % 30));
      const auto size = static_cast<std::uint32_t>(i == segments ? 3 : 1 + 2 * (random() % 8));
      const std::string bytes(size, static_cast<char>('a' + i));
      story += fmt::format(" {}@{}", bytes, first);
      receiver.data(first, bytes);
      list.insert(first, bytes);
      ASSERT_EQ(receiver.text(), list.text()) << story;
    }
  }
}

}  // namespace
}  // namespace restitch::testing
