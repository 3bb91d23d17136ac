// How connections are dealt out.
#include "restitch/detail/engine_chunk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace restitch::testing {
namespace {

using detail::shard_of;

NetFlow flow(std::uint32_t source, std::uint32_t destination) {
  const auto address = [](std::uint32_t value) {
    const std::uint8_t bytes[] = {10, static_cast<std::uint8_t>(value >> 16),
                                  static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
    return IpAddress::from_bytes(bytes);
  };
  return {address(source), address(destination)};
}

TEST(ShardOf, IsTheSameForBothDirectionsAndEveryDomain) {
  for (std::uint16_t port = 1000; port < 1100; ++port) {
    NetFlow there = flow(1, 2);
    NetFlow back = flow(2, 1);
    const unsigned shard = shard_of(there, {port, 80}, 8);
    EXPECT_EQ(shard_of(back, {80, port}, 8), shard);
    there.domain = port;
    EXPECT_EQ(shard_of(there, {port, 80}, 8), shard);
  }
}

TEST(ShardOf, DealsPortsAndAddressesOutEvenly) {
  constexpr unsigned shards = 8;
  constexpr unsigned connections = 8000;
  std::vector<unsigned> by_port(shards);
  std::vector<unsigned> by_address(shards);
  for (std::uint32_t i = 0; i < connections; ++i) {
    ++by_port.at(shard_of(flow(1, 2), {static_cast<std::uint16_t>(10'000 + i), 443}, shards));
    ++by_address.at(shard_of(flow(1000 + i, 2), {5000, 443}, shards));
  }
  for (const auto& counts : {by_port, by_address}) {
    EXPECT_GT(*std::min_element(counts.begin(), counts.end()), connections / shards * 7 / 10);
    EXPECT_LT(*std::max_element(counts.begin(), counts.end()), connections / shards * 13 / 10);
  }
}

}  // namespace
}  // namespace restitch::testing
