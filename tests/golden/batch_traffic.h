// Made-up traffic that is hard to cut: few ends with many connections one after the other, packets that are
// missing, come late, twice or in fragments, and clocks that jump. The same seed makes the same capture.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/frame_builder.h"
#include "unit/capture/capture_builder.h"

namespace restitch::testing {

class BatchTraffic {
 public:
  explicit BatchTraffic(unsigned seed) : random_(seed) {
    pace_ = std::vector<std::int64_t>{100, 1'000, 50'000, 2'000'000}[below(4)];
    const unsigned ports = std::vector<unsigned>{3, 10, 60}[below(3)];
    const unsigned connections = 40 + below(160);
    for (unsigned i = 0; i < connections; ++i)
      add_connection(static_cast<std::uint16_t>(40000 + below(ports)));
    std::stable_sort(packets_.begin(), packets_.end(),
                     [](const auto& one, const auto& other) { return one.first < other.first; });
    if (chance(30)) jump(std::vector<std::int64_t>{25, 31, 100, 10'000}[below(4)] * 1'000'000);
    if (chance(30)) disorder();
  }

  [[nodiscard]] ByteVector bytes() const {
    PcapBuilder file(Order::little, {.link_type = 101});
    for (const auto& [time, frame] : packets_) {
      file.record(static_cast<std::uint32_t>(1'600'000'000 + time / 1'000'000),
                  static_cast<std::uint32_t>(time % 1'000'000), to_text(frame));
    }
    return file.bytes;
  }

 private:
  struct Side {
    std::string address;
    std::uint16_t port = 0;
    std::uint32_t next = 0;
  };

  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  bool chance(unsigned percent) { return below(100) < percent; }

  void add_connection(std::uint16_t port) {
    time_ = pace_ * below(400);
    sides_[0] = {"10.0.0." + std::to_string(1 + below(3)), port, chance(20) ? 1000 : below(1U << 31)};
    sides_[1] = {"192.0.2." + std::to_string(1 + below(2)), 80, below(1U << 31)};
    if (chance(75)) {
      say(0, TcpFlags{} | TcpFlag::syn);
      say(1, TcpFlag::syn | TcpFlag::ack);
      say(0, TcpFlags{} | TcpFlag::ack);
    }
    for (unsigned words = below(8); words > 0; --words) {
      say(below(2), TcpFlag::psh | TcpFlag::ack,
          std::string(1 + below(60), static_cast<char>('a' + below(26))));
      if (chance(50)) say(below(2), TcpFlags{} | TcpFlag::ack);
    }
    end();
  }

  void end() {
    const unsigned how = below(100);
    if (how < 60) {
      say(0, TcpFlag::fin | TcpFlag::ack);
      say(1, TcpFlag::fin | TcpFlag::ack);
      say(0, TcpFlags{} | TcpFlag::ack);
    } else if (how < 75) {
      say(below(2), TcpFlag::rst | TcpFlag::ack);
    }
    if (how % 10 != 0) return;
    time_ += std::vector<std::int64_t>{40, 119, 120, 121, 130}[below(5)] * 1'000'000;
    say(0, TcpFlags{} | TcpFlag::ack, "late");
  }

  void say(unsigned from, TcpFlags flags, const std::string& text = {}) {
    Side& sender = sides_[from];
    const Side& receiver = sides_[1 - from];
    time_ += (1 + below(7)) * (chance(33) ? pace_ / 10 + 1 : pace_);
    FrameBuilder packet;
    packet.raw().ipv4(sender.address, receiver.address).tcp(sender.port, receiver.port).seq(sender.next);
    packet.flags(flags).window(8000).payload(text);
    if (flags.has(TcpFlag::ack)) packet.ack(receiver.next);
    if (chance(2)) packet.bad_checksum();
    const bool counts = flags.has(TcpFlag::syn) || flags.has(TcpFlag::fin);
    sender.next += static_cast<std::uint32_t>(text.size()) + (counts ? 1 : 0);
    if (chance(5)) return;
    packet.ip_id(chance(80) ? ++id_ : std::uint16_t{0});
    add(packet.build());
  }

  void add(const Frame& frame) {
    if (chance(4) && frame.size() > 36) return add_fragments(frame);
    packets_.emplace_back(time_, frame);
    if (chance(4)) packets_.emplace_back(time_ + 1 + below(25'000), frame);
    if (chance(6)) packets_.emplace_back(time_ + pace_ * (1 + below(30)), frame);
  }

  // The second one behind the first, the sooner the later it comes.
  void add_fragments(const Frame& frame) {
    const std::size_t cut = 20 + 8 * (1 + below(static_cast<unsigned>(frame.size() - 28) / 8));
    const auto piece = [&](std::size_t from, std::size_t to, std::uint32_t field) {
      Frame part(frame.begin(), frame.begin() + 20);
      part.insert(part.end(), frame.begin() + static_cast<std::ptrdiff_t>(from),
                  frame.begin() + static_cast<std::ptrdiff_t>(to));
      set_be16(part, 2, static_cast<std::uint32_t>(part.size()));
      set_be16(part, 6, field);
      set_be16(part, 10, 0);
      set_be16(part, 10, header_sum(part));
      return part;
    };
    packets_.emplace_back(time_, piece(20, cut, 0x2000));
    packets_.emplace_back(time_ + 1 + pace_ * below(20),
                          piece(cut, frame.size(), static_cast<std::uint32_t>((cut - 20) / 8)));
  }

  static std::uint32_t header_sum(const Frame& header) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < 20; i += 2) sum += std::uint32_t{header[i]} << 8 | header[i + 1];
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
  }

  void jump(std::int64_t by) {
    const std::size_t from = below(static_cast<unsigned>(packets_.size()));
    for (std::size_t i = from; i < packets_.size(); ++i) packets_[i].first += by;
  }

  void disorder() {
    for (std::size_t i = 1; i < packets_.size(); ++i) {
      if (chance(10)) std::swap(packets_[i - 1], packets_[i]);
    }
  }

  std::mt19937 random_;
  std::int64_t pace_ = 0;  // in microseconds
  std::int64_t time_ = 0;
  Side sides_[2];
  std::uint16_t id_ = 0;
  std::vector<std::pair<std::int64_t, Frame>> packets_;
};

}  // namespace restitch::testing
