// Frames: Ethernet, IPv4 and TCP (or a fragment), written into one buffer that is used again and again, so
// that a benchmark can make some thousand packets ahead and time only what reads them. Checksums are left
// out. Owns the bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "restitch/packet.h"

namespace restitch::bench {

// One packet of a conversation between two hosts.
struct Shape {
  std::uint32_t source = 0;
  std::uint32_t destination = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 80;
  std::uint32_t sequence = 0;
  TcpFlags flags = TcpFlags{} | TcpFlag::ack;
  std::size_t size = 0;      // of the payload
  std::uint8_t content = 0;  // each byte of it
  std::uint32_t id = 0;      // of the IP packet
  bool fragmented = false;   // the first fragment of several, or the last one
  std::size_t fragment_at = 0;
};

class Frames {
 public:
  void clear() {
    bytes_.clear();
    ends_.clear();
  }

  void add(const Shape& shape) {
    constexpr std::size_t headers = 54;
    const bool later = shape.fragmented && shape.fragment_at != 0;
    const std::size_t ip_size = (later ? 20 : 40) + shape.size;
    const std::size_t begin = bytes_.size();
    bytes_.resize(begin + 14 + ip_size);
    std::uint8_t* frame = bytes_.data() + begin;
    std::memset(frame, 0, std::min(headers, 14 + ip_size));
    put16(frame + 12, 0x0800);
    std::uint8_t* ip = frame + 14;
    ip[0] = 0x45;
    put16(ip + 2, static_cast<std::uint16_t>(ip_size));
    put16(ip + 4, static_cast<std::uint16_t>(shape.id));
    if (shape.fragmented) {
      put16(ip + 6, static_cast<std::uint16_t>(later ? shape.fragment_at / 8 : 0x2000));
    }
    ip[8] = 64;
    ip[9] = 6;
    put32(ip + 12, shape.source);
    put32(ip + 16, shape.destination);
    if (!later) put_tcp(ip + 20, shape);
    std::memset(ip + (later ? 20 : 40), shape.content, shape.size);
    ends_.push_back(bytes_.size());
  }

  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] Bytes operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return Bytes(bytes_).subspan(begin, ends_[i] - begin);
  }

 private:
  static void put16(std::uint8_t* at, std::uint16_t value) {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
  }
  static void put32(std::uint8_t* at, std::uint32_t value) {
    put16(at, static_cast<std::uint16_t>(value >> 16));
    put16(at + 2, static_cast<std::uint16_t>(value));
  }
  static void put_tcp(std::uint8_t* tcp, const Shape& shape) {
    put16(tcp, shape.source_port);
    put16(tcp + 2, shape.destination_port);
    put32(tcp + 4, shape.sequence);
    tcp[12] = 0x50;
    tcp[13] = static_cast<std::uint8_t>(shape.flags.bits);
    put16(tcp + 14, 0xFFFF);
  }

  std::vector<std::uint8_t> bytes_;
  std::vector<std::size_t> ends_;
};

}  // namespace restitch::bench
