// PacketRanges: numbers of packets as ranges, in the order in which they came, as long as there is room. A
// value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace restitch {

class PacketRanges {
 public:
  struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };

  static constexpr std::size_t ranges_max = 1'000;

  // 0 is no packet. The one that came last is not counted again.
  void add(std::uint64_t packet) {
    if (packet == 0 || packet == last_) return;
    last_ = packet;
    if (!ranges_.empty() && unlisted_ == 0 && packet == ranges_.back().last + 1) {
      ranges_.back().last = packet;
    } else if (ranges_.size() < ranges_max) {
      ranges_.push_back({packet, packet});
    } else {
      ++unlisted_;
    }
  }

  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }
  // Packets for which there was no room.
  [[nodiscard]] std::uint64_t unlisted() const { return unlisted_; }

 private:
  std::vector<Range> ranges_;
  std::uint64_t last_ = 0;
  std::uint64_t unlisted_ = 0;
};

}  // namespace restitch
