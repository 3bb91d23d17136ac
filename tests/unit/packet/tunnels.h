// Every tunnel over IP, there and back, with whatever differs between its two directions.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "unit/packet/decoded.h"

namespace restitch::testing {

// A datagram between the ends of a tunnel, there or back.
inline Frame outer(bool back, std::uint8_t protocol, const Frame& bytes) {
  FrameBuilder builder;
  builder.ipv4(back ? "192.0.2.2" : "192.0.2.1", back ? "192.0.2.1" : "192.0.2.2");
  return builder.ip_payload(protocol, bytes).build();
}

inline Frame outer_udp(bool back, std::uint16_t port, const Frame& bytes) {
  return outer(back, 17, back ? testing::udp(port, 50000, bytes) : testing::udp(50000, port, bytes));
}

inline Frame ethernet(const Frame& ip) { return join({Frame(12, 2), {8, 0}, ip}); }

// What the receiver chose: another number in each direction.
inline std::uint8_t own(bool back) { return back ? 0x55 : 0x77; }

struct Tunnel {
  std::string name;
  std::function<Frame(bool back, const Frame& ip)> around;
  std::string kind = name;  // tunnels of one kind are not told apart
};

inline Frame vxlan(bool back, std::uint8_t vni, const Frame& ip) {
  return outer_udp(back, 4789, join({{8, 0, 0, 0, 0, 0, vni, 0}, ethernet(ip)}));
}
inline Frame geneve(bool back, std::uint8_t vni, const Frame& ip) {
  // An option only there.
  const Frame option = back ? Frame() : Frame{1, 2, 3, 0};
  const auto words = static_cast<std::uint8_t>(option.size() / 4);
  return outer_udp(back, 6081, join({{words, 0, 8, 0, 0, 0, vni, 0}, option, ip}));
}
inline Frame gre(bool back, const Frame& ip) {
  return outer(back, 47, join({{0x20, 0, 8, 0}, {0, 0, 0, own(back)}, ip}));
}

// All that ride on IP, with whatever differs between their directions.
inline std::vector<Tunnel> tunnels() {
  return {
      {"IP", [](bool back, const Frame& ip) { return outer(back, 4, ip); }},
      {"GRE", [](bool back, const Frame& ip) { return gre(back, ip); }},
      {"GRE in GRE",
       [](bool back, const Frame& ip) {
         return outer(
             back, 47,
             join({{0, 0, 8, 0}, FrameBuilder().ip_payload(47, join({{0, 0, 8, 0}, ip})).build_ip()}));
       },
       "GRE GRE"},
      {"PPTP",
       [](bool back, const Frame& ip) {
         const auto size = static_cast<std::uint8_t>(ip.size() + 1);
         return outer(back, 47, join({{0x30, 1, 0x88, 0x0b, 0, size, 0, own(back), 0, 0, 0, 1, 0x21}, ip}));
       }},
      {"ERSPAN",
       [](bool back, const Frame& ip) {
         return outer(
             back, 47,
             join({{0x10, 0, 0x88, 0xbe}, Frame(4), {0x10, 0, 0, own(back), 0, 0, 0, 0}, ethernet(ip)}));
       }},
      {"VXLAN", [](bool back, const Frame& ip) { return vxlan(back, 9, ip); }},
      {"another VXLAN", [](bool back, const Frame& ip) { return vxlan(back, 10, ip); }},
      {"Geneve", [](bool back, const Frame& ip) { return geneve(back, 9, ip); }},
      {"another Geneve", [](bool back, const Frame& ip) { return geneve(back, 10, ip); }},
      {"GTP",
       [](bool back, const Frame& ip) {
         const auto size = static_cast<std::uint8_t>(ip.size());
         return outer_udp(back, 2152, join({{0x30, 255, 0, size, 0, 0, 0, own(back)}, ip}));
       }},
      {"L2TP",
       [](bool back, const Frame& ip) {
         return outer_udp(back, 1701, join({{0, 2, 0, own(back), 0, own(back), 0, 0x21}, ip}));
       }},
      {"L2TP version 3",
       [](bool back, const Frame& ip) {
         return outer(back, 115, join({{0, 0, 0, own(back)}, ethernet(ip)}));
       },
       "L2TP"},
      {"EtherIP",
       [](bool back, const Frame& ip) {
         return outer(back, 97, join({{0x30, 0}, ethernet(ip)}));
       }},
      {"Ethernet", [](bool back, const Frame& ip) { return outer(back, 143, ethernet(ip)); }},
      {"MPLS in IP",
       [](bool back, const Frame& ip) {
         return outer(back, 137, join({{0, own(back), 0x11, 64}, ip}));
       }},
      {"MPLS in UDP",
       [](bool back, const Frame& ip) {
         return outer_udp(back, 6635, join({{0, own(back), 0x11, 64}, ip}));
       }},
      {"LISP",
       [](bool back, const Frame& ip) {
         return outer_udp(back, 4341, join({Frame(8), ip}));
       }},
      {"TZSP",
       [](bool back, const Frame& ip) {
         return outer_udp(back, 37008, join({{1, 0, 0, 1, 1}, ethernet(ip)}));
       }},
      {"Teredo",
       [](bool back, const Frame& ip) {
         return outer_udp(back, 3544,
                          FrameBuilder().ipv6("2001:db8::8", "2001:db8::9").ip_payload(4, ip).build_ip());
       }},
  };
}

}  // namespace restitch::testing
