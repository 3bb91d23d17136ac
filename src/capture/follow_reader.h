// FollowReader: the CaptureReader of a file that still grows. It opens the file as soon as it holds a
// header, and owns the reader behind it. One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "capture/follow_source.h"

namespace restitch {

class FollowReader final : public CaptureReader {
 public:
  FollowReader(std::string path, const FollowOptions& options) : path_(std::move(path)), state_{options} {}

  // Tries to open the file. Error: it will never be a capture we read. True: it is open.
  Result<bool> try_open();

  // The file will not grow any more: its end is the end.
  void seal() { state_.sealed = true; }

  std::span<const Record> next_batch() override;
  void set_patience_ms(int ms) override;
  [[nodiscard]] bool finished() const override { return finished_; }
  [[nodiscard]] const CaptureEnd& end() const override { return reader_ ? reader_->end() : end_; }
  [[nodiscard]] const CaptureMetadata& metadata() const override;
  [[nodiscard]] std::string format_name() const override;
  [[nodiscard]] std::uint64_t bytes_read() const override { return reader_ ? reader_->bytes_read() : 0; }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  void wait_for_header();

  std::string path_;
  FollowState state_;  // before the reader, which refers to it
  std::unique_ptr<CaptureReader> reader_;
  int patience_ms_ = 100;
  std::string why_not_;  // the last attempt to open failed so
  CaptureEnd end_;
  bool finished_ = false;
};

}  // namespace restitch
