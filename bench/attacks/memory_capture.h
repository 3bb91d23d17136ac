// MemoryCapture: a pcap file in memory, written ahead, so that a benchmark reads packets as from any file and
// times nothing else. Its pages belong to no process. Owns the file.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "restitch/packet.h"

namespace restitch::bench {

class MemoryCapture {
 public:
  MemoryCapture() : file_(memfd_create("capture", 0)) {
    if (file_ < 0) throw std::runtime_error("no file in memory");
    // Nanoseconds, version 2.4, Ethernet; in this machine's byte order, as readers allow.
    put({0xA1B23C4D, 2 | 4 << 16, 0, 0, 65535, 1});
  }
  MemoryCapture(const MemoryCapture&) = delete;
  MemoryCapture& operator=(const MemoryCapture&) = delete;
  ~MemoryCapture() { close(file_); }

  // A packet, a microsecond after the one before.
  void add(Bytes frame) {
    const std::uint64_t microseconds = ++packets_;
    const auto size = static_cast<std::uint32_t>(frame.size());
    put({static_cast<std::uint32_t>(1'700'000'000 + microseconds / 1'000'000),
         static_cast<std::uint32_t>(microseconds % 1'000'000 * 1000), size, size});
    buffer_.insert(buffer_.end(), frame.begin(), frame.end());
    if (buffer_.size() >= buffer_size) write_out();
  }

  // Nothing may follow. The path is good as long as this lives.
  std::string finish() {
    write_out();
    return "/proc/self/fd/" + std::to_string(file_);
  }

  [[nodiscard]] std::uint64_t packets() const { return packets_; }

 private:
  static constexpr std::size_t buffer_size = std::size_t{1} << 20;

  template <std::size_t N>
  void put(const std::uint32_t (&words)[N]) {
    const std::size_t at = buffer_.size();
    buffer_.resize(at + sizeof words);
    std::memcpy(buffer_.data() + at, words, sizeof words);
  }

  void write_out() {
    for (Bytes left = buffer_; !left.empty();) {
      const ssize_t written = write(file_, left.data(), left.size());
      if (written <= 0) throw std::runtime_error("no memory for the capture");
      left = left.subspan(static_cast<std::size_t>(written));
    }
    buffer_.clear();
  }

  int file_;
  std::uint64_t packets_ = 0;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace restitch::bench
