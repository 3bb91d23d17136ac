// Watching the hosts is for the events only: whatever they acknowledge, the same bytes are delivered. Only a
// receiver that refuses segments, or acknowledged delivery, can hold bytes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/random_steps.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;

PoolOptions watching(bool observe, const char* policy = "capture") {
  PoolOptions options;
  options.receiver = find_receiver_policy(policy);
  options.observe = observe;
  return options;
}

// Both hosts talk from `start` on, reordered, repeated and with losses; what is acknowledged lies anywhere
// near, and now and then a host ends or resets.
std::vector<TestPacket> conversation(std::uint64_t seed, std::uint32_t start) {
  test::Dice dice(seed);
  std::uint32_t at[2] = {start, start + 5000};
  std::vector<TestPacket> packets;
  if (dice.chance(0.7)) packets = {client(at[0] - 1).syn(), server(at[1] - 1).syn().acknowledges(at[0])};
  for (int i = 0; i < 40; ++i) {
    const bool from_client = dice.chance(0.5);
    std::uint32_t& next = at[from_client ? 0 : 1];
    const std::uint32_t other = at[from_client ? 1 : 0];
    const auto back = static_cast<std::uint32_t>(dice.below(20));
    TestPacket packet(from_client, next - (dice.chance(0.2) ? back : 0),
                      std::string(dice.below(12), static_cast<char>('a' + i % 26)));
    packet.acknowledges(other - back + (dice.chance(0.1) ? 30 : 0));
    if (dice.chance(0.02)) packet.fin();
    if (dice.chance(0.02)) packet.rst();
    next += static_cast<std::uint32_t>(packet.tcp().payload.size());
    if (!dice.chance(0.15)) packets.push_back(packet.at(1 + i));
  }
  return packets;
}

std::vector<std::string> told_of(const std::vector<TestPacket>& packets, const PoolOptions& options) {
  World<StaticApi> world({}, options);
  for (const TestPacket& packet : packets) world.send(packet);
  world.assembler.flush_all();
  return world.told();
}

TEST(Watching, ChangesNothingOfWhatIsDelivered) {
  for (const char* policy : {"gopacket", "capture", "bsd"}) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
      const auto packets = conversation(seed, seed % 2 == 0 ? 1000 : 0xFFFFFFC0U);
      ASSERT_EQ(told_of(packets, watching(false, policy)), told_of(packets, watching(true, policy)))
          << policy << ", seed " << seed;
    }
  }
}

TEST(Watching, BytesBehindAHoleAreDeliveredWhetherTheReceiverAcknowledgedThemOrNot) {
  World<StaticApi> world({}, watching(true));
  world.send(client(100).syn(), server(500).syn().acknowledges(101), client(101).acknowledges(501));
  world.send(server(505, "behind").acknowledges(101), client(111, "too").acknowledges(501));
  world.told();
  world.assembler.flush_all();
  EXPECT_THAT(world.told(),
              ElementsAre("c @10 'too' skip 10", "s @4 'behind' skip 4", "complete flush no packet"));
}

// The host that refuses nothing is read as if the other one did not either.
TEST(Watching, AHostThatRefusesIsNoReasonToHoldTheOtherOneToItsAcknowledgements) {
  PoolOptions options = watching(false);
  options.choose_receiver = [](const NetFlow&, TransportFlow transport) {
    return find_receiver_policy(transport.destination_port == 80 ? "linux" : "capture");
  };
  World<StaticApi> world({}, options);
  world.send(server(505, "behind").acknowledges(101), client(101).acknowledges(501));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ::testing::Contains("c @0 'behind' skip -1"));
}

}  // namespace
}  // namespace restitch::testing
