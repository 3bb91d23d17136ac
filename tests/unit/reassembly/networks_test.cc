// Packets of equal addresses and ports in other networks: what any host can send into a connection stays out
// of it, and what is merged is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "restitch/defragmenter.h"
#include "support/recording_stream.h"
#include "unit/packet/tunnels.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

FrameBuilder there(std::uint32_t seq, std::string_view text = {}) {
  return FrameBuilder().seq(seq).ack(501).payload(text);
}
FrameBuilder answer_of(std::uint32_t seq, std::string_view text = {}) {
  return FrameBuilder().ipv4("10.0.0.2", "10.0.0.1").tcp(80, 40000).seq(seq).ack(101).payload(text);
}

// Frames on their way through a Decoder into an assembler.
struct Networks : World<StaticApi> {
  explicit Networks(const DecoderOptions& options = {}) : decoder(options) {}

  Networks& frame(Frame bytes) {
    frames.push_back(std::move(bytes));
    CaptureInfo info;
    info.timestamp = second(1);
    info.packet_number = frames.size();
    info.original_size = static_cast<std::uint32_t>(frames.back().size());
    const DecodedPacket packet = decoder.decode(LinkType::ethernet, frames.back(), info);
    EXPECT_EQ(packet.reason, DropReason::none);
    AssemblerContext context(info);
    assembler.assemble_with_context(packet.net, packet.tcp, context);
    return *this;
  }
  Networks& frame(const FrameBuilder& builder) { return frame(builder.build()); }

  Decoder decoder;
  std::deque<Frame> frames;
};

TEST(Networks, ATunnelInjectsNothingIntoAConnection) {
  for (const Tunnel& tunnel : tunnels()) {
    Networks world;
    world.frame(there(100).flags(TcpFlag::syn)).frame(answer_of(500).flags(TcpFlag::syn | TcpFlag::ack));
    world.frame(tunnel.around(false, there(101, "evil").build_ip()));
    world.frame(tunnel.around(true, answer_of(501).flags(TcpFlag::rst | TcpFlag::ack).build_ip()));
    world.frame(there(101, "good")).frame(answer_of(501, "reply"));
    world.assembler.flush_all();
    const auto told = world.told();
    EXPECT_THAT(told, ::testing::Contains("c @0 'good'")) << tunnel.name;
    EXPECT_THAT(told, ::testing::Contains("s @0 'reply'")) << tunnel.name;
    EXPECT_THAT(told, ::testing::Contains("#2 c @0 'evil' skip -1"))
        << tunnel.name << ": it is not lost either";
    // The keys of these may name networks, and differ here between the directions of the forged connection.
    const bool several = tunnel.name == "GRE" || tunnel.name == "ERSPAN";
    EXPECT_EQ(world.pool.event_counts()[static_cast<std::size_t>(EventKind::networks_merged)],
              several ? 1u : 0u)
        << tunnel.name;
  }
}

TEST(Networks, BothDirectionsOfATunnelAreOneConnection) {
  for (const Tunnel& tunnel : tunnels()) {
    Networks world;
    world.frame(tunnel.around(false, there(100).flags(TcpFlag::syn).build_ip()));
    world.frame(tunnel.around(true, answer_of(500).flags(TcpFlag::syn | TcpFlag::ack).build_ip()));
    world.frame(tunnel.around(false, there(101, "ask").build_ip()));
    world.frame(tunnel.around(true, answer_of(501, "answer").build_ip()));
    EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "s @0 '' start", "c @0 'ask'", "s @0 'answer'"))
        << tunnel.name;
  }
}

TEST(Networks, VlansAreMergedAndToldOnce) {
  Networks world;
  world.frame(there(100).vlan(7).flags(TcpFlag::syn));
  EXPECT_THAT(world.events(), IsEmpty());
  world.frame(answer_of(500).vlan(8).flags(TcpFlag::syn | TcpFlag::ack));
  EXPECT_THAT(world.events(), ElementsAre("networks_merged s @0 +0"));
  world.frame(there(101, "ask").vlan(7)).frame(answer_of(501, "answer").vlan(9)).frame(answer_of(507, "!"));
  EXPECT_THAT(world.events(), IsEmpty()) << "once is enough";
  EXPECT_THAT(world.told(),
              ElementsAre("c @0 '' start", "s @0 '' start", "c @0 'ask'", "s @0 'answer'", "s @6 '!'"));
  EXPECT_EQ(world.pool.event_counts()[static_cast<std::size_t>(EventKind::networks_merged)], 1u);
}

TEST(Networks, VlansInTheKeyAreNotMergedAndNotTold) {
  Networks world({.vlan_in_key = true});
  world.frame(there(101, "seven").vlan(7)).frame(there(101, "eight").vlan(8));
  EXPECT_THAT(world.events(), IsEmpty());
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ElementsAre("c @0 'seven' skip -1", "complete flush no packet",
                                        "#2 c @0 'eight' skip -1", "#2 complete flush no packet"));
}

TEST(Networks, TunnelsBetweenOtherHostsAreTold) {
  const auto between = [](const char* source, const char* destination, const FrameBuilder& inner) {
    return FrameBuilder().ipv4(source, destination).ip_payload(4, inner.build_ip()).build();
  };
  Networks world;
  world.frame(between("192.0.2.1", "192.0.2.2", there(100).flags(TcpFlag::syn)));
  world.frame(between("192.0.2.2", "192.0.2.1", answer_of(500).flags(TcpFlag::syn | TcpFlag::ack)));
  EXPECT_THAT(world.events(), IsEmpty());
  world.frame(between("198.51.100.9", "203.0.113.9", there(101, "evil")));
  EXPECT_THAT(world.events(), ElementsAre("networks_merged c @0 +0"));
}

TEST(Networks, TunnelsThatAreMergedOnDemandAreTold) {
  for (const Tunnel& tunnel : tunnels()) {
    Networks world({.encapsulation_in_key = false});
    world.frame(there(100).flags(TcpFlag::syn)).frame(tunnel.around(false, there(101, "more").build_ip()));
    EXPECT_THAT(world.events(), ElementsAre("networks_merged c @0 +0")) << tunnel.name;
  }
}

TEST(Networks, ANewConnectionIsToldAgain) {
  Networks world;
  for (const std::uint32_t start : {100u, 90000u}) {
    world.frame(there(start).vlan(7).flags(TcpFlag::syn)).frame(there(start + 1, "x").vlan(8));
    world.assembler.flush_all();
  }
  EXPECT_EQ(world.pool.event_counts()[static_cast<std::size_t>(EventKind::networks_merged)], 2u);
}

}  // namespace
}  // namespace restitch::testing
