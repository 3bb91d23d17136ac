// MergedReader::Input: one input of a MergedReader, with what of it is read but not handed out yet:
//
//     handed out (until the next batch) | held_: copies | batch_: lent by its reader
//
// It owns the reader and the copies. One thread at a time.
#pragma once

#include <chrono>
#include <deque>

#include "restitch/capture_inputs.h"

namespace restitch {

class MergedReader::Input {
 public:
  using Clock = std::chrono::steady_clock;

  Input(MergeInput about, std::uint32_t index) : about_(std::move(about)), index_(index) {}

  [[nodiscard]] const MergeInput& about() const { return about_; }
  [[nodiscard]] std::uint32_t index() const { return index_; }
  // Its reader is there, and may give more.
  [[nodiscard]] bool is_open() const { return reader_ != nullptr; }
  [[nodiscard]] bool can_refill() const { return is_open() && batch_.empty(); }
  // True once it is opened, ended, and handed out.
  [[nodiscard]] bool is_done() const { return !is_open() && !has_head(); }
  [[nodiscard]] bool has_head() const { return held_out_ < held_.size() || !batch_.empty(); }
  // Requires for these: has_head().
  [[nodiscard]] Timestamp head_time() const;
  [[nodiscard]] std::chrono::nanoseconds waited(Clock::time_point now) const;
  // The time of the youngest record read so far.
  [[nodiscard]] Timestamp latest() const { return latest_; }

  // Opens it. False, with the end noted, when that fails. `interfaces` numbers those of all inputs.
  bool open(std::uint32_t& interfaces);
  // Instead: it ends here, unread.
  void leave();
  // Reads on. True if that gave records, or the end. Requires: can_refill(), nothing handed out.
  bool refill(std::uint32_t& interfaces);
  // Hands out the head; answers the memory that held it.
  std::size_t emit(std::vector<Record>& out);
  // Copies what its reader lent, so that it can be read on; answers the bytes.
  std::size_t hold(Clock::time_point now);
  // Forgets what was handed out.
  void drop_handed_out();

  void describe(CaptureMetadata& whole) const;
  [[nodiscard]] InputEnd end() const;
  [[nodiscard]] std::string format_name() const { return reader_ ? reader_->format_name() : format_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return reader_ ? reader_->bytes_read() : bytes_read_; }

 private:
  struct Held {
    Record record;
    std::vector<std::uint8_t> frame;
    Clock::time_point since;

    [[nodiscard]] std::size_t memory_size() const { return sizeof(Held) + frame.capacity(); }
  };

  Record localised(Record record) const;
  void number_interfaces(std::uint32_t& interfaces);
  void close();

  MergeInput about_;
  std::uint32_t index_;
  std::unique_ptr<CaptureReader> reader_;  // while it is open
  std::deque<Held> held_;
  std::size_t held_out_ = 0;  // of held_, from the front
  std::span<const Record> batch_;
  Timestamp latest_;
  std::vector<std::uint32_t> interface_numbers_;  // of its own interfaces, in the whole
  // What is left of the reader when it is closed.
  InputEnd end_;
  CaptureMetadata metadata_;
  std::string format_;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace restitch
