// The length of every layer around a segment bounds it: what lies behind is neither payload nor missing.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "unit/packet/decoded.h"

namespace restitch {
namespace {

using testing::Frame;
using testing::FrameBuilder;
using testing::hello;
using testing::hello6;
using testing::join;
using testing::put_be16;
using testing::to_text;

Frame be16(std::size_t value) {
  Frame out;
  put_be16(out, static_cast<std::uint32_t>(value));
  return out;
}

const Frame ethernet_addresses{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
const Frame padding(9, 'x');

Frame behind_snap(const Frame& ip) {
  return {0xaa,
          0xaa,
          3,
          0,
          0,
          0,
          ip[0] >> 4 == 6 ? std::uint8_t{0x86} : std::uint8_t{8},
          ip[0] >> 4 == 6 ? std::uint8_t{0xdd} : std::uint8_t{0}};
}
Frame ethertype(const Frame& ip) { return ip[0] >> 4 == 6 ? Frame{0x86, 0xdd} : Frame{8, 0}; }
Frame ethernet(const Frame& ip) { return join({ethernet_addresses, ethertype(ip), ip}); }
Frame behind_ppp(const Frame& ip) {
  return join({{0, ip[0] >> 4 == 6 ? std::uint8_t{0x57} : std::uint8_t{0x21}}, ip});
}
std::uint8_t protocol(const Frame& ip) { return ip[0] >> 4 == 6 ? 41 : 4; }

FrameBuilder outer() { return FrameBuilder().ipv4("192.0.2.1", "192.0.2.2"); }

// A datagram whose IP length is `lie` off, with padding behind it.
Frame in_ipv4(std::uint8_t number, const Frame& bytes, int lie, const Frame& behind) {
  const auto size = static_cast<std::uint16_t>(20 + static_cast<int>(bytes.size()) + lie);
  return outer().ip_payload(number, bytes).ip_length(size).trailer(behind).build();
}

// The same for a UDP length, in a datagram that holds the padding too.
Frame in_udp(std::uint16_t port, const Frame& bytes, int lie, const Frame& behind) {
  Frame datagram = testing::udp(50000, port, join({bytes, behind}));
  testing::set_be16(datagram, 4, static_cast<std::uint32_t>(8 + static_cast<int>(bytes.size()) + lie));
  return testing::carry(17, datagram);
}

// A layer with a length around an IP datagram: how it is written when its length is `lie` bytes off, and what
// lies behind its end.
struct Enclosing {
  std::string name;
  std::function<Frame(const Frame& ip, int lie, const Frame& behind)> around;
  bool is_guess = false;  // known by a port alone
  LinkType link_type = LinkType::ethernet;
};

std::size_t off(std::size_t size, int lie) { return static_cast<std::size_t>(static_cast<int>(size) + lie); }

std::vector<Enclosing> link_layers() {
  return {
      {"802.3",
       [](const Frame& ip, int lie, const Frame& behind) {
         return join({ethernet_addresses, be16(off(8 + ip.size(), lie)), behind_snap(ip), ip, behind});
       }},
      {"802.3 behind a VLAN tag",
       [](const Frame& ip, int lie, const Frame& behind) {
         return join({ethernet_addresses,
                      {0x81, 0, 0, 7},
                      be16(off(8 + ip.size(), lie)),
                      behind_snap(ip),
                      ip,
                      behind});
       }},
      {"PPPoE",
       [](const Frame& ip, int lie, const Frame& behind) {
         return join({ethernet_addresses,
                      {0x88, 0x64, 0x11, 0, 0, 7},
                      be16(off(2 + ip.size(), lie)),
                      behind_ppp(ip),
                      behind});
       }},
      {"NFLOG",
       [](const Frame& ip, int lie, const Frame& behind) {
         const std::size_t size = off(4 + ip.size(), lie);
         const Frame attribute{static_cast<std::uint8_t>(size), static_cast<std::uint8_t>(size >> 8), 9, 0};
         return join({{2, 0, 0, 0}, attribute, ip, behind});
       },
       false, LinkType::nflog},
  };
}

std::vector<Enclosing> ip_layers() {
  return {
      {"IPv4",
       [](const Frame& ip, int lie, const Frame& behind) { return in_ipv4(protocol(ip), ip, lie, behind); }},
      {"IPv6",
       [](const Frame& ip, int lie, const Frame& behind) {
         return FrameBuilder()
             .ipv6("2001:db8::8", "2001:db8::9")
             .ip_payload(protocol(ip), ip)
             .ip_length(static_cast<std::uint16_t>(off(ip.size(), lie)))
             .trailer(behind)
             .build();
       }},
      {"IPv4 around GRE",
       [](const Frame& ip, int lie, const Frame& behind) {
         return in_ipv4(47, join({{0, 0}, ethertype(ip), ip}), lie, behind);
       }},
      {"IPv4 around EtherIP",
       [](const Frame& ip, int lie, const Frame& behind) {
         return in_ipv4(97, join({{0x30, 0}, ethernet(ip)}), lie, behind);
       }},
      {"IPv4 around MPLS",
       [](const Frame& ip, int lie, const Frame& behind) {
         return in_ipv4(137, join({{0, 0, 0x11, 64}, ip}), lie, behind);
       }},
      {"IPv4 around L2TP version 3",
       [](const Frame& ip, int lie, const Frame& behind) {
         return in_ipv4(115, join({{0, 0, 0, 9}, ethernet(ip)}), lie, behind);
       },
       true},
      {"PPTP",
       [](const Frame& ip, int lie, const Frame& behind) {
         const Frame inside = behind_ppp(ip);
         const Frame header =
             join({{0x30, 1, 0x88, 0x0b}, be16(off(inside.size(), lie)), {0, 7, 0, 0, 0, 1}});
         return testing::carry(47, join({header, inside, behind}));
       }},
  };
}

std::vector<Enclosing> udp_layers() {
  const auto udp = [](std::string name, std::uint16_t port, Frame header, bool with_ethernet) {
    return Enclosing{std::move(name),
                     [=](const Frame& ip, int lie, const Frame& behind) {
                       return in_udp(port, join({header, with_ethernet ? ethernet(ip) : ip}), lie, behind);
                     },
                     true};
  };
  return {
      udp("UDP around VXLAN", 4789, {8, 0, 0, 0, 0, 0, 9, 0}, true),
      udp("UDP around Geneve", 6081, {0, 0, 0x65, 0x58, 0, 0, 9, 0}, true),
      udp("UDP around GTP", 2152, {0x30, 255, 0xff, 0xff, 0, 0, 0, 9}, false),
      udp("UDP around LISP", 4341, Frame(8), false),
      udp("UDP around MPLS", 6635, {0, 0, 0x11, 64}, false),
      udp("UDP around TZSP", 37008, {1, 0, 0, 1, 1}, true),
      {"UDP around L2TP without a length",
       [](const Frame& ip, int lie, const Frame& behind) {
         return in_udp(1701, join({{0, 2, 0, 7, 0, 9}, behind_ppp(ip)}), lie, behind);
       },
       true},
      {"L2TP",
       [](const Frame& ip, int lie, const Frame& behind) {
         const Frame inside = behind_ppp(ip);
         return testing::carry_udp(
             1701, join({{0x40, 2}, be16(off(8 + inside.size(), lie)), {0, 7, 0, 9}, inside, behind}));
       },
       true},
      {"GTP",
       [](const Frame& ip, int lie, const Frame& behind) {
         return testing::carry_udp(2152,
                                   join({{0x30, 255}, be16(off(ip.size(), lie)), {0, 0, 0, 9}, ip, behind}));
       },
       true},
  };
}

std::vector<Enclosing> all_layers() {
  std::vector<Enclosing> all = link_layers();
  for (auto& more : {ip_layers(), udp_layers()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

// "hello" and its missing bytes when the frame was `cut` bytes longer on the wire; or the reason.
std::string read(const Enclosing& layer, const Frame& frame, std::size_t cut = 0) {
  const DecodedPacket packet = decode(layer.link_type, frame, frame.size() + cut);
  if (packet.reason != DropReason::none) return std::string(to_string(packet.reason));
  const std::string text = to_text(packet.tcp.payload);
  return packet.tcp.missing_size == 0 ? text : text + " and " + std::to_string(packet.tcp.missing_size);
}

// hello(), its own length gone or too large: nothing but the layers around bound it.
std::vector<Frame> unbounded() {
  return {hello().ip_length(0).build_ip(), hello().ip_length(45 + 7).build_ip(),
          hello6().ip_length(0).build_ip(), hello6().ip_length(25 + 7).build_ip()};
}

std::vector<Frame> bounded() { return {hello().build_ip(), hello6().build_ip()}; }

TEST(EnclosingLength, BoundsThePayload) {
  for (const Enclosing& layer : all_layers()) {
    for (const Frame& ip : unbounded())
      EXPECT_EQ(read(layer, layer.around(ip, 0, padding)), "hello") << layer.name;
  }
}

TEST(EnclosingLength, LeavesNothingBehindItMissing) {
  for (const Enclosing& layer : all_layers()) {
    for (const Frame& ip : unbounded()) {
      EXPECT_EQ(read(layer, layer.around(ip, 0, padding), 100), "hello") << layer.name;
      EXPECT_EQ(read(layer, layer.around(ip, 0, {}), 100), "hello") << layer.name;
      Frame cut = layer.around(ip, 0, {});
      cut.resize(cut.size() - 2);
      EXPECT_EQ(read(layer, cut, 100), "hel and 2") << layer.name;
    }
  }
}

TEST(EnclosingLength, ThatIsTooLargeChangesNothing) {
  for (const Enclosing& layer : all_layers()) {
    for (const Frame& ip : bounded()) {
      EXPECT_EQ(read(layer, layer.around(ip, 100, {})), "hello") << layer.name;
      EXPECT_EQ(read(layer, layer.around(ip, 100, padding)), "hello") << layer.name;
    }
  }
}

TEST(EnclosingLength, ThatIsTooSmallCutsThePayload) {
  for (const Enclosing& layer : all_layers()) {
    for (const Frame& ip : bounded()) EXPECT_EQ(read(layer, layer.around(ip, -2, {})), "hel") << layer.name;
  }
}

TEST(EnclosingLength, ThatEndsInsideAHeaderIsNamed) {
  for (const Enclosing& layer : all_layers()) {
    for (const Frame& ip : bounded()) {
      const std::string in_tcp = read(layer, layer.around(ip, -6, padding));
      EXPECT_EQ(in_tcp, layer.is_guess ? "not_tcp" : "bad_tcp_header") << layer.name;
      const std::string in_ip = read(layer, layer.around(ip, -static_cast<int>(ip.size()) + 3, padding));
      EXPECT_EQ(in_ip, layer.is_guess ? "not_tcp" : "bad_length") << layer.name;
    }
  }
}

TEST(EnclosingLength, OfMacsecBoundsWhatIsSigned) {
  const auto frame = [](std::uint8_t size, const Frame& ip) {
    return join({ethernet_addresses, {0x88, 0xe5, 0, size, 0, 0, 0, 1}, ethertype(ip), ip, Frame(16, 'x')});
  };
  const Enclosing layer{"MACsec", {}};
  EXPECT_EQ(read(layer, frame(2 + 45, hello().ip_length(0).build_ip())), "hello");
  EXPECT_EQ(read(layer, frame(0, hello().build_ip())), "hello") << "48 bytes and more say no length";
  EXPECT_EQ(read(layer, frame(1, hello().build_ip())), "bad_length");
}

TEST(EnclosingLength, OfRadiotapLeavesTheChecksumOut) {
  const auto frame = [](std::uint8_t flags) {
    const Frame ip = hello().ip_length(0).build_ip();
    return join({{0, 0, 9, 0, 2, 0, 0, 0, flags}, {8, 1}, Frame(22), behind_snap(ip), ip, Frame(4, 'x')});
  };
  const Enclosing layer{"radiotap", {}, false, LinkType::ieee80211_radiotap};
  EXPECT_EQ(read(layer, frame(0x10)), "hello");
  EXPECT_EQ(read(layer, frame(0)), "helloxxxx");
}

// The inner of two lengths may lie as well: the least of all counts.
TEST(EnclosingLength, TheLeastOfSeveralCounts) {
  const Frame ip = hello().ip_length(0).build_ip();
  const Frame pppoe = join({{0x11, 0, 0, 7, 0, 200}, behind_ppp(ip), padding});
  const Frame frame = in_ipv4(47, join({{0, 0, 0x88, 0x64}, pppoe}), -9, padding);
  EXPECT_EQ(read({"IPv4 around PPPoE", {}}, frame), "hello");
}

}  // namespace
}  // namespace restitch
