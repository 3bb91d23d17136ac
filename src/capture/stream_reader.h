// StreamReader: the CaptureReader of files and pipes: an InputBuffer for the bytes and a RecordParser
// for the format. It owns both, and with them the bytes of the records. One thread at a time.
#pragma once

#include <array>
#include <memory>

#include "capture/input_buffer.h"
#include "capture/record_parser.h"
#include "restitch/capture.h"

namespace restitch {

class StreamReader final : public CaptureReader {
 public:
  static constexpr std::size_t batch_size_max = 64;

  // `buffer` stands where `parser` wants to begin.
  StreamReader(InputBuffer buffer, std::unique_ptr<RecordParser> parser)
      : buffer_(std::move(buffer)), parser_(std::move(parser)) {}

  std::span<const Record> next_batch() override;
  bool keep_records() override { return keeps_ = true; }
  void hand_over(RecordMemory& memory, std::size_t size) override;
  void set_patience_ms(int ms) override { buffer_.set_patience_ms(ms); }
  [[nodiscard]] bool finished() const override { return finished_; }
  [[nodiscard]] const CaptureEnd& end() const override { return end_; }
  [[nodiscard]] const CaptureMetadata& metadata() const override { return parser_->metadata(); }
  [[nodiscard]] std::string format_name() const override { return parser_->format_name(); }
  [[nodiscard]] std::uint64_t bytes_read() const override { return buffer_.source().bytes_read(); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return buffer_.source().size(); }

 private:
  void finish();
  void break_off(const std::string& what);
  void report_skipped();

  InputBuffer buffer_;
  std::unique_ptr<RecordParser> parser_;
  std::array<Record, batch_size_max> batch_{};
  CaptureEnd end_;
  bool finished_ = false;
  bool keeps_ = false;  // records live until hand_over() …
  bool lent_ = false;   // … and there are some
};

}  // namespace restitch
