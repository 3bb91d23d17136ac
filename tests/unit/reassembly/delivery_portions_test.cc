// A hole that fills is delivered in portions: the same bytes, gaps and end as in one piece, whatever the
// stream keeps, and no portion larger than it may be.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "restitch/assembler.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

constexpr std::uint32_t segments = 500;

std::string text_of(std::uint32_t segment) {
  return std::string(1 + segment % 3, static_cast<char>('a' + segment % 26));
}

// What a stream was given for the first time, and the largest number of pieces in a delivery.
struct Seen {
  std::string bytes;
  std::size_t pieces_max = 0;
  std::size_t deliveries = 0;
  bool end = false;
};

// Holds all segments but the first, in any order, with a FIN; then sends the first. `keep`: of each delivery,
// how many of its last bytes the stream wants to see again.
Seen deliver(std::uint32_t portion, std::size_t keep) {
  World<StaticApi> world({}, {.delivery_segments_max = portion});
  Seen seen;
  world.on_sg = [&](ScatterGather& sg, AssemblerContext&) {
    const auto [available, saved] = sg.lengths();
    const Bytes all = sg.fetch(available);
    if (available > saved) {
      ++seen.deliveries;
      seen.pieces_max = std::max(seen.pieces_max, std::size_t{sg.stats().chunks});
    }
    EXPECT_EQ(sg.info().offset + saved, seen.bytes.size());
    EXPECT_EQ(std::string(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(saved)),
              seen.bytes.substr(seen.bytes.size() - saved));
    seen.bytes.append(all.begin() + static_cast<std::ptrdiff_t>(saved), all.end());
    seen.end |= sg.info().end;
    sg.keep_from(available - std::min(available, keep));
  };
  world.send(client(100).syn());
  std::vector<std::uint32_t> starts(segments);
  std::uint32_t sequence = 101;
  for (std::uint32_t i = 0; i < segments; ++i) {
    starts[i] = sequence;
    sequence += static_cast<std::uint32_t>(text_of(i).size());
  }
  std::vector<std::uint32_t> order(segments - 1);
  std::iota(order.begin(), order.end(), 1U);
  std::shuffle(order.begin(), order.end(), std::mt19937(portion));
  world.send(client(sequence).fin());
  for (const std::uint32_t i : order) world.send(client(starts[i], text_of(i)));
  EXPECT_EQ(seen.bytes, "");
  world.send(client(101, text_of(0)));
  world.calls();
  return seen;
}

class DeliveryPortions : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(DeliveryPortions, AreTheSameBytesInOrder) {
  std::string expected;
  for (std::uint32_t i = 0; i < segments; ++i) expected += text_of(i);
  for (const std::size_t keep : {std::size_t{0}, std::size_t{5}, expected.size()}) {
    const Seen seen = deliver(GetParam(), keep);
    EXPECT_EQ(seen.bytes, expected) << keep;
    EXPECT_TRUE(seen.end) << keep;
  }
}

TEST_P(DeliveryPortions, AreNoLargerThanTheyMayBe) {
  const std::uint32_t portion = std::max(GetParam(), 1U);
  const Seen seen = deliver(portion, 0);
  EXPECT_LE(seen.pieces_max, portion);
  EXPECT_EQ(seen.deliveries, (segments + portion - 1) / portion);
}

TEST_P(DeliveryPortions, GrowWithWhatIsKeptSoThatThereAreFew) {
  EXPECT_LE(deliver(GetParam(), segments * 3).deliveries, 11U);  // each as large as all before
}

INSTANTIATE_TEST_SUITE_P(Sizes, DeliveryPortions, ::testing::Values(0, 1, 2, 7, 256, 1000));

}  // namespace
}  // namespace restitch::testing
