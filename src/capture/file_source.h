// FileSource: a ByteSource over a file descriptor, with plain read(2): regular files, pipes, standard
// input. It owns the descriptor unless that is standard input. One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "capture/byte_source.h"
#include "restitch/result.h"

namespace restitch {

class FileSource final : public ByteSource {
 public:
  // Opens `path`; "-" is standard input. Fails with ErrorCode::io.
  static Result<std::unique_ptr<FileSource>> open(const std::string& path);

  // Takes over an open descriptor. Requires: fd >= 0, readable.
  FileSource(int fd, bool owned, std::optional<std::uint64_t> size) : fd_(fd), owned_(owned), size_(size) {}
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::size_t read(std::uint8_t* to, std::size_t size) override;
  [[nodiscard]] const std::string& failure() const override { return failure_; }
  [[nodiscard]] std::uint64_t bytes_read() const override { return bytes_read_; }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  int fd_;
  bool owned_;
  std::optional<std::uint64_t> size_;
  std::uint64_t bytes_read_ = 0;
  std::string failure_;
};

}  // namespace restitch
