// Progress on standard error, when that is a terminal: how much was read and how fast, at most a few
// times a second. One thread.
#pragma once

#include <chrono>
#include <cstdint>

#include "restitch/capture.h"

namespace restitch::cli {

class Progress {
 public:
  // Prints nothing when `quiet` or when standard error is no terminal.
  explicit Progress(bool quiet);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // To be called often.
  void update(const CaptureReader& reader, std::uint64_t packets);

  // Takes the line away, before anything else is printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool shown_;
  bool on_screen_ = false;
  std::uint32_t calls_ = 0;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_ = begin_;
};

}  // namespace restitch::cli
