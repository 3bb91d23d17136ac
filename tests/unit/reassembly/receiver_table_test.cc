// Which policy a host has: the longest prefix that holds it, and how a pool asks for it.
#include "restitch/receiver_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rapidcheck.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/frame_builder.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;

const ReceiverPolicy& policy(std::string_view name) { return *find_receiver_policy(name); }

ReceiverTable table_of(const std::vector<std::pair<std::string, std::string>>& prefixes) {
  ReceiverTable table(policy("capture"));
  for (const auto& [prefix, name] : prefixes) table.add(*AddressPrefix::parse(prefix), policy(name));
  return table;
}

std::string_view name_for(const ReceiverTable& table, const std::string& host) {
  return table.find(address(host)).name;
}

TEST(ReceiverTable, TheLongestPrefixCountsInWhateverOrderTheyCame) {
  for (const bool turned : {false, true}) {
    std::vector<std::pair<std::string, std::string>> prefixes = {
        {"10.0.0.0/8", "linux"}, {"10.1.0.0/16", "bsd"}, {"10.1.2.3", "last"}};
    if (turned) std::swap(prefixes[0], prefixes[2]);
    const ReceiverTable table = table_of(prefixes);
    EXPECT_EQ(name_for(table, "10.200.0.1"), "linux");
    EXPECT_EQ(name_for(table, "10.1.200.1"), "bsd");
    EXPECT_EQ(name_for(table, "10.1.2.3"), "last");
    EXPECT_EQ(name_for(table, "10.1.2.4"), "bsd");
    EXPECT_EQ(name_for(table, "11.0.0.1"), "capture") << "the rest";
  }
}

TEST(ReceiverTable, IPv6HasItsOwnPrefixes) {
  const ReceiverTable table = table_of({{"0.0.0.0/0", "first"}, {"2001:db8::/33", "bsd"}, {"::/0", "last"}});
  EXPECT_EQ(name_for(table, "192.0.2.1"), "first");
  EXPECT_EQ(name_for(table, "2001:db8:7fff::1"), "bsd");
  EXPECT_EQ(name_for(table, "2001:db8:8000::1"), "last");
  EXPECT_EQ(name_for(table, "::192.0.2.1"), "last") << "not the IPv4 address that lies alike";
}

TEST(ReceiverTable, TheSamePrefixAgainReplacesIt) {
  EXPECT_EQ(name_for(table_of({{"10.1.2.3/8", "linux"}, {"10.0.0.0/8", "bsd"}}), "10.9.9.9"), "bsd");
  EXPECT_EQ(*AddressPrefix::parse("10.1.2.3/8"), *AddressPrefix::parse("10.0.0.0/8"));
}

TEST(ReceiverTable, WhatIsNoPrefixIsRefused) {
  for (const char* text : {"", "/8", "10.0.0/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/8x",
                           "10.0.0.0/-1", "::/129", "host"}) {
    EXPECT_FALSE(AddressPrefix::parse(text)) << text;
  }
  EXPECT_TRUE(AddressPrefix::parse("::/128"));
  EXPECT_TRUE(AddressPrefix::parse("0.0.0.0/0"));
}

// The model: of all prefixes that contain the host the one with most bits.
TEST(ReceiverTable, AgreesWithLookingAtAllOfThem) {
  EXPECT_TRUE(rc::check([] {
    const auto bytes = *rc::gen::container<std::vector<std::uint8_t>>(
        33, rc::gen::element<std::uint8_t>(0, 1, 0x7F, 0x80, 0xFF));
    const bool ipv6 = bytes[32] > 1;
    const std::size_t size = ipv6 ? 16 : 4;
    ReceiverTable table(policy("capture"));
    std::vector<AddressPrefix> prefixes;
    for (std::uint8_t bits = 0; bits <= size * 8; bits = static_cast<std::uint8_t>(bits + 5)) {
      const std::string text = to_string(IpAddress::from_bytes(Bytes(bytes).first(size)));
      prefixes.push_back(*AddressPrefix::parse(text + "/" + std::to_string(bits)));
      table.add(prefixes.back(), receiver_policies()[bits % receiver_policies().size()]);
    }
    const IpAddress host = IpAddress::from_bytes(Bytes(bytes).subspan(16, size));
    std::string_view expected = "capture";
    for (const AddressPrefix& prefix : prefixes) {
      if (prefix.contains(host))
        expected = receiver_policies()[prefix.bits % receiver_policies().size()].name;
    }
    RC_ASSERT(table.find(host).name == expected);
  }));
}

// ---- in a pool: 10.0.0.1 is the client, 10.0.0.2 the server ------------------------------------------

struct Choosing : ::testing::Test {
  static PoolOptions options(const ReceiverTable& table) {
    PoolOptions options;
    options.choose_receiver = table.chooser();
    return options;
  }
};

TEST_F(Choosing, EachDirectionIsReadAsItsReceiverReadsIt) {
  const ReceiverTable table = table_of({{"10.0.0.1", "first"}, {"10.0.0.2", "last"}});
  World<VirtualApi> world({}, options(table));
  world.send(client(100).syn(), server(500).syn().ack());
  world.told();
  world.send(client(103, "AA"), client(103, "BB"), client(101, "ab"));
  world.send(server(503, "AA"), server(503, "BB"), server(501, "ab"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abBB'", "s @0 'abAA'"));
}

TEST_F(Choosing, OnlyTheHostThatRefusesDoes) {
  const ReceiverTable table = table_of({{"10.0.0.2", "linux"}});
  World<VirtualApi> world({}, options(table));
  world.send(client(100).syn(), server(500).syn().ack());
  world.told();
  world.send(client(101, "no ack"), server(501, "no ack"));
  EXPECT_THAT(world.told(), ElementsAre("s @0 'no ack'"));
}

TEST_F(Choosing, PoliciesStayWithTheirHostsWhenTheRolesWereWrong) {
  const ReceiverTable table = table_of({{"10.0.0.1", "first"}, {"10.0.0.2", "last"}});
  World<VirtualApi> world({}, options(table));
  world.send(server(503, "AA"));  // taken for the client
  world.send(client(100).syn(), server(500).syn().ack());
  world.told();
  world.send(server(503, "BB"), server(501, "ab"));
  EXPECT_THAT(world.told(), ElementsAre("s @0 'abAA'"));
}

TEST_F(Choosing, APoolIsAskedOnceForEachDirectionAndMayLeaveItOpen) {
  std::vector<std::string> asked;
  PoolOptions options;
  options.receiver = &policy("last");
  options.choose_receiver = [&](const NetFlow& net, TransportFlow transport) -> const ReceiverPolicy* {
    asked.push_back(endpoint_to_string(net.destination, transport.destination_port));
    return net.destination == address("10.0.0.1") ? &policy("first") : nullptr;
  };
  World<VirtualApi> world({}, options);
  world.send(client(100).syn(), client(103, "AA"), client(103, "BB"), client(101, "ab"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'abBB'"));
  EXPECT_THAT(asked, ElementsAre("10.0.0.2:80", "10.0.0.1:40000"));
}

// A caller may make a policy for each connection: all are counted, and go with their connections.
TEST_F(Choosing, PoliciesAreCountedAndForgottenWithTheirConnections) {
  constexpr std::uint16_t connections = 10'000;
  std::deque<ReceiverPolicy> made;
  PoolOptions choosing;
  choosing.choose_receiver = [&](const NetFlow&, TransportFlow) {
    return &made.emplace_back(policy("last"));
  };
  World<VirtualApi> plain;
  World<VirtualApi> world({}, choosing);
  for (std::uint16_t port = 1; port <= connections; ++port) {
    plain.send(client(100).syn().client_port(port));
    world.send(client(100).syn().client_port(port));
  }
  EXPECT_EQ(made.size(), 2u * connections);
  EXPECT_GE(world.pool.size().memory_size, plain.pool.size().memory_size + made.size() * 16);
  plain.assembler.flush_all();
  world.assembler.flush_all();
  EXPECT_LE(world.pool.size().memory_size, plain.pool.size().memory_size + 100 * 1024);
}

TEST_F(Choosing, BytesAfterTheEndStillComeToTheHostThatTakesThem) {
  const ReceiverTable table = table_of({{"10.0.0.1", "first"}});  // the server's is `capture`
  World<VirtualApi> world({}, options(table));
  world.send(client(100).syn(), server(500).syn().ack(), client(101).fin(), server(501).fin());
  world.told();
  world.send(client(101, "more"), server(501, "more"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'more'"));
}

}  // namespace
}  // namespace restitch::testing
