// FollowSource: a ByteSource over a file that still grows: at its end, it waits and then is idle. It owns
// the descriptor; the state it shares with its reader must outlive it. One thread at a time.
#pragma once

#include <chrono>

#include "capture/byte_source.h"
#include "restitch/capture_inputs.h"

namespace restitch {

// How often a file or a directory is looked at again.
inline constexpr std::chrono::milliseconds follow_poll{20};

// What the reader of a growing file knows and its source has to heed.
struct FollowState {
  FollowOptions options;
  bool sealed = false;  // nothing is written any more: the end of the file is its end
  std::chrono::steady_clock::time_point last_news = std::chrono::steady_clock::now();

  [[nodiscard]] bool stop_asked() const { return options.stop != nullptr && options.stop->load(); }
  // True once nothing has come for as long as the options allow.
  [[nodiscard]] bool timed_out() const;
};

class FollowSource final : public ByteSource {
 public:
  // Takes over a descriptor of a regular file.
  FollowSource(int fd, FollowState& state) : fd_(fd), state_(state) {}
  ~FollowSource() override;
  FollowSource(const FollowSource&) = delete;
  FollowSource& operator=(const FollowSource&) = delete;

  std::size_t read(std::uint8_t* to, std::size_t size) override;
  [[nodiscard]] bool idle() const override { return idle_; }
  [[nodiscard]] bool stopped() const override { return stopped_; }
  void set_patience_ms(int ms) override { patience_ = std::chrono::milliseconds(ms); }
  [[nodiscard]] const std::string& failure() const override { return failure_; }
  [[nodiscard]] std::uint64_t bytes_read() const override { return bytes_read_; }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  std::size_t read_once(std::uint8_t* to, std::size_t size);
  bool shrank();

  int fd_;
  FollowState& state_;
  std::chrono::milliseconds patience_{0};
  std::uint64_t bytes_read_ = 0;
  bool idle_ = false;
  bool stopped_ = false;
  std::string failure_;
};

}  // namespace restitch
