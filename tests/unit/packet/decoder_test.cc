// Decoder: fragments put together on the way, and the ids that become part of a key.
#include <gtest/gtest.h>

#include <deque>

#include "restitch/defragmenter.h"
#include "unit/packet/decoded.h"

namespace restitch {
namespace {

using testing::address;
using testing::carry;
using testing::carry_udp;
using testing::Frame;
using testing::FrameBuilder;
using testing::hello;
using testing::hello6;
using testing::hello_frame;
using testing::hello_ip;
using testing::join;
using testing::to_text;

// Decodes frames that it keeps.
class Frames {
 public:
  explicit Frames(const DecoderOptions& options = {}) : decoder(options) {}
  DecodedPacket decode(Frame frame, LinkType link_type = LinkType::ethernet, std::uint32_t interface = 0) {
    frames_.push_back(std::move(frame));
    CaptureInfo info;
    info.original_size = static_cast<std::uint32_t>(frames_.back().size());
    info.interface_index = interface;
    return decoder.decode(link_type, frames_.back(), info);
  }
  Decoder decoder;

 private:
  std::deque<Frame> frames_;
};

// A datagram of hello()'s hosts in fragments of `size` bytes, without link header.
std::vector<Frame> fragments_of(const Frame& payload, std::uint8_t protocol, std::size_t size,
                                std::uint16_t id = 7) {
  std::vector<Frame> out;
  for (std::size_t at = 0; at < payload.size(); at += size) {
    const std::size_t end = std::min(payload.size(), at + size);
    const Frame part(payload.begin() + static_cast<long>(at), payload.begin() + static_cast<long>(end));
    const auto field = static_cast<std::uint16_t>((end < payload.size() ? 0x2000u : 0u) | at / 8);
    out.push_back(FrameBuilder().ip_id(id).fragment_field(field).ip_payload(protocol, part).build_ip());
  }
  return out;
}

Frame ipv6_fragment(std::size_t offset, bool more, const Frame& part, std::uint8_t next) {
  Frame header{0, 0};
  testing::put_be16(header, static_cast<std::uint32_t>(offset | (more ? 1u : 0u)));
  testing::put_be32(header, 99);
  return hello6().extension(44, header).ip_payload(next, part).build();
}

TEST(Decoder, FindsWhatDecodeFinds) {
  Frames frames;
  const DecodedPacket packet = frames.decode(hello().build());
  ASSERT_EQ(packet.reason, DropReason::none);
  EXPECT_EQ(to_text(packet.tcp.payload), "hello");
  EXPECT_FALSE(packet.reassembled);
  EXPECT_EQ(packet.net.domain, 0u);
  EXPECT_EQ(frames.decode({}).reason, DropReason::truncated);
  EXPECT_EQ(frames.decode({}, static_cast<LinkType>(147)).reason, DropReason::unknown_link_type);
}

TEST(Decoder, GivesTheSegmentWithTheFragmentThatCompletesIt) {
  Frames frames;
  const auto parts = fragments_of(hello().build_tcp(), 6, 8);
  ASSERT_EQ(parts.size(), 4u);
  for (const std::size_t i : {3u, 0u, 2u})
    EXPECT_EQ(frames.decode(parts[i], LinkType::raw).reason, DropReason::fragment);
  const DecodedPacket packet = frames.decode(parts[1], LinkType::raw);
  ASSERT_EQ(packet.reason, DropReason::none);
  EXPECT_TRUE(packet.reassembled);
  EXPECT_TRUE(packet.ip_checksum_ok);
  EXPECT_EQ(to_text(packet.tcp.payload), "hello");
  EXPECT_EQ(packet.net.source, address("10.0.0.1"));
  EXPECT_TRUE(checksum_ok(packet.net, packet.tcp));
}

TEST(Decoder, KeepsReassembledBytesUntilTheNextBatch) {
  Frames frames;
  std::vector<DecodedPacket> packets;
  for (std::uint16_t id = 1; id <= 20; ++id) {
    for (const Frame& part : fragments_of(hello().build_tcp(), 6, 16, id)) {
      const DecodedPacket packet = frames.decode(part, LinkType::raw);
      if (packet.reason == DropReason::none) packets.push_back(packet);
    }
  }
  ASSERT_EQ(packets.size(), 20u);
  for (const DecodedPacket& packet : packets) EXPECT_EQ(to_text(packet.tcp.payload), "hello");
  frames.decoder.begin_batch();
  EXPECT_EQ(frames.decoder.fragment_counts().datagrams, 20u);
}

TEST(Decoder, PutsIpv6FragmentsTogetherAndReadsTheExtensionsInside) {
  const Frame segment = hello6().build_tcp();
  const Frame destination_options{6, 0, 1, 4, 0, 0, 0, 0};
  const Frame payload = join({destination_options, segment});
  const Frame head(payload.begin(), payload.begin() + 16);
  const Frame tail(payload.begin() + 16, payload.end());
  Frames frames;
  EXPECT_EQ(frames.decode(ipv6_fragment(16, false, tail, 60)).reason, DropReason::fragment);
  const DecodedPacket packet = frames.decode(ipv6_fragment(0, true, head, 60));
  ASSERT_EQ(packet.reason, DropReason::none);
  EXPECT_EQ(to_text(packet.tcp.payload), "hello");
  EXPECT_TRUE(checksum_ok(packet.net, packet.tcp));
}

TEST(Decoder, TakesAtomicFragmentsByThemselves) {
  Frames frames;
  const Frame segment = hello6().build_tcp();
  EXPECT_EQ(frames.decode(ipv6_fragment(0, true, Frame(16, 'x'), 6)).reason, DropReason::fragment);
  EXPECT_EQ(frames.decode(ipv6_fragment(0, false, segment, 6)).reason, DropReason::none) << "the same id";
  EXPECT_EQ(frames.decoder.fragment_counts().overlaps, 0u);
  EXPECT_EQ(frames.decoder.defragmenter().datagrams_held(), 1u);
}

TEST(Decoder, PutsFragmentsTogetherInsideAndOutsideOfTunnels) {
  const auto inner = fragments_of(hello().build_tcp(), 6, 16);
  Frames inside;
  EXPECT_EQ(inside.decode(carry(4, inner[0])).reason, DropReason::fragment);
  const DecodedPacket found = inside.decode(carry(4, inner[1]));
  ASSERT_EQ(found.reason, DropReason::none);
  EXPECT_EQ(found.tunnel, LayerKind::ip);
  EXPECT_EQ(to_text(found.tcp.payload), "hello");

  // An outer datagram in fragments, which carries the second half of an inner one.
  Frames both;
  both.decode(carry(4, inner[0]));
  const auto outer = fragments_of(inner[1], 4, 24, 70);
  ASSERT_EQ(outer.size(), 2u);
  EXPECT_EQ(both.decode(outer[0], LinkType::raw).reason, DropReason::fragment);
  EXPECT_EQ(to_text(both.decode(outer[1], LinkType::raw).tcp.payload), "hello");
  EXPECT_EQ(both.decoder.fragment_counts().datagrams, 2u);
}

TEST(Decoder, DoesNotTrustAFragmentThatWasCut) {
  Frames frames;
  const auto parts = fragments_of(hello().build_tcp(), 6, 16);
  const Frame cut(parts[0].begin(), parts[0].end() - 1);
  frames.decode(cut, LinkType::raw);
  EXPECT_EQ(frames.decode(parts[1], LinkType::raw).reason, DropReason::fragment);
  EXPECT_EQ(frames.decoder.fragment_counts().cut, 1u);
}

// The rest of it is not padding: nobody knows what the bytes were.
TEST(Decoder, DoesNotTrustAFragmentThatIsLongerThanWhatEnclosesIt) {
  for (const int lie : {0, -1}) {
    const auto parts = fragments_of(hello().build_tcp(), 6, 16);
    const auto length = static_cast<std::uint8_t>(2 + static_cast<int>(parts[0].size()) + lie);
    Frames frames;
    frames.decode(join({{0x11, 0, 0, 7, 0, length, 0, 0x21}, parts[0]}), LinkType::pppoe);
    const DropReason reason = frames.decode(parts[1], LinkType::raw).reason;
    EXPECT_EQ(reason, lie == 0 ? DropReason::none : DropReason::fragment);
    EXPECT_EQ(frames.decoder.fragment_counts().cut, lie == 0 ? 0u : 1u);
  }
}

TEST(Decoder, KeepsIdsOutOfTheKeyUnlessAsked) {
  Frames frames({.encapsulation_in_key = false});
  EXPECT_EQ(frames.decode(hello().vlan(7).build()).net.domain, 0u);
  EXPECT_EQ(frames.decode(carry(4, hello_ip())).net.domain, 0u);
}

TEST(Decoder, NumbersVlansInOrderOfAppearanceAndForGood) {
  Frames frames({.encapsulation_in_key = false, .vlan_in_key = true});
  const auto domain_of = [&](FrameBuilder builder) { return frames.decode(builder.build()).net.domain; };
  EXPECT_EQ(domain_of(hello()), 0u);
  EXPECT_EQ(domain_of(hello().vlan(7)), 1u);
  EXPECT_EQ(domain_of(hello().vlan(8)), 2u);
  EXPECT_EQ(domain_of(hello().vlan(7).vlan(8)), 3u) << "the whole stack counts";
  EXPECT_EQ(domain_of(hello().vlan(8).vlan(7)), 4u);
  EXPECT_EQ(domain_of(hello().vlan(7)), 1u);
  EXPECT_EQ(frames.decode(carry(4, hello_ip())).net.domain, 0u) << "tunnels do not";
}

Frame vxlan(std::uint8_t vni, const Frame& frame) {
  return carry_udp(4789, join({{8, 0, 0, 0, 0, 0, vni, 0}, frame}));
}

TEST(Decoder, NumbersTunnelsButNotTheIdsThatOnlyOneSideUses) {
  Frames frames({.tunnel_in_key = true});
  EXPECT_EQ(frames.decode(vxlan(1, hello_frame())).net.domain, 1u);
  EXPECT_EQ(frames.decode(vxlan(2, hello_frame())).net.domain, 2u);
  EXPECT_EQ(frames.decode(vxlan(1, hello().vlan(5).build())).net.domain, 1u) << "VLANs do not count";
  const auto gtp = [](std::uint8_t teid) {
    return carry_udp(2152, join({{0x30, 255, 0, 45, 0, 0, 0, teid}, hello_ip()}));
  };
  EXPECT_EQ(frames.decode(gtp(1)).net.domain, 3u);
  EXPECT_EQ(frames.decode(gtp(2)).net.domain, 3u) << "the other direction has another number";
}

TEST(Decoder, NumbersInterfaces) {
  Frames frames({.interface_in_key = true});
  EXPECT_EQ(frames.decode(hello_frame(), LinkType::ethernet, 0).net.domain, 1u);
  EXPECT_EQ(frames.decode(hello_frame(), LinkType::ethernet, 1).net.domain, 2u);
  EXPECT_EQ(frames.decode(hello_frame(), LinkType::ethernet, 0).net.domain, 1u);
}

TEST(Decoder, SharesOneNumberBeyondTheLimit) {
  Frames frames({.vlan_in_key = true, .domains_max = 2});
  const auto domain_of = [&](std::uint16_t vlan) {
    return frames.decode(hello().vlan(vlan).build()).net.domain;
  };
  EXPECT_EQ(domain_of(1), 1u);
  EXPECT_EQ(domain_of(2), 2u);
  EXPECT_EQ(domain_of(3), 3u);
  EXPECT_EQ(domain_of(4), 3u);
  EXPECT_EQ(domain_of(1), 1u);
  EXPECT_EQ(frames.decoder.domains().size(), 2u);
}

TEST(Decoder, ReportsAllLayersWhenAsked) {
  Frames frames;
  frames.decoder.note_layers(true);
  frames.decode(
      FrameBuilder()
          .vlan(3)
          .ipv4("192.0.2.1", "192.0.2.2")
          .ip_payload(17, testing::udp(1, 4789, join({{8, 0, 0, 0, 0, 0, 9, 0}, hello().vlan(4).build()})))
          .build());
  const std::vector<Layer> expected{{LayerKind::vlan, 3}, {LayerKind::vxlan, 9}, {LayerKind::vlan, 4}};
  const auto seen = frames.decoder.layers().items();
  EXPECT_EQ(std::vector<Layer>(seen.begin(), seen.end()), expected);
}

TEST(DomainTable, NamesTheIdsOfANumber) {
  DomainTable table(2);
  const std::vector<std::uint64_t> first{7, 8};
  const std::vector<std::uint64_t> second{8, 7};
  EXPECT_EQ(table.number_of(first), 1u);
  EXPECT_EQ(table.number_of(second), 2u);
  EXPECT_EQ(table.number_of({9}), 3u) << "no room: it shares a number";
  ASSERT_NE(table.ids_of(2), nullptr);
  EXPECT_EQ(*table.ids_of(1), first);
  EXPECT_EQ(*table.ids_of(2), second);
  EXPECT_EQ(table.ids_of(0), nullptr);
  EXPECT_EQ(table.ids_of(3), nullptr);
  const DomainTable moved = std::move(table);
  EXPECT_EQ(*moved.ids_of(2), second);
}

}  // namespace
}  // namespace restitch
