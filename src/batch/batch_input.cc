#include "batch/batch_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "restitch/capture_filter.h"

namespace restitch::batch {

// Passes records on, and notes their times.
class TimedReader final : public CaptureReader {
 public:
  explicit TimedReader(std::unique_ptr<CaptureReader> reader) : reader_(std::move(reader)) {}

  std::span<const Record> next_batch() override {
    const std::span<const Record> batch = reader_->next_batch();
    for (const Record& record : batch) note(record.info.timestamp);
    return batch;
  }
  [[nodiscard]] bool finished() const override { return reader_->finished(); }
  [[nodiscard]] const CaptureEnd& end() const override { return reader_->end(); }
  [[nodiscard]] const CaptureMetadata& metadata() const override { return reader_->metadata(); }
  [[nodiscard]] std::string format_name() const override { return reader_->format_name(); }
  [[nodiscard]] std::uint64_t bytes_read() const override { return reader_->bytes_read(); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return reader_->size(); }

  [[nodiscard]] Timestamp earliest() const { return earliest_; }
  [[nodiscard]] Timestamp latest() const { return latest_; }

 private:
  void note(Timestamp time) {
    if (!any_) earliest_ = latest_ = time;
    any_ = true;
    earliest_ = std::min(earliest_, time);
    latest_ = std::max(latest_, time);
  }

  std::unique_ptr<CaptureReader> reader_;
  Timestamp earliest_;
  Timestamp latest_;
  bool any_ = false;
};

namespace {

// A file that was replaced or goes on growing would make a result of no capture at all.
Result<void> check(const ManifestFile& file) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(file.path, error);
  if (error) return failure(ErrorCode::io, fmt::format("{}: {}", file.path, error.message()));
  if (size == file.size) return {};
  return failure(ErrorCode::io, fmt::format("{}: has {} bytes, and had {} when the batch was planned",
                                            file.path, size, file.size));
}

}  // namespace

Result<BatchInput> BatchInput::open(const BatchSetup& setup, const std::vector<std::size_t>& files) {
  std::vector<InputFile> inputs;
  for (const std::size_t file : files) {
    const ManifestFile& planned = setup.manifest.files[file];
    if (auto same = check(planned); !same) return tl::unexpected(same.error());
    inputs.push_back({planned.path, planned.first});
  }
  BatchInput input;
  auto merged = open_files(inputs, setup.reading);
  input.merged_ = merged.get();
  auto timed = std::make_unique<TimedReader>(std::move(merged));
  input.timed_ = timed.get();
  input.reader_ = std::move(timed);
  if (setup.filter.empty()) return input;
  auto filter = PacketFilter::compile(setup.filter);
  if (!filter) return tl::unexpected(filter.error());
  input.reader_ = std::make_unique<FilteredReader>(std::move(input.reader_), std::move(*filter));
  return input;
}

Timestamp BatchInput::earliest() const { return timed_->earliest(); }
Timestamp BatchInput::latest() const { return timed_->latest(); }

std::string BatchInput::damage() const {
  const CaptureEnd& end = reader_->end();
  return end.damaged ? end.message : std::string();
}

}  // namespace restitch::batch
