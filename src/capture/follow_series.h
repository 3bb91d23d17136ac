// FollowSeries: growing files, one behind the other, as one reader: each is added to a MergedReader when the
// one before has ended. Which they are, its subclasses know. One thread at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "capture/follow_reader.h"

namespace restitch {

class FollowSeries : public CaptureReader {
 public:
  std::span<const Record> next_batch() final;
  void set_patience_ms(int ms) final { patience_ = std::chrono::milliseconds(ms); }
  [[nodiscard]] bool finished() const final { return finished_; }
  [[nodiscard]] const CaptureEnd& end() const override { return files_.end(); }
  [[nodiscard]] const CaptureMetadata& metadata() const final { return files_.metadata(); }
  [[nodiscard]] std::uint64_t bytes_read() const final { return files_.bytes_read(); }
  [[nodiscard]] std::optional<std::uint64_t> size() const final { return std::nullopt; }

 protected:
  explicit FollowSeries(const FollowOptions& options) : state_{options} {}

  // Looks whether there is a file to go on with.
  virtual void look() = 0;
  [[nodiscard]] virtual bool has_next() const = 0;
  // Requires: has_next().
  virtual std::unique_ptr<FollowReader> take_next() = 0;
  // The file that was read has ended. True: another one may still come.
  virtual bool note_end() = 0;

  [[nodiscard]] const FollowOptions& options() const { return state_.options; }
  // All that were begun.
  [[nodiscard]] const MergedReader& files() const { return files_; }
  // False between two files.
  [[nodiscard]] bool is_reading() const { return current_ != nullptr; }

 private:
  using Clock = std::chrono::steady_clock;

  std::span<const Record> lend(std::span<const Record> batch);
  bool go_on_behind_end(bool stop);
  void start_next();

  FollowState state_;
  std::chrono::milliseconds patience_{100};
  MergedReader files_{{}};
  FollowReader* current_ = nullptr;  // owned by files_ while it is not finished
  Clock::time_point looked_;
  std::vector<Record> batch_;
  bool finished_ = false;
};

}  // namespace restitch
