// What lies around segments, through the command: frames that hold several, tunnels, VLANs.
#include <gmock/gmock.h>

#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Layers : public ToolTest {
 protected:
  // Two packets: a data frame with an A-MSDU of three segments and an ARP, and a plain segment.
  void write_aggregate() const {
    const auto segment = [](std::uint32_t seq, std::string_view text) {
      return join({{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, FrameBuilder().seq(seq).ack(1).payload(text).build_ip()});
    };
    const Frame arp = join({{0xaa, 0xaa, 3, 0, 0, 0, 8, 6}, Frame(28)});
    Frame several = join({{0x88, 1}, Frame(24)});
    several[24] = 0x80;
    for (const Frame& msdu : {segment(100, "one "), segment(104, "two "), arp, segment(108, "three ")}) {
      while (several.size() % 4 != 2) several.push_back(0);
      put(several, Frame(12, 2));
      put_be16(several, static_cast<std::uint32_t>(msdu.size()));
      put(several, msdu);
    }
    const Frame one = join({{8, 1}, Frame(22), segment(114, "four")});
    PcapBuilder file(Order::little, {.link_type = 105});
    for (const Frame& frame : {several, one}) {
      file.record(1'600'000'000, 0,
                  std::string_view(reinterpret_cast<const char*>(frame.data()), frame.size()));
    }
    write("aggregate.pcap", file.bytes);
  }
};

TEST_F(Layers, EveryFrameOfAnAggregateIsReadAndCounted) {
  write_aggregate();
  const ToolRun run = ToolTest::run("@ streams --json aggregate.pcap");
  EXPECT_THAT(run.out, HasSubstr(R"("bytes":18,)"));
  EXPECT_THAT(run.out, HasSubstr(R"("gaps":[])"));
  EXPECT_THAT(run.err, HasSubstr("packets without a segment: 1 not_ip\n"));
  EXPECT_THAT(run.err, HasSubstr("further frames in packets that hold several: 3\n"));
  EXPECT_THAT(run.err, HasSubstr("2 packets, 4 TCP segments, 1 connections")) << "2 + 3 = 4 + 1";
}

TEST_F(Layers, AFrameOfSeveralSegmentsIsExtractedOnce) {
  write_aggregate();
  ASSERT_EQ(run("@ extract --pcap -o out aggregate.pcap").status, 0);
  EXPECT_THAT(ToolTest::run("@ out/*.pcapng").err, HasSubstr("2 packets, 4 TCP segments, 1 connections"));
}

// A datagram of IP in IP between others brings bytes for an open connection.
void inject(Packets& packets) {
  packets.open();
  FrameBuilder outer;
  outer.raw().ip("203.0.113.1", "203.0.113.2").ip_payload(4, packets.client(101, "evil").build_ip());
  packets.add(outer).add(packets.client(101, "good"));
}

TEST_F(Layers, ATunnelIsAConnectionOfItsOwnUnlessAskedOtherwise) {
  Packets packets;
  inject(packets);
  write("tunnel.pcap", packets.bytes());
  const ToolRun apart = ToolTest::run("@ tunnel.pcap");
  EXPECT_THAT(apart.err, HasSubstr("5 packets, 5 TCP segments, 2 connections"));
  EXPECT_THAT(apart.err, Not(HasSubstr("merged")));
  EXPECT_THAT(ToolTest::run("@ --key tunnel tunnel.pcap").err, HasSubstr(", 2 connections"));
  EXPECT_THAT(ToolTest::run("@ follow 0 tunnel.pcap").out, HasSubstr("good"));
  const ToolRun merged = ToolTest::run("@ --key none tunnel.pcap");
  EXPECT_THAT(merged.err, HasSubstr("5 packets, 5 TCP segments, 1 connections"));
  EXPECT_THAT(merged.err, HasSubstr("connections merged across VLANs or tunnels: 1 (--key"));
}

TEST_F(Layers, VlansAreMergedAndToldUnlessAskedOtherwise) {
  PcapBuilder file(Order::little, {});
  for (const std::uint16_t vlan : {std::uint16_t{7}, std::uint16_t{8}}) {
    const Frame frame = FrameBuilder().vlan(vlan).seq(100u + vlan).ack(1).payload("x").build();
    file.record(1'600'000'000, vlan,
                std::string_view(reinterpret_cast<const char*>(frame.data()), frame.size()));
  }
  write("vlans.pcap", file.bytes);
  const ToolRun merged = ToolTest::run("@ streams --json vlans.pcap");
  EXPECT_THAT(merged.out, HasSubstr(R"("networks_merged":1)"));
  EXPECT_THAT(merged.err, HasSubstr("connections merged across VLANs or tunnels: 1 (--key"));
  const ToolRun apart = ToolTest::run("@ streams --json --key vlan vlans.pcap");
  EXPECT_THAT(apart.out, Not(HasSubstr("networks_merged")));
  EXPECT_THAT(apart.err, HasSubstr(", 2 connections"));
}

}  // namespace
}  // namespace restitch::testing
