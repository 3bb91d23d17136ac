// FileSource: a ByteSource over a file descriptor: regular files, pipes, standard input. It owns the
// descriptor unless that is standard input. A pipe that says nothing is waited for as long as patience lasts,
// which at first is for ever; then it is idle. One thread at a time; the flag may be set from anywhere, a
// signal handler too.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "capture/byte_source.h"
#include "restitch/result.h"

namespace restitch {

class FileSource final : public ByteSource {
 public:
  // When true, a file is at its end, and a pipe once it has nothing for now.
  using StopFlag = const std::atomic<bool>*;

  // Opens `path`; "-" is standard input. A pipe that nobody writes to yet is open at once. Fails with
  // ErrorCode::io.
  static Result<std::unique_ptr<FileSource>> open(const std::string& path, StopFlag stop = nullptr);

  // Takes over an open descriptor. Requires: fd >= 0, readable.
  FileSource(int fd, bool owned, StopFlag stop = nullptr) : fd_(fd), owned_(owned), stop_(stop) {}
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::size_t read(std::uint8_t* to, std::size_t size) override;
  [[nodiscard]] bool idle() const override { return idle_; }
  [[nodiscard]] bool stopped() const override { return stopped_; }
  void set_patience_ms(int ms) override { patience_ = std::chrono::milliseconds(ms); }
  [[nodiscard]] const std::string& failure() const override { return failure_; }
  [[nodiscard]] std::uint64_t bytes_read() const override { return bytes_read_; }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Wait { bytes, nothing, stopped };

  [[nodiscard]] bool stop_asked() const { return stop_ != nullptr && stop_->load(); }
  Wait wait();
  Wait wait_for_pipe();

  int fd_;
  bool owned_;
  StopFlag stop_;
  std::optional<std::chrono::milliseconds> patience_;
  std::optional<Clock::time_point> stop_seen_;
  bool idle_ = false;
  bool stopped_ = false;
  std::optional<std::uint64_t> size_;  // a regular file: it has all its bytes
  std::uint64_t bytes_read_ = 0;
  std::string failure_;
};

}  // namespace restitch
