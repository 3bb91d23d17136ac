// Which packets of equal addresses and ports are of one connection: what a Decoder makes of the layers around
// them by default.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "restitch/defragmenter.h"
#include "unit/packet/decoded.h"
#include "unit/packet/tunnels.h"

namespace restitch {
namespace {

using testing::Frame;
using testing::FrameBuilder;
using testing::hello;
using testing::join;
using testing::outer;
using testing::Tunnel;
using testing::tunnels;
using testing::vxlan;

// Decodes frames that it keeps.
class KeptFrames {
 public:
  explicit KeptFrames(const DecoderOptions& options = {}) : decoder(options) {}
  DecodedPacket decode(Frame frame) {
    frames_.push_back(std::move(frame));
    CaptureInfo info;
    info.original_size = static_cast<std::uint32_t>(frames_.back().size());
    const DecodedPacket packet = decoder.decode(LinkType::ethernet, frames_.back(), info);
    EXPECT_EQ(packet.reason, DropReason::none);
    return packet;
  }
  Decoder decoder;

 private:
  std::deque<Frame> frames_;
};

Frame there() { return hello().build_ip(); }
Frame back() {
  return FrameBuilder().ipv4("10.0.0.2", "10.0.0.1").tcp(80, 40000).payload("answer").build_ip();
}

// One domain for each kind, and none for two.
void expect_apart(const std::map<std::string, std::set<std::uint32_t>>& domains) {
  std::set<std::uint32_t> all;
  for (const auto& [kind, numbers] : domains) {
    EXPECT_EQ(numbers.size(), 1u) << kind;
    EXPECT_TRUE(all.insert(*numbers.begin()).second) << kind;
  }
}

TEST(Encapsulation, KeepsEachKindOfTunnelApart) {
  KeptFrames frames;
  std::map<std::string, std::set<std::uint32_t>> domains;
  domains["none"].insert(frames.decode(hello().build()).net.domain);
  EXPECT_EQ(*domains["none"].begin(), 0u);
  for (const Tunnel& tunnel : tunnels()) {
    const DecodedPacket packet = frames.decode(tunnel.around(false, there()));
    EXPECT_TRUE(packet.encapsulated) << tunnel.name;
    domains[tunnel.kind].insert(packet.net.domain);
  }
  expect_apart(domains);
}

TEST(Encapsulation, DoesNotSplitTheDirectionsOfATunnel) {
  KeptFrames frames;
  for (const Tunnel& tunnel : tunnels()) {
    const NetFlow ahead = frames.decode(tunnel.around(false, there())).net;
    const NetFlow answer = frames.decode(tunnel.around(true, back())).net;
    EXPECT_EQ(ahead.domain, answer.domain) << tunnel.name;
  }
}

TEST(Encapsulation, IsTakenFromTheWholeStackOfTunnels) {
  KeptFrames frames;
  std::map<std::string, std::set<std::uint32_t>> domains;
  for (const Tunnel& outermost : tunnels()) {
    for (const Tunnel& inner : tunnels()) {
      const Frame carried = inner.around(false, there());
      const Frame packet = outermost.around(false, Frame(carried.begin() + 14, carried.end()));
      domains[outermost.kind + " " + inner.kind].insert(frames.decode(packet).net.domain);
    }
  }
  expect_apart(domains);
}

TEST(Encapsulation, CountsNoLayerOfALink) {
  KeptFrames frames;
  const Frame link(12, 2);
  const std::vector<Frame> packets = {
      hello().vlan(7).build(),
      join({link, {0x88, 0x47, 0, 0, 0x11, 64}, there()}),
      join({link, {0x88, 0x64, 0x11, 0, 0, 7, 0, 47, 0, 0x21}, there()}),
      join({link, {0x88, 0xe7, 0, 0, 0, 7}, testing::ethernet(there())}),
  };
  for (const Frame& packet : packets) {
    EXPECT_EQ(frames.decode(packet).net.domain, 0u);
    EXPECT_FALSE(frames.decode(packet).encapsulated);
  }
  EXPECT_EQ(frames.decode(vxlan(false, 9, there())).net.domain,
            frames
                .decode(join({link,
                              {0x81, 0, 0, 7},
                              [] {
                                const Frame frame = vxlan(false, 9, there());
                                return Frame(frame.begin() + 12, frame.end());
                              }()}))
                .net.domain);
}

TEST(Encapsulation, CountsForNothingWhenAskedTo) {
  KeptFrames frames({.encapsulation_in_key = false});
  for (const Tunnel& tunnel : tunnels()) {
    EXPECT_EQ(frames.decode(tunnel.around(false, there())).net.domain, 0u) << tunnel.name;
  }
}

TEST(Encapsulation, IsPartOfTheIdentityOfAFragment) {
  KeptFrames frames;
  const Frame whole = hello().payload("a segment in two fragments").build_tcp();
  const auto part = [&](std::size_t from, std::size_t to, std::uint16_t field) {
    const Frame bytes(whole.begin() + static_cast<long>(from), whole.begin() + static_cast<long>(to));
    return FrameBuilder().fragment_field(field).ip_payload(6, bytes);
  };
  CaptureInfo info;
  const auto decode = [&](const Frame& frame) {
    info.original_size = static_cast<std::uint32_t>(frame.size());
    return frames.decoder.decode(LinkType::ethernet, frame, info).reason;
  };
  const Frame first = part(0, 24, 0x2000).build();
  const Frame forged = outer(false, 4, part(24, whole.size(), 3).build_ip());
  const Frame last = part(24, whole.size(), 3).build();
  EXPECT_EQ(decode(first), DropReason::fragment);
  EXPECT_EQ(decode(forged), DropReason::fragment) << "of another datagram";
  EXPECT_EQ(decode(last), DropReason::none);
}

TEST(NetworkTag, IsTheSameInBothDirectionsOfATunnel) {
  KeptFrames frames;
  for (const Tunnel& tunnel : tunnels()) {
    if (tunnel.name == "GRE" || tunnel.name == "ERSPAN") continue;  // their ids are meant to be equal
    const NetFlow ahead = frames.decode(tunnel.around(false, there())).net;
    const NetFlow answer = frames.decode(tunnel.around(true, back())).net;
    EXPECT_EQ(ahead.network_tag, answer.network_tag) << tunnel.name;
    EXPECT_NE(ahead.network_tag, 0u);
    EXPECT_NE(ahead.network_tag, 0xffffu);
  }
}

TEST(NetworkTag, TellsVlansTunnelsAndTheirEndsApart) {
  KeptFrames frames;
  std::set<std::uint16_t> tags;
  const auto is_new = [&](const Frame& frame) {
    return tags.insert(frames.decode(frame).net.network_tag).second;
  };
  EXPECT_TRUE(is_new(hello().build()));
  EXPECT_EQ(*tags.begin(), 0u);
  EXPECT_TRUE(is_new(hello().vlan(7).build()));
  EXPECT_TRUE(is_new(hello().vlan(8).build()));
  EXPECT_TRUE(is_new(hello().vlan(7).vlan(8).build()));
  EXPECT_TRUE(is_new(hello().vlan(8).vlan(7).build()));
  EXPECT_TRUE(is_new(vxlan(false, 9, there())));
  EXPECT_TRUE(is_new(vxlan(false, 10, there())));
  EXPECT_TRUE(is_new(FrameBuilder().ipv4("192.0.2.1", "192.0.2.2").ip_payload(4, there()).build()));
  EXPECT_TRUE(is_new(FrameBuilder().ipv4("192.0.2.1", "192.0.2.3").ip_payload(4, there()).build()));
  EXPECT_FALSE(is_new(FrameBuilder().ipv4("192.0.2.3", "192.0.2.1").ip_payload(4, there()).build()));
  EXPECT_FALSE(is_new(hello().vlan(0).build())) << "a priority is no VLAN";
}

TEST(NetworkTag, IsNoPartOfTheIdentity) {
  NetFlow one;
  NetFlow other;
  other.network_tag = 7;
  EXPECT_EQ(one, other);
  other.domain = 1;
  EXPECT_NE(one, other);
}

}  // namespace
}  // namespace restitch
