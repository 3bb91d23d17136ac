// RecordParser: a capture format as a pure state machine. It is shown bytes and answers with the
// records that are whole in them; it does no input of its own. Records point into the bytes shown.
// One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "restitch/capture.h"

namespace restitch {

// What one scan came to. When it stops with room left and no damage, it needs more bytes than it saw.
struct Scan {
  std::size_t consumed = 0;  // bytes of whole records, blocks and headers, from the front
  std::size_t records = 0;
};

class RecordParser {
 public:
  virtual ~RecordParser() = default;

  // Fills `out` with the records at the front of `bytes`. The next call continues behind `consumed`:
  // it is shown the rest again, with more bytes behind. Requires: out is not empty.
  virtual Scan scan(Bytes bytes, std::span<Record> out) = 0;

  // What is wrong with the record that the last scan stopped at; empty: nothing, as far as it saw.
  [[nodiscard]] const std::string& damage() const { return damage_; }

  // Where that is, for a message: "in the middle of record 17", if the input ends there.
  [[nodiscard]] virtual std::string place() const = 0;

  // Packets left out, and where and why the first was.
  struct Skipped {
    std::uint64_t count = 0;
    std::uint64_t offset = 0;
    std::string reason;
  };
  [[nodiscard]] const Skipped& skipped() const { return skipped_; }

  [[nodiscard]] const CaptureMetadata& metadata() const { return metadata_; }
  [[nodiscard]] virtual std::string format_name() const = 0;

  // Bytes from the start of the input to the record that the last scan stopped at.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

 protected:
  std::uint64_t offset_ = 0;
  std::uint64_t records_ = 0;  // delivered so far
  std::string damage_;
  Skipped skipped_;
  CaptureMetadata metadata_;
};

}  // namespace restitch
