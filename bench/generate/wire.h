// Wire: where generated segments are captured: it loses, repeats, reorders and stretches some, and
// writes the rest into a pcap file. Owns the file; one thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <queue>
#include <string>
#include <vector>

#include "generate/flow.h"
#include "generate/frame.h"
#include "generate/random.h"

namespace restitch::bench {

// What happens to segments with payload, in shares of them.
struct Impairment {
  double reordered = 0;
  std::uint32_t reordered_by = 50;  // at most so many captured packets later
  double repeated = 0;              // once more, up to reordered_by later
  double overlapping = 0;           // begins up to 700 bytes early
  double lost = 0;                  // never captured
};

class Wire {
 public:
  Wire(const std::string& path, const Impairment& impairment);
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire();

  // The next `size` bytes of one side.
  void send_data(Flow& flow, Side side, std::size_t size);

  // A segment without payload: never impaired.
  void send_flags(Flow& flow, Side side, std::uint8_t flags);

  // Writes what is still on its way. False when the file could not be written.
  [[nodiscard]] bool finish();

  [[nodiscard]] std::uint64_t packets() const { return packets_; }

 private:
  struct Delayed {
    std::uint64_t due;
    std::uint64_t order;
    std::vector<std::uint8_t> frame;
    friend bool operator>(const Delayed& a, const Delayed& b) {
      return a.due != b.due ? a.due > b.due : a.order > b.order;
    }
  };

  void put(const Flow& flow, Segment segment, std::uint32_t delay);
  void write_due(std::uint64_t until);
  void write(const std::vector<std::uint8_t>& frame);

  std::FILE* file_;
  Impairment impairment_;
  Random random_{77};
  std::uint64_t sent_ = 0;
  std::uint64_t packets_ = 0;
  std::priority_queue<Delayed, std::vector<Delayed>, std::greater<>> delayed_;
  std::vector<std::uint8_t> frame_;
};

}  // namespace restitch::bench
