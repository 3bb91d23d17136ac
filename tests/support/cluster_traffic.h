// Traffic of many short connections for tests of a cluster, out of a seed: ports that are used again, what is
// lost, comes twice or late, long silences, fragments, tunnels, packets that are no TCP.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "support/frame_builder.h"

namespace restitch::testing {

struct TrafficPacket {
  std::int64_t time_ns = 0;
  bool from_client = true;
  bool fragment = false;
  Frame frame;
};

class ClusterTraffic {
 public:
  explicit ClusterTraffic(std::uint64_t seed) : random_(seed) {}

  // In order of time.
  std::vector<TrafficPacket> make(unsigned connections) {
    std::int64_t start = 1'700'000'000'000'000'000 + static_cast<std::int64_t>(below(1'000'000'000));
    for (unsigned i = 0; i < connections; ++i) {
      start += static_cast<std::int64_t>(below(30)) * 1'000'000;
      if (below(25) == 0) start += static_cast<std::int64_t>(below(200)) * 1'000'000'000;
      connection(start);
    }
    std::stable_sort(packets_.begin(), packets_.end(),
                     [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
    return std::move(packets_);
  }

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

 private:
  struct End {
    std::string address;
    std::uint16_t port = 0;
    std::uint32_t next = 0;
  };

  void connection(std::int64_t start) {
    now_ = start;
    const bool ipv6 = below(5) == 0;
    vlan_ = below(8) == 0 ? static_cast<std::uint16_t>(1 + below(3)) : std::uint16_t{0};
    tunnel_ = below(10) == 0;
    const std::string host = std::to_string(1 + below(4));
    ends_[0] = {(ipv6 ? "2001:db8::" : "10.0.0.") + host, static_cast<std::uint16_t>(40'000 + below(6)),
                static_cast<std::uint32_t>(random_())};
    ends_[1] = {ipv6 ? "2001:db8::99" : "192.0.2.1", 80, static_cast<std::uint32_t>(random_())};
    if (below(8) != 0) handshake();
    for (std::uint64_t left = below(8); left > 0; --left) say(below(2) == 0);
    finish();
    if (below(4) == 0) repeat_some();
  }

  void handshake() {
    send(true, TcpFlags{} | TcpFlag::syn, {});
    ++ends_[0].next;
    send(false, TcpFlag::syn | TcpFlag::ack, {});
    ++ends_[1].next;
    send(true, TcpFlags{} | TcpFlag::ack, {});
  }

  void say(bool client) {
    std::string text(1 + below(below(10) == 0 ? 1400 : 200), ' ');
    for (char& letter : text) letter = static_cast<char>('a' + below(26));
    End& from = ends_[client ? 0 : 1];
    if (below(15) == 0) {  // what comes late
      const std::uint32_t late = from.next;
      from.next += static_cast<std::uint32_t>(text.size());
      send(client, TcpFlags{} | TcpFlag::ack, "0123456789");
      const std::uint32_t ahead = from.next + 10;
      from.next = late;
      send(client, TcpFlags{} | TcpFlag::ack, text);
      from.next = ahead;
    } else {
      send(client, TcpFlags{} | TcpFlag::ack, text);
      from.next += static_cast<std::uint32_t>(text.size());
    }
    if (below(2) == 0) send(!client, TcpFlags{} | TcpFlag::ack, {});
    if (below(40) == 0) now_ += static_cast<std::int64_t>(below(150)) * 1'000'000'000;
  }

  void finish() {
    const bool client = below(2) == 0;
    const std::uint64_t how = below(8);
    if (how == 0) return;
    if (how == 1) return send(client, TcpFlag::rst | TcpFlag::ack, {});
    send(client, TcpFlag::fin | TcpFlag::ack, {});
    ++ends_[client ? 0 : 1].next;
    if (how == 2) return;
    send(!client, TcpFlag::fin | TcpFlag::ack, {});
    ++ends_[client ? 1 : 0].next;
    send(client, TcpFlags{} | TcpFlag::ack, {});
  }

  // What was on its way when it was over.
  void repeat_some() {
    const std::size_t last = std::min<std::size_t>(packets_.size(), 6);
    for (std::uint64_t left = 1 + below(3); left > 0 && last > 0; --left) {
      TrafficPacket again = packets_[packets_.size() - 1 - below(last)];
      now_ += static_cast<std::int64_t>(below(50)) * 1'000'000;
      again.time_ns = now_;
      packets_.push_back(std::move(again));
    }
  }

  void send(bool client, TcpFlags flags, const std::string& text) {
    now_ += 1 + static_cast<std::int64_t>(below(20'000'000));
    const End& from = ends_[client ? 0 : 1];
    const End& to = ends_[client ? 1 : 0];
    if (below(30) == 0) {
      add(client, FrameBuilder().ipv4("10.0.0.9", "10.0.0.8").ethertype(0x0806).payload("who has").build());
    }
    if (below(25) == 0) return;  // nobody captured it
    FrameBuilder packet;
    packet.ip(from.address, to.address).tcp(from.port, to.port).seq(from.next).ack(to.next).flags(flags);
    packet.window(60'000).payload(text);
    if (vlan_ != 0) packet.vlan(vlan_);
    if (tunnel_) {
      add(client, encapsulated(packet));
    } else if (from.address.find(':') == std::string::npos && below(20) == 0) {
      add_fragments(client, from, to, packet.build_tcp());
    } else {
      add(client, packet.build());
      if (below(20) == 0) add(client, packet.build());
    }
  }

  // In GRE between two routers.
  static Frame encapsulated(const FrameBuilder& packet) {
    const Frame inner = packet.build_ip();
    Frame gre{0, 0};
    put_be16(gre, inner[0] >> 4 == 6 ? 0x86dd : 0x0800);
    put(gre, inner);
    return FrameBuilder().ipv4("198.51.100.1", "198.51.100.2").ip_payload(47, gre).build();
  }

  void add_fragments(bool client, const End& from, const End& to, const Frame& segment) {
    const auto id = static_cast<std::uint16_t>(random_());
    const std::size_t cut = 16;
    const Frame first(segment.begin(), segment.begin() + cut);
    const Frame second(segment.begin() + cut, segment.end());
    const auto fragment = [&](std::uint16_t field, const Frame& bytes) {
      FrameBuilder packet;
      packet.ipv4(from.address, to.address).ip_id(id).fragment_field(field).ip_payload(6, bytes);
      return packet.build();
    };
    add(client, fragment(0x2000, first), true);
    now_ += static_cast<std::int64_t>(below(1'000'000));
    add(client, fragment(static_cast<std::uint16_t>(cut / 8), second), true);
  }

  void add(bool client, Frame frame, bool fragment = false) {
    // A few are stamped a little too early: out of order in their capture.
    const std::int64_t early = below(30) == 0 ? static_cast<std::int64_t>(below(5'000'000)) : 0;
    packets_.push_back({now_ - early, client, fragment, std::move(frame)});
  }

  std::mt19937_64 random_;
  std::int64_t now_ = 0;
  End ends_[2];
  std::uint16_t vlan_ = 0;
  bool tunnel_ = false;
  std::vector<TrafficPacket> packets_;
};

}  // namespace restitch::testing
