// PipeReader: the CaptureReader of a pipe, a connection or a server that nobody has to wait for: it finds out
// what comes when the start has come. It owns the reader behind it. One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "capture/file_source.h"
#include "capture/open_source.h"
#include "restitch/capture.h"

namespace RESTITCH_API restitch {

class PipeReader final : public CaptureReader {
 public:
  explicit PipeReader(std::unique_ptr<ByteSource> pipe, OpenOptions options = {});
  ~PipeReader() override;

  std::span<const Record> next_batch() override;
  bool keep_records() override;
  void hand_over(RecordMemory& memory, std::size_t size) override;
  void set_patience_ms(int ms) override;
  [[nodiscard]] bool finished() const override { return finished_; }
  [[nodiscard]] const CaptureEnd& end() const override { return reader_ ? reader_->end() : end_; }
  [[nodiscard]] const CaptureMetadata& metadata() const override;
  [[nodiscard]] std::string format_name() const override;
  [[nodiscard]] std::uint64_t bytes_read() const override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override;

 private:
  class Start;
  class StartSource;

  bool recognise();

  OpenOptions options_;
  std::shared_ptr<Start> start_;  // shared with the reader, once there is one
  std::unique_ptr<CaptureReader> reader_;
  CaptureEnd end_;
  bool finished_ = false;
  bool keeps_ = false;
};

// open_capture(), but of a pipe it does not wait for the start: what is wrong with that, end() will say. The
// same of http://… and https://…, and of a sender of packets (tcp://…, as open_remote() has it).
Result<std::unique_ptr<CaptureReader>> open_at_once(const std::string& path, FileSource::StopFlag stop,
                                                    OpenOptions options = {});

}  // namespace restitch
