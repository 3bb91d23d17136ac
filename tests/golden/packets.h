// A capture of a conversation, packet by packet, for tests of the command.
#pragma once

#include <cstdint>
#include <string_view>

#include "support/frame_builder.h"
#include "unit/capture/capture_builder.h"

namespace restitch::testing {

// Packets between 10.0.0.1 and 192.0.2.1:80, a millisecond apart, with all that a
// FrameBuilder can say. Each side acknowledges what open() showed, unless told otherwise.
class Packets {
 public:
  explicit Packets(std::uint16_t port = 40000) : port_(port) {}

  FrameBuilder client(std::uint32_t seq, std::string_view text = {}) const {
    return packet("10.0.0.1", "192.0.2.1", seq, text).tcp(port_, 80).ack(501);
  }
  FrameBuilder server(std::uint32_t seq, std::string_view text = {}) const {
    return packet("192.0.2.1", "10.0.0.1", seq, text).tcp(80, port_).ack(101);
  }
  Packets& add(const Frame& frame, std::size_t cut = 0) {
    const std::string_view bytes(reinterpret_cast<const char*>(frame.data()), frame.size() - cut);
    file_.record(1'600'000'000, 1000 * ++count_, bytes, static_cast<std::uint32_t>(frame.size()));
    return *this;
  }
  Packets& add(const FrameBuilder& packet) { return add(packet.build()); }
  // Client numbers from 101 on, server numbers from 501 on.
  Packets& open() {
    add(client(100).flags(TcpFlag::syn));
    add(server(500).flags(TcpFlag::syn | TcpFlag::ack));
    return add(client(101));
  }
  // All of a conversation, with every byte and both ends acknowledged.
  Packets& talk(std::string_view from_client, std::string_view from_server) {
    const auto next = static_cast<std::uint32_t>(101 + from_client.size());
    const auto back = static_cast<std::uint32_t>(501 + from_server.size());
    open();
    add(client(101, from_client));
    add(server(501, from_server).ack(next));
    add(client(next).ack(back).flags(TcpFlag::fin | TcpFlag::ack));
    add(server(back).ack(next + 1).flags(TcpFlag::fin | TcpFlag::ack));
    return add(client(next + 1).ack(back + 1));
  }
  // Another connection.
  Packets& port(std::uint16_t port) {
    port_ = port;
    return *this;
  }
  [[nodiscard]] const ByteVector& bytes() const { return file_.bytes; }

 private:
  static FrameBuilder packet(const char* from, const char* to, std::uint32_t seq, std::string_view text) {
    FrameBuilder packet;
    packet.raw().ip(from, to).seq(seq).flags(TcpFlag::ack).window(1000).payload(text);
    return packet;
  }

  PcapBuilder file_{Order::little, {.link_type = 101}};
  std::uint16_t port_;
  std::uint32_t count_ = 0;
};

}  // namespace restitch::testing
