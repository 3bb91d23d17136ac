// Frames that hold several (802.11 A-MSDU): a Decoder answers what is in each.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "restitch/defragmenter.h"
#include "unit/packet/decoded.h"

namespace restitch {
namespace {

using testing::Frame;
using testing::FrameBuilder;
using testing::hello;
using testing::join;
using testing::put_be16;
using testing::snap;
using testing::to_text;

const Frame addresses(12, 2);

Frame segment(std::string_view text) { return hello().payload(text).build_ip(); }
Frame fragment_of(const Frame& bytes, std::uint16_t field) {
  return FrameBuilder().fragment_field(field).ip_payload(6, bytes).build_ip();
}

// A subframe, not padded; its length is `lie` bytes off.
Frame subframe(const Frame& msdu, int lie = 0) {
  Frame out = addresses;
  put_be16(out, static_cast<std::uint32_t>(static_cast<int>(msdu.size()) + lie));
  return join({out, msdu});
}
Frame subframe_of(const Frame& ip) { return subframe(join({snap, ip})); }
Frame padded(Frame frame) {
  frame.resize((frame.size() + 3) & ~std::size_t{3});
  return frame;
}

// A data frame with quality of service that says it is an aggregate of what follows.
Frame aggregate(std::initializer_list<Frame> subframes) {
  Frame frame = join({{0x88, 1}, Frame(24)});
  frame[24] = 0x80;
  std::size_t left = subframes.size();
  for (const Frame& one : subframes) testing::put(frame, --left == 0 ? one : padded(one));
  return frame;
}

struct Reading {
  Decoder decoder{{.vlan_in_key = true, .tunnel_in_key = true}};
  std::vector<DecodedPacket> packets;

  // All that is in a frame of which `cut` bytes more were on the wire: payloads, or reasons.
  std::vector<std::string> read(const Frame& frame, LinkType link_type = LinkType::ieee80211,
                                std::size_t cut = 0) {
    CaptureInfo info;
    info.original_size = static_cast<std::uint32_t>(frame.size() + cut);
    packets = {decoder.decode(link_type, frame, info)};
    while (packets.back().more) packets.push_back(decoder.decode_more(info));
    std::vector<std::string> texts;
    for (const DecodedPacket& packet : packets) {
      texts.push_back(packet.reason == DropReason::none ? to_text(packet.tcp.payload)
                                                        : std::string(to_string(packet.reason)));
    }
    return texts;
  }
};

using Texts = std::vector<std::string>;

TEST(Aggregate, GivesEveryFrame) {
  const Frame frame = aggregate({subframe_of(segment("one")), subframe_of(segment("two")),
                                 subframe_of(segment("three")), subframe_of(segment("four"))});
  EXPECT_EQ(Reading().read(frame), (Texts{"one", "two", "three", "four"}));
}

TEST(Aggregate, OfOneFrameHoldsNoMore) {
  const Frame frame = aggregate({subframe_of(segment("one"))});
  EXPECT_EQ(Reading().read(frame), Texts{"one"});
  EXPECT_EQ(Reading().read(join({frame, Frame(4, 'x')})), Texts{"one"}) << "a checksum behind it";
}

TEST(Aggregate, TellsDecodeThatThereIsMore) {
  const Frame frame = aggregate({subframe_of(segment("one")), subframe_of(segment("two"))});
  const DecodedPacket packet = decode(LinkType::ieee80211, frame, frame.size());
  EXPECT_EQ(to_text(packet.tcp.payload), "one");
  EXPECT_TRUE(packet.more);
  EXPECT_FALSE(testing::decode_ethernet(hello().build()).more);
}

TEST(Aggregate, NamesWhatIsNoSegmentInIt) {
  const Frame arp = subframe(join({{0xaa, 0xaa, 3, 0, 0, 0, 8, 6}, Frame(28)}));
  const Frame udp = subframe_of(hello().ip_payload(17, Frame(8)).build_ip());
  EXPECT_EQ(Reading().read(aggregate({arp, subframe_of(segment("one")), udp})),
            (Texts{"not_ip", "one", "not_tcp"}));
}

TEST(Aggregate, BoundsEachFrameByItsLength) {
  const Frame unbounded = hello().payload("one").ip_length(0).build_ip();
  const Frame longer = hello().payload("one").ip_length(20 + 20 + 30).build_ip();
  for (const Frame& ip : {unbounded, longer}) {
    EXPECT_EQ(Reading().read(aggregate({subframe_of(ip), subframe_of(segment("two"))})),
              (Texts{"one", "two"}));
  }
  const Frame shorter = subframe(join({snap, segment("four")}), -2);
  EXPECT_EQ(Reading().read(aggregate({shorter, subframe_of(segment("two"))}))[0], "fo");
  const Frame empty = subframe({});
  EXPECT_EQ(Reading().read(aggregate({empty, subframe_of(segment("two"))})), (Texts{"bad_length", "two"}));
}

TEST(Aggregate, WhoseLengthIsTooLargeEnds) {
  const Frame longer = subframe(join({snap, segment("four")}), 1000);
  EXPECT_EQ(Reading().read(aggregate({longer, subframe_of(segment("two"))})), Texts{"four"});
}

TEST(Aggregate, SaysWhatTheSnapLengthCut) {
  const Frame frame = aggregate({subframe_of(segment("one")), subframe_of(segment("two"))});
  const std::size_t second = 26 + 68;  // 14 + 8 + 43 bytes, padded
  for (std::size_t size = 26; size < frame.size(); ++size) {
    Reading reading;
    const Texts texts = reading.read(Frame(frame.begin(), frame.begin() + static_cast<long>(size)),
                                     LinkType::ieee80211, frame.size() - size);
    ASSERT_EQ(texts.size(), size < 40 ? 1u : 2u) << size << ": where the first ends is known";
    EXPECT_EQ(texts[0] == "one", size >= second - 3) << size;
    EXPECT_EQ(texts.back() == "truncated", size < second + 62) << size;
  }
}

TEST(Aggregate, KeepsTheLayersOfEachFrameApart) {
  const Frame tagged = subframe(join({{0xaa, 0xaa, 3, 0, 0, 0, 0x81, 0, 0, 7, 8, 0}, segment("one")}));
  const Frame tunnelled = subframe_of(FrameBuilder().ip_payload(4, segment("two")).build_ip());
  Reading reading;
  EXPECT_EQ(reading.read(aggregate({tagged, tunnelled, subframe_of(segment("three"))})),
            (Texts{"one", "two", "three"}));
  EXPECT_EQ(reading.packets[0].vlan, 7u);
  EXPECT_EQ(reading.packets[0].net.domain, 1u);
  EXPECT_EQ(reading.packets[1].vlan, 0u);
  EXPECT_EQ(reading.packets[1].tunnel, LayerKind::ip);
  EXPECT_EQ(reading.packets[1].net.domain, 2u);
  EXPECT_EQ(reading.packets[2].tunnel, LayerKind::none);
  EXPECT_EQ(reading.packets[2].net.domain, 0u);
}

TEST(Aggregate, IsFoundInsideOfTunnels) {
  const Frame frame = aggregate({subframe_of(segment("one")), subframe_of(segment("two"))});
  const Frame gre = join({{0, 0, 0x82, 0x10}, frame});
  Reading reading;
  EXPECT_EQ(reading.read(testing::carry(47, gre), LinkType::ethernet), (Texts{"one", "two"}));
  EXPECT_EQ(reading.packets[1].tunnel, LayerKind::gre);
  EXPECT_EQ(reading.packets[1].net.domain, reading.packets[0].net.domain);
  const Frame tzsp = join({{1, 0, 0, 18, 1}, frame});
  EXPECT_EQ(reading.read(testing::carry_udp(37008, tzsp), LinkType::ethernet), (Texts{"one", "two"}));
}

TEST(Aggregate, IsFoundInADatagramThatCameInFragments) {
  const Frame frame = aggregate({subframe_of(segment("one")), subframe_of(segment("two"))});
  const Frame gre = join({{0, 0, 0x82, 0x10}, frame});
  const auto part = [&](std::size_t from, std::size_t to, std::uint16_t field) {
    const Frame bytes(gre.begin() + static_cast<long>(from), gre.begin() + static_cast<long>(to));
    return FrameBuilder().fragment_field(field).ip_payload(47, bytes).build();
  };
  Reading reading;
  EXPECT_EQ(reading.read(part(0, 80, 0x2000), LinkType::ethernet), Texts{"fragment"});
  EXPECT_EQ(reading.read(part(80, gre.size(), 10), LinkType::ethernet), (Texts{"one", "two"}));
  EXPECT_TRUE(reading.packets[1].reassembled);
}

TEST(Aggregate, MayHoldFragments) {
  const Frame whole = hello().payload("a segment in two fragments").build_tcp();
  const Frame first = fragment_of(Frame(whole.begin(), whole.begin() + 24), 0x2000);
  const Frame last = fragment_of(Frame(whole.begin() + 24, whole.end()), 3);
  Reading reading;
  EXPECT_EQ(reading.read(aggregate({subframe_of(first), subframe_of(last), subframe_of(segment("two"))})),
            (Texts{"fragment", "a segment in two fragments", "two"}));
  EXPECT_TRUE(reading.packets[1].reassembled);
  EXPECT_FALSE(reading.packets[2].reassembled);
}

TEST(Aggregate, DoesNotNest) {
  const Frame inner = aggregate({subframe_of(segment("one")), subframe_of(segment("two"))});
  const Frame gre = FrameBuilder().ip_payload(47, join({{0, 0, 0x82, 0x10}, inner})).build_ip();
  EXPECT_EQ(Reading().read(aggregate({subframe_of(gre), subframe_of(segment("three"))})),
            (Texts{"too_deep", "three"}));
}

TEST(Aggregate, IsForgottenWithTheNextFrame) {
  Reading reading;
  const Frame frame = aggregate({subframe_of(segment("one")), subframe_of(segment("two"))});
  CaptureInfo info;
  info.original_size = static_cast<std::uint32_t>(frame.size());
  EXPECT_TRUE(reading.decoder.decode(LinkType::ieee80211, frame, info).more);
  EXPECT_EQ(reading.read(hello().build(), LinkType::ethernet), Texts{"hello"});
}

}  // namespace
}  // namespace restitch
