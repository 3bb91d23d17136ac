// Two taps, one for each direction, whose clocks differ: acknowledgements come up to 0.9 s before or behind
// what they acknowledge. As long as that is less than holes are waited for, every byte is delivered in its
// place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

struct Seen {
  std::int64_t ms;
  TestPacket packet;
};

// A download of `segments`, one each millisecond, some of them overtaken. Its receiver acknowledges each as
// it comes, up to the first byte that is missing, and the capture has the client's packets `skew_ms` later
// than they were.
std::vector<Seen> download(std::uint32_t seed, int segments, std::int64_t skew_ms, bool handshake) {
  std::minstd_rand random(seed);
  const auto base = static_cast<std::uint32_t>(random() * 77U);
  std::vector<std::pair<std::int64_t, std::uint32_t>> arrivals;
  for (int i = 0; i < segments; ++i) {
    arrivals.emplace_back(1010 + i + (random() % 20 == 0 ? 5 : 0), static_cast<std::uint32_t>(i));
  }
  std::stable_sort(arrivals.begin(), arrivals.end());
  std::vector<Seen> seen;
  if (handshake) {
    seen.push_back({1000 + skew_ms, client(100).syn()});
    seen.push_back({1001, server(base).syn().acknowledges(101)});
  }
  std::vector<bool> received(arrivals.size() + 1);
  std::uint32_t next = 0;
  for (const auto& [ms, number] : arrivals) {
    seen.push_back({ms, server(base + 1 + number * 10, "0123456789").acknowledges(101)});
    received[number] = true;
    while (received[next]) ++next;
    seen.push_back({ms + 1 + skew_ms, client(101).acknowledges(base + 1 + next * 10)});
  }
  std::stable_sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) { return a.ms < b.ms; });
  for (Seen& one : seen) one.packet.at_ms(one.ms);
  return seen;
}

TEST(SkewedTaps, EveryByteIsDelivered) {
  constexpr int segments = 3000;
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    for (const std::int64_t skew_ms : {-900, -300, -1, 0, 1, 300, 900}) {
      for (const bool handshake : {true, false}) {
        PoolOptions options;
        options.receiver = find_receiver_policy("capture");
        options.ageing.hole_acked_ns = 1'000'000'000;
        options.ageing.hole_lost_ns = 50'000'000;
        options.midstream_packets_max = 8;
        options.midstream_wait_ns = 200'000'000;
        World<StaticApi> world({}, options);
        for (const Seen& one : download(seed, segments, skew_ms, handshake)) world.send(one.packet);
        world.assembler.flush_all();
        ASSERT_EQ(world.pool.byte_counts().delivered, segments * 10u)
            << seed << " skew " << skew_ms << " " << handshake;
        ASSERT_EQ(world.pool.event_counts()[static_cast<std::size_t>(EventKind::gap)], 0u)
            << seed << " " << skew_ms;
      }
    }
  }
}

TEST(SkewedTaps, BeyondTheTimeThatHolesAreWaitedForAGapIsTold) {
  PoolOptions options;
  options.ageing.hole_acked_ns = 1'000'000'000;
  World<StaticApi> world({}, options);
  world.send(client(100).syn().at_ms(0), server(500).syn().acknowledges(101).at_ms(1));
  world.send(server(504, "def").at_ms(2), client(101).acknowledges(507).at_ms(3));
  world.send(client(101).acknowledges(507).at_ms(2500), server(501, "abc").at_ms(2600));
  EXPECT_EQ(world.pool.event_counts()[static_cast<std::size_t>(EventKind::gap)], 1u);
  EXPECT_EQ(world.pool.byte_counts().delivered, 3u);
}

}  // namespace
}  // namespace restitch::testing
