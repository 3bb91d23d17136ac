// What is remembered of delivered bytes: found again at any boundaries, bounded for each direction and for
// all, and honest about what is no longer known.
#include "restitch/detail/delivered_bytes.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace restitch::detail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TcpFlowDirection ahead = TcpFlowDirection::client_to_server;
constexpr TcpFlowDirection back = TcpFlowDirection::server_to_client;
constexpr std::size_t block_size = 4096;
constexpr std::size_t plenty = std::size_t{16} << 20;

Bytes as_bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// One direction as an assembler drives it.
class Remembered {
 public:
  Remembered(DeliveredBytes& history, std::uint32_t slot, TcpFlowDirection which, std::uint32_t start = 1)
      : history_(&history), direction_{slot, which}, next_(start) {}

  Remembered& deliver(const std::string& text, std::uint64_t packet) {
    history_->append(direction_, next_, offset_, as_bytes(text), {.timestamp = {}, .packet_number = packet});
    return skip(text.size());
  }
  Remembered& skip(std::uint64_t size) {
    next_ = next_.add(static_cast<std::int64_t>(size));
    offset_ += size;
    return *this;
  }
  void forget() { history_->forget(direction_); }

  // "4 @0 abc": what packet 4 brought of the bytes from `first` to `last`, with its offset; "? +2" for the
  // first two that are not known any more. Of a long one, only how long.
  std::vector<std::string> shared(std::uint64_t first, std::uint64_t last) {
    const Sequence begin = next_.add(-static_cast<std::int64_t>(offset_ - first));
    DeliveredBytes::Walk walk = history_->compare(direction_, begin, last - first, next_, offset_);
    std::vector<std::string> found;
    if (walk.unknown() != 0) found.push_back(fmt::format("? +{}", walk.unknown()));
    while (const auto shared = history_->next(walk)) {
      EXPECT_EQ(first + shared->at, shared->offset);
      const std::string text(shared->bytes.begin(), shared->bytes.end());
      found.push_back(fmt::format("{} @{} {}", shared->info.packet_number, shared->offset,
                                  text.size() <= 20 ? text : fmt::format("+{}", text.size())));
    }
    return found;
  }

  [[nodiscard]] std::uint64_t offset() const { return offset_; }

 private:
  DeliveredBytes* history_;
  DeliveredBytes::Direction direction_;
  Sequence next_;
  std::uint64_t offset_ = 0;
};

class History : public ::testing::Test {
 protected:
  History() { history_.set_limits(64 << 10, plenty); }

  BlockSource source_;
  DeliveredBytes history_{source_};
};

TEST_F(History, IsOffUntilItIsAskedFor) {
  DeliveredBytes history(source_);
  EXPECT_FALSE(history.on());
  history.set_limits(0, plenty);
  EXPECT_FALSE(history.on());
  history.set_limits(plenty, 0);
  EXPECT_FALSE(history.on());
  history.set_limits(1, plenty);
  EXPECT_TRUE(history.on()) << "rounded up to a block";
}

TEST_F(History, ShowsWhatEachPacketBroughtOfTheBytesThatComeAgain) {
  Remembered stream(history_, 3, ahead);
  stream.deliver("abc", 4).deliver("defgh", 5);
  EXPECT_THAT(stream.shared(0, 8), ElementsAre("4 @0 abc", "5 @3 defgh"));
  EXPECT_THAT(stream.shared(0, 3), ElementsAre("4 @0 abc"));
  EXPECT_THAT(stream.shared(1, 2), ElementsAre("4 @1 b"));
  EXPECT_THAT(stream.shared(2, 5), ElementsAre("4 @2 c", "5 @3 de"));
  EXPECT_THAT(stream.shared(7, 8), ElementsAre("5 @7 h"));
}

TEST_F(History, HasNothingOfADirectionThatWasGivenNothing) {
  Remembered stream(history_, 3, ahead);
  EXPECT_THAT(stream.skip(10).shared(0, 10), IsEmpty());
  Remembered(history_, 4, ahead).deliver("abc", 4);
  EXPECT_THAT(stream.shared(0, 10), IsEmpty());
}

TEST_F(History, HasNothingOfAGap) {
  Remembered stream(history_, 3, ahead);
  stream.deliver("abc", 4).skip(100).deliver("def", 5);
  EXPECT_THAT(stream.shared(1, 105), ElementsAre("4 @1 bc", "5 @103 de"));
  EXPECT_THAT(stream.shared(3, 103), IsEmpty());
}

TEST_F(History, GoesOnAcrossTheWrap) {
  Remembered stream(history_, 3, ahead, 0xFFFFFFFE);
  stream.deliver("abcd", 4).deliver("ef", 5);
  EXPECT_THAT(stream.shared(1, 5), ElementsAre("4 @1 bcd", "5 @4 e"));
}

// As large as a packet may be, it lies in many blocks.
TEST_F(History, ShowsAPacketAtOnceHoweverItLies) {
  Remembered stream(history_, 3, ahead);
  std::string payload(60'000, ' ');
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>('a' + i % 23);
  stream.deliver("head", 4).deliver(payload, 5).deliver("tail", 6);
  EXPECT_THAT(stream.shared(0, 60'008), ElementsAre("4 @0 head", "5 @4 +60000", "6 @60004 tail"));
  EXPECT_THAT(stream.shared(4010, 4025), ElementsAre("5 @4010 " + payload.substr(4006, 15)));
}

TEST_F(History, TellsNeighboursOfOneNumberApartWhereBytesLieBetween) {
  Remembered stream(history_, 3, ahead);
  stream.deliver("ab", 4).deliver("cd", 5).deliver("ef", 4);
  EXPECT_THAT(stream.shared(0, 6), ElementsAre("4 @0 ab", "5 @2 cd", "4 @4 ef"));
}

TEST_F(History, KeepsDirectionsAndConnectionsApart) {
  Remembered one(history_, 3, ahead);
  Remembered other(history_, 3, back);
  Remembered third(history_, 4000, ahead);
  one.deliver("one", 1);
  other.deliver("two", 2);
  third.deliver("three", 3);
  EXPECT_THAT(one.shared(0, 3), ElementsAre("1 @0 one"));
  EXPECT_THAT(other.shared(0, 3), ElementsAre("2 @0 two"));
  EXPECT_THAT(third.shared(0, 5), ElementsAre("3 @0 three"));
  history_.swap(3);
  EXPECT_THAT(one.shared(0, 3), ElementsAre("2 @0 two"));
  EXPECT_THAT(other.shared(0, 3), ElementsAre("1 @0 one"));
}

TEST_F(History, OfADirectionEndsWhereItsLimitIs) {
  history_.set_limits(8 * block_size, plenty);
  Remembered stream(history_, 3, ahead);
  for (std::uint64_t packet = 1; packet <= 100; ++packet) stream.deliver(std::string(1000, 'x'), packet);
  const auto all = stream.shared(0, stream.offset());
  ASSERT_GE(all.size(), 25u) << "of 100 packets some 30 fit into 32 KiB";
  ASSERT_LE(all.size(), 32u);
  EXPECT_THAT(all.front(), ::testing::StartsWith("? +"));
  EXPECT_EQ(all.back(), "100 @99000 +1000");
  EXPECT_THAT(stream.shared(0, 1000), ElementsAre("? +1000"));
  EXPECT_THAT(stream.shared(98'500, 99'500), ElementsAre("99 @98500 +500", "100 @99000 +500"));
}

TEST_F(History, OfAPacketThatIsLargerThanTheLimitIsItsEnd) {
  history_.set_limits(2 * block_size, plenty);
  Remembered stream(history_, 3, ahead);
  stream.deliver(std::string(60'000, 'x'), 1);
  const auto all = stream.shared(0, 60'000);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_THAT(all[0], ::testing::StartsWith("? +5"));
  EXPECT_THAT(all[1], ::testing::StartsWith("1 @5"));
}

TEST_F(History, OfAllTakesFromThoseThatHaveMany) {
  history_.set_limits(16 * block_size, 20 * block_size);
  Remembered bulk(history_, 0, ahead);
  for (std::uint64_t packet = 1; packet <= 100; ++packet) bulk.deliver(std::string(1000, 'x'), packet);
  std::vector<Remembered> small;
  for (std::uint32_t slot = 1; slot <= 15; ++slot) {
    small.emplace_back(history_, slot, back).deliver("small", slot);
  }
  for (std::uint32_t slot = 1; slot <= 15; ++slot) {
    EXPECT_THAT(small[slot - 1].shared(0, 5), ElementsAre(fmt::format("{} @0 small", slot)));
  }
  EXPECT_THAT(bulk.shared(99'000, 100'000), ElementsAre("100 @99000 +1000"));
  EXPECT_THAT(bulk.shared(80'000, 81'000), ElementsAre("? +1000"));
}

TEST_F(History, OfAllGoesRoundWhenAllHaveLittle) {
  history_.set_limits(16 * block_size, 4 * block_size);
  std::vector<Remembered> streams;
  for (std::uint32_t slot = 0; slot < 100; ++slot) {
    streams.emplace_back(history_, slot, ahead).deliver("abc", slot);
    EXPECT_THAT(streams.back().shared(0, 3), ElementsAre(fmt::format("{} @0 abc", slot)));
  }
  int known = 0;
  for (Remembered& stream : streams) known += stream.shared(0, 3) == std::vector<std::string>{"? +3"} ? 0 : 1;
  EXPECT_EQ(known, 4) << "and of the others it is said that nobody knows";
}

TEST_F(History, IsForgottenWithItsDirection) {
  Remembered stream(history_, 3, ahead);
  stream.deliver("abc", 4);
  stream.forget();
  EXPECT_THAT(stream.shared(0, 3), IsEmpty());
  Remembered next(history_, 3, ahead);
  next.deliver("xyz", 9);
  EXPECT_THAT(next.shared(0, 3), ElementsAre("9 @0 xyz"));
}

TEST_F(History, IsGivenBackAfterASpike) {
  const std::size_t before = history_.memory_size();
  for (std::uint32_t slot = 0; slot < 3000; ++slot) Remembered(history_, slot, ahead).deliver("abc", 1);
  EXPECT_GE(history_.memory_size(), 3000 * block_size);
  EXPECT_LE(history_.memory_size(), 3000 * block_size * 9 / 8);
  for (std::uint32_t slot = 0; slot < 3000; ++slot) history_.forget({slot, ahead});
  EXPECT_LE(history_.memory_size() - before, 300'000u);
}

// So far apart that the same sequence numbers come again.
TEST_F(History, DoesNotTakeNumbersOfAnEarlierRoundForThose) {
  Remembered stream(history_, 3, ahead);
  stream.deliver("old", 1);
  stream.skip((std::uint64_t{1} << 32) - 3).deliver("new", 2);
  const std::uint64_t round = std::uint64_t{1} << 32;
  EXPECT_THAT(stream.shared(round, round + 3), ElementsAre("2 @4294967296 new"));
  EXPECT_THAT(stream.shared(round - 10, round + 1), ElementsAre("2 @4294967296 n"));
}

// All that was delivered, byte for byte, beside it.
TEST_F(History, AgreesWithAMapOfBytes) {
  std::mt19937_64 random(15);
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  for (int round = 0; round < 200; ++round) {
    const auto slot = static_cast<std::uint32_t>(below(5000));
    Remembered stream(history_, slot, below(2) == 0 ? ahead : back, static_cast<std::uint32_t>(random()));
    std::map<std::uint64_t, std::pair<char, std::uint64_t>> delivered;
    const std::uint64_t size_max = below(8) == 0 ? 9000 : 1 + below(60);
    for (std::uint64_t packet = 1; packet <= 60; ++packet) {
      if (below(10) == 0) stream.skip(1 + below(50));
      std::string text(1 + below(size_max), ' ');
      for (char& byte : text) byte = static_cast<char>('a' + below(26));
      for (std::size_t i = 0; i < text.size(); ++i) delivered[stream.offset() + i] = {text[i], packet};
      stream.deliver(text, packet);
      const std::uint64_t first = below(stream.offset());
      const std::uint64_t last = first + 1 + below(std::min<std::uint64_t>(stream.offset() - first, 3000));
      std::vector<std::string> expected;
      std::uint64_t known = last;  // where what is known begins
      const auto found = stream.shared(first, last);
      if (!found.empty() && found.front().front() == '?') {
        known = first + std::stoull(found.front().substr(3));
        expected.push_back(found.front());
        ASSERT_GT(stream.offset() - known, 15u << 10) << "the last kilobytes are always known";
      } else {
        known = first;
      }
      for (auto at = delivered.lower_bound(known); at != delivered.end() && at->first < last;) {
        const auto begin = at;
        std::string copy;
        while (at != delivered.end() && at->first < last && at->second.second == begin->second.second &&
               at->first == begin->first + copy.size()) {
          copy += at++->second.first;
        }
        expected.push_back(fmt::format("{} @{} {}", begin->second.second, begin->first,
                                       copy.size() <= 20 ? copy : fmt::format("+{}", copy.size())));
      }
      ASSERT_EQ(found, expected) << "round " << round << ", packet " << packet;
    }
    stream.forget();
  }
}

}  // namespace
}  // namespace restitch::detail
