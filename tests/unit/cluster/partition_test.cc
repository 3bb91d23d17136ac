// The published hash: other programs compute it, so these numbers never change.
#include "restitch/cluster/partition.h"

#include <gtest/gtest.h>

#include "support/frame_builder.h"

namespace restitch::cluster {
namespace {

using restitch::testing::address;

NetFlow net(const char* source, const char* destination) { return {address(source), address(destination)}; }

TEST(Partition, HasTheNumbersThatArePublished) {
  EXPECT_EQ(partition_hash(net("10.0.0.1", "192.0.2.1"), {40000, 80}), 0x927ED08C53C396ADU);
  EXPECT_EQ(partition_hash(net("2001:db8::1", "2001:db8::2"), {40000, 443}), 0x4A414CAFFDFAB65CU);
}

TEST(Partition, IsTheSameForBothDirectionsAndEveryDomain) {
  NetFlow there = net("10.0.0.1", "192.0.2.1");
  const NetFlow back = net("192.0.2.1", "10.0.0.1");
  EXPECT_EQ(partition_hash(there, {40000, 80}), partition_hash(back, {80, 40000}));
  there.domain = 7;
  EXPECT_EQ(partition_hash(there, {40000, 80}), partition_hash(back, {80, 40000}));
}

TEST(Partition, DependsOnPortsAndOnTheVersion) {
  EXPECT_NE(partition_hash(net("10.0.0.1", "192.0.2.1"), {40000, 80}),
            partition_hash(net("10.0.0.1", "192.0.2.1"), {40001, 80}));
  EXPECT_NE(partition_hash(net("10.0.0.1", "192.0.2.1"), {40000, 80}),
            partition_hash(net("::10.0.0.1", "::192.0.2.1"), {40000, 80}));
}

}  // namespace
}  // namespace restitch::cluster
