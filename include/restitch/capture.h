// Captures: where packets come from. A CaptureReader turns a file or a pipe into Records, a few at a
// time. The bytes of a Record belong to the reader and live until the next call. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "restitch/capture_info.h"
#include "restitch/packet.h"
#include "restitch/result.h"

namespace restitch {

// One captured frame.
struct Record {
  CaptureInfo info;
  LinkType link_type = LinkType::ethernet;
  Bytes frame;  // info.captured_size bytes
};

// How an input ended.
struct CaptureEnd {
  bool damaged = false;       // it broke off or contradicted itself; what came before was delivered
  std::uint64_t offset = 0;   // where, in bytes from the start of the (uncompressed) input
  std::string message;        // one line for a person; empty for a clean end
};

// A source of records: a capture file, a pipe, later an interface.
class CaptureReader {
 public:
  virtual ~CaptureReader() = default;

  // The next few records. They and their bytes live until the next call. Empty when finished(), or
  // when a live source has nothing for now.
  virtual std::span<const Record> next_batch() = 0;

  // True once nothing will come any more; end() then says how it ended.
  [[nodiscard]] virtual bool finished() const = 0;
  [[nodiscard]] virtual const CaptureEnd& end() const = 0;

  // "pcap", "pcapng", with byte order and precision where they differ: for messages.
  [[nodiscard]] virtual std::string format_name() const = 0;

  // Bytes consumed so far, and the size of the input where it is known (a regular file): for progress.
  [[nodiscard]] virtual std::uint64_t bytes_read() const = 0;
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;
};

// Opens a capture; "-" is standard input. Errors: io (no such file, unreadable, a directory),
// unknown_format (with the first bytes named), damaged (too short to hold a header).
Result<std::unique_ptr<CaptureReader>> open_capture(const std::string& path);

}  // namespace restitch
