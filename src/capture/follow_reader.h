// FollowReader: the CaptureReader of a file that still grows. It opens the file as soon as it holds a
// header, and owns the reader behind it. One thread at a time.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "capture/follow_source.h"

namespace restitch {

// Which file a name stood for. While it is open, no other one is the same.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;

  [[nodiscard]] bool is_known() const { return inode != 0; }
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

class FollowReader final : public CaptureReader {
 public:
  // `opened`, if given, hears which file it was; it has to outlive this.
  FollowReader(std::string path, const FollowOptions& options, FileIdentity* opened = nullptr)
      : path_(std::move(path)), state_{options}, opened_(opened) {}

  // Tries to open the file. Error: it will never be a capture we read. True: it is open.
  Result<bool> try_open();

  // Without its folders.
  [[nodiscard]] std::string name() const;

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
  FileIdentity* opened_;
  std::unique_ptr<CaptureReader> reader_;
  int patience_ms_ = 100;
  std::string why_not_;  // the last attempt to open failed so
  CaptureEnd end_;
  bool finished_ = false;
};

}  // namespace restitch
