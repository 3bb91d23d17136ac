// TestPacket: one TCP segment in a line of test code. Owns its payload; what tcp() borrows lives as long.
//
//   client(101, "abc").at(5)      "abc" from the client, captured in second 5
//   server(300).syn().ack()       a SYN-ACK
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "restitch/capture_info.h"
#include "restitch/packet.h"
#include "support/frame_builder.h"

namespace restitch::testing {

class TestPacket {
 public:
  TestPacket(bool from_client, std::uint32_t sequence, std::string payload)
      : from_client_(from_client), sequence_(sequence), payload_(std::move(payload)) {}

  TestPacket& syn() { return flag(TcpFlag::syn); }
  TestPacket& fin() { return flag(TcpFlag::fin); }
  TestPacket& rst() { return flag(TcpFlag::rst); }
  TestPacket& ack() { return flag(TcpFlag::ack); }
  TestPacket& flag(TcpFlag flag) {
    flags_ = flags_ | flag;
    return *this;
  }
  TestPacket& without(TcpFlag flag) {
    flags_.bits &= static_cast<std::uint8_t>(~(TcpFlags{} | flag).bits);
    return *this;
  }
  // With this acknowledgement number.
  TestPacket& acknowledges(std::uint32_t number) {
    acknowledgment_ = number;
    return flag(TcpFlag::ack);
  }
  // As sent; without this, 0.
  TestPacket& window(std::uint16_t bytes) {
    window_ = bytes;
    return *this;
  }
  // When it was captured; without this, in second 1.
  TestPacket& at(std::int64_t seconds) {
    seconds_ = seconds;
    return *this;
  }
  TestPacket& at_ms(std::int64_t milliseconds) {
    milliseconds_ = milliseconds;
    seconds_ = 0;
    return *this;
  }
  TestPacket& tag(std::uint64_t value) {
    tag_ = value;
    return *this;
  }
  TestPacket& client_port(std::uint16_t port) {
    client_port_ = port;
    return *this;
  }
  // With a header of its own whose checksum is this; without, there is none to be looked at.
  TestPacket& checksum(ChecksumState state) {
    checksum_ = state;
    return *this;
  }
  // Bytes behind the payload that the snap length cut off.
  TestPacket& missing(std::uint32_t size) {
    missing_ = size;
    return *this;
  }

  [[nodiscard]] NetFlow net() const {
    NetFlow net{host(1), host(2)};
    if (!from_client_) std::swap(net.source, net.destination);
    return net;
  }

  [[nodiscard]] TcpSegment tcp() const {
    TcpSegment tcp;
    tcp.source_port = client_port_;
    tcp.destination_port = 80;
    if (!from_client_) std::swap(tcp.source_port, tcp.destination_port);
    tcp.sequence = Sequence(sequence_);
    tcp.acknowledgment = Sequence(acknowledgment_);
    tcp.flags = flags_;
    tcp.window = window_;
    tcp.missing_size = missing_;
    tcp.payload = Bytes(reinterpret_cast<const std::uint8_t*>(payload_.data()), payload_.size());
    if (checksum_) {
      bytes_ = segment(tcp);
      tcp.bytes = bytes_;
    }
    return tcp;
  }

  [[nodiscard]] DecodedPacket decoded() const {
    DecodedPacket packet;
    packet.reason = DropReason::none;
    packet.net = net();
    packet.tcp = tcp();
    return packet;
  }

  [[nodiscard]] CaptureInfo info(std::uint64_t packet_number) const {
    return {.timestamp = {(seconds_ * 1000 + milliseconds_) * 1'000'000},
            .packet_number = packet_number,
            .user_tag = tag_,
            .captured_size = static_cast<std::uint32_t>(54 + payload_.size()),
            .original_size = static_cast<std::uint32_t>(54 + payload_.size())};
  }

 private:
  [[nodiscard]] Frame segment(const TcpSegment& tcp) const {
    const NetFlow flow = net();
    FrameBuilder builder;
    builder.raw().ip(to_string(flow.source), to_string(flow.destination));
    builder.tcp(tcp.source_port, tcp.destination_port).seq(sequence_).ack(acknowledgment_).flags(flags_);
    builder.window(window_).payload(payload_);
    if (*checksum_ == ChecksumState::wrong) builder.bad_checksum();
    Frame bytes = builder.build();
    bytes.erase(bytes.begin(), bytes.begin() + 20);
    if (*checksum_ == ChecksumState::unfilled) bytes[16] = bytes[17] = 0;
    return bytes;
  }

  static IpAddress host(std::uint8_t number) {
    const std::uint8_t bytes[] = {10, 0, 0, number};
    return IpAddress::from_bytes(bytes);
  }

  bool from_client_;
  std::uint32_t sequence_;
  std::uint32_t acknowledgment_ = 0;
  std::uint16_t window_ = 0;
  std::optional<ChecksumState> checksum_;
  mutable Frame bytes_;  // what tcp() borrows
  std::string payload_;
  TcpFlags flags_;
  std::uint32_t missing_ = 0;
  std::int64_t seconds_ = 1;
  std::int64_t milliseconds_ = 0;
  std::uint64_t tag_ = 0;
  std::uint16_t client_port_ = 40000;
};

inline TestPacket client(std::uint32_t sequence, std::string payload = {}) {
  return {true, sequence, std::move(payload)};
}
inline TestPacket server(std::uint32_t sequence, std::string payload = {}) {
  return {false, sequence, std::move(payload)};
}

// A moment of the tests' clock, for flushes.
inline Timestamp second(std::int64_t seconds) { return {seconds * 1'000'000'000}; }

}  // namespace restitch::testing
