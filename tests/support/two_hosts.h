// TwoHosts: two hosts, A and B, that talk in whole packets, with windows, options and checksums, and an
// assembler that is given what was captured of it. Whatever a test says of A holds for both directions, both
// versions of IP and numbers that go round: see Setting. One thread.
//
//   hosts.open().send(hosts.a(0, "abc")).send(hosts.b(0).ack(hosts.a_number(3)));
//   hosts.end().from_a()                "abc"; a gap is "[4]"
#pragma once

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "support/frame_builder.h"
#include "support/recording_stream.h"

namespace restitch::testing {

struct Setting {
  const char* name;
  bool ipv6 = false;
  bool a_is_client = true;
  std::uint32_t a_first = 1001;  // number of the first byte
  std::uint32_t b_first = 5001;
};

inline void PrintTo(const Setting& setting, std::ostream* out) { *out << setting.name; }

inline constexpr std::array settings = {
    Setting{"ipv4"},
    Setting{"ipv6 from the server", true, false},
    Setting{"numbers that go round", false, true, 0xFFFFFFFE, 0xFFFFFFFA},
    Setting{"numbers that go round, from the server", true, false, 0xFFFFFFFC, 0},
};

class TwoHosts {
 public:
  static PoolOptions with(const char* policy) {
    PoolOptions options;
    options.receiver = find_receiver_policy(policy);
    return options;
  }

  explicit TwoHosts(const Setting& setting, const PoolOptions& options = with("linux"))
      : setting_(setting), world_({}, options) {
    world_.on_create = [this](const NetFlow& net, TransportFlow) {
      a_direction_ =
          net.source == a_address() ? TcpFlowDirection::client_to_server : TcpFlowDirection::server_to_client;
      return true;
    };
    world_.on_event = [this](const Event& event) { note(event); };
    world_.on_sg = [this](ScatterGather& sg, AssemblerContext&) {
      std::string& text = texts_[sg.info().direction == a_direction_ ? 0 : 1];
      if (sg.info().skip > 0) text += fmt::format("[{}]", sg.info().skip);
      text += Recorder::text(sg);
      if (fails) throw std::runtime_error("a callback");
    };
    world_.on_complete = [this](AssemblerContext*, EndReason reason) {
      ends_.emplace_back(to_string(reason));
      return true;
    };
  }

  // A packet of A at an offset of its stream, and one of B. Each acknowledges what was acknowledged by that
  // host before, and offers 1,000 bytes.
  [[nodiscard]] FrameBuilder a(std::int64_t offset, std::string_view text = {}) const {
    return packet(true, a_number(offset)).ack(b_number(acked_by_a_)).payload(text);
  }
  [[nodiscard]] FrameBuilder b(std::int64_t offset, std::string_view text = {}) const {
    return packet(false, b_number(offset)).ack(a_number(acked_by_b_)).payload(text);
  }
  // B acknowledges A's bytes up to this offset; A those of B.
  FrameBuilder b_acks(std::int64_t offset, std::int64_t at = 0) {
    acked_by_b_ = offset;
    return b(at);
  }
  FrameBuilder a_acks(std::int64_t offset, std::int64_t at = 0) {
    acked_by_a_ = offset;
    return a(at);
  }
  [[nodiscard]] std::uint32_t a_number(std::int64_t offset) const {
    return Sequence(setting_.a_first).add(offset).value();
  }
  [[nodiscard]] std::uint32_t b_number(std::int64_t offset) const {
    return Sequence(setting_.b_first).add(offset).value();
  }

  TwoHosts& open() {
    FrameBuilder client = setting_.a_is_client ? a(-1) : b(-1);
    FrameBuilder server = setting_.a_is_client ? b(-1) : a(-1);
    send(client.ack(0).flags(TcpFlag::syn));
    send(server.flags(TcpFlag::syn | TcpFlag::ack));
    return send(setting_.a_is_client ? a(0) : b(0));
  }

  TwoHosts& send(const FrameBuilder& packet) { return send(packet.build()); }
  TwoHosts& send(const Frame& frame) {
    const DecodedPacket decoded = decode(LinkType::raw, frame, frame.size());
    EXPECT_EQ(decoded.reason, DropReason::none);
    TcpSegment tcp = decoded.tcp;
    tcp.network_ok = decoded.ip_checksum_ok;
    now_ms_ += 1;
    AssemblerContext context(
        CaptureInfo{.timestamp = {second(1000).ns + now_ms_ * 1'000'000}, .packet_number = ++packets_});
    world_.assembler.assemble_with_context(decoded.net, tcp, context);
    EXPECT_TRUE(world_.counts_add_up()) << "packet " << packets_;
    return *this;
  }
  TwoHosts& wait_ms(std::int64_t ms) {
    now_ms_ += ms;
    return *this;
  }
  TwoHosts& end() {
    world_.assembler.flush_all(EndReason::end_of_input);
    return *this;
  }

  [[nodiscard]] std::string from_a() const { return texts_[0]; }
  [[nodiscard]] std::string from_b() const { return texts_[1]; }
  // "refused paws", "gap", …
  [[nodiscard]] const std::vector<std::string>& events() const { return events_; }
  [[nodiscard]] const std::vector<std::string>& ends() const { return ends_; }
  [[nodiscard]] ByteCounts counts() const { return world_.pool.byte_counts(); }
  [[nodiscard]] PoolSize size() const { return world_.pool.size(); }

  bool fails = false;  // callbacks throw

 private:
  [[nodiscard]] IpAddress a_address() const { return address(setting_.ipv6 ? "fd99::a" : "10.99.0.10"); }

  [[nodiscard]] FrameBuilder packet(bool from_a, std::uint32_t number) const {
    const char* const a = setting_.ipv6 ? "fd99::a" : "10.99.0.10";
    const char* const b = setting_.ipv6 ? "fd99::b" : "10.99.0.11";
    FrameBuilder packet;
    packet.raw().ip(from_a ? a : b, from_a ? b : a);
    packet.tcp(from_a ? 40000 : 80, from_a ? 80 : 40000);
    return packet.seq(number).flags(TcpFlag::ack).window(1000);
  }

  void note(const Event& event) {
    events_.emplace_back(to_string(event.kind));
    if (event.kind == EventKind::refused) events_.back() += fmt::format(" {}", to_string(event.refusal));
    if (event.kind == EventKind::roles_swapped) a_direction_ = reverse(a_direction_);
  }

  Setting setting_;
  World<StaticApi> world_;
  TcpFlowDirection a_direction_ = TcpFlowDirection::client_to_server;
  std::array<std::string, 2> texts_;
  std::vector<std::string> events_;
  std::vector<std::string> ends_;
  std::int64_t acked_by_a_ = 0;
  std::int64_t acked_by_b_ = 0;
  std::int64_t now_ms_ = 0;
  std::uint64_t packets_ = 0;
};

}  // namespace restitch::testing
