// Flow: one generated connection: its ends, what each has sent so far, and which of that was never
// captured. What a side says at an offset is a function of the flow's number, so nothing is stored. Owned
// by its conversation; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <span>
#include <utility>
#include <vector>

namespace restitch::bench {

enum class Side : std::uint8_t { client, server };
constexpr Side other(Side side) { return side == Side::client ? Side::server : Side::client; }

// One end of a flow.
struct End {
  std::array<std::uint8_t, 16> address{};  // IPv4 in the first four bytes
  std::uint16_t port = 0;
  std::uint32_t initial_sequence = 0;
  std::uint64_t sent = 0;  // bytes of payload so far
  bool finished = false;   // its FIN was sent
  // Segments that will be captured late: the packet count by which they are, and their first byte.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> late{};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> missing{};  // [begin, end) that no packet brought
};

class Flow {
 public:
  // `number` decides addresses, ports and content. `first_sequence` is what both ends begin with.
  Flow(std::uint32_t number, bool ipv6, bool timestamps, std::uint32_t first_sequence);

  [[nodiscard]] bool ipv6() const { return ipv6_; }
  [[nodiscard]] bool timestamps() const { return timestamps_; }
  End& end(Side side) { return ends_[static_cast<std::size_t>(side)]; }
  [[nodiscard]] const End& end(Side side) const { return ends_[static_cast<std::size_t>(side)]; }

  // `size` bytes of what `side` says, from `offset` on. Requires: size <= content_run.
  [[nodiscard]] std::span<const std::uint8_t> content(Side side, std::uint64_t offset,
                                                      std::size_t size) const;
  static constexpr std::size_t content_run = 65536;

  // Takes note of bytes that were sent but not captured, or captured after all.
  void lose(Side side, std::uint64_t begin, std::uint64_t end);
  void capture(Side side, std::uint64_t begin, std::uint64_t end);

  // How much of what `side` sent its peer acknowledges once `packets` were sent in all: the peer stands
  // behind the place of capture, so nothing is acknowledged before it was captured, but for what never is.
  // Counts the FIN.
  [[nodiscard]] std::uint64_t acknowledged(Side side, std::uint64_t packets) const;

  // Writes a line for each direction that said something:
  // source destination captured-bytes crc32-of-them missing-bytes, endpoints as hexadecimal address:port.
  void write_truth(std::FILE* file) const;

 private:
  [[nodiscard]] std::uint32_t captured_crc(Side side) const;

  std::array<End, 2> ends_;
  std::uint32_t number_;
  bool ipv6_;
  bool timestamps_;
};

}  // namespace restitch::bench
