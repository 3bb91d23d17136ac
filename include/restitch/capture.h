// Captures: where packets come from. A CaptureReader turns a file or a pipe into Records, a few at a
// time. The bytes of a Record belong to the reader and live until the next call. One thread at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "restitch/capture_info.h"
#include "restitch/packet.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {

// One captured frame.
struct Record {
  CaptureInfo info;
  LinkType link_type = LinkType::ethernet;
  Bytes frame;  // info.captured_size bytes
};

// How an input ended.
struct CaptureEnd {
  bool damaged = false;       // it broke off or contradicted itself; what was sound was delivered
  std::uint64_t offset = 0;   // where: start of the first unsound record, in (uncompressed) bytes
  std::uint64_t skipped = 0;  // packets left out because their own fields contradict the file's
  std::string message;        // one line for a person, without the input's name; empty for a clean end
  bool stopped = false;       // the user asked for the end (a stop flag) before it was reached
};

// Where packets were captured. A pcap file has one interface; a pcapng file may have several in each section,
// numbered through the file. All texts are one line of UTF-8 without controls; those of hostile size are cut.
struct CaptureInterface {
  std::string name;
  std::string description;
  std::string comment;
  std::string filter;  // capture filter, as text
  LinkType link_type = LinkType::ethernet;
  std::uint32_t snap_size = 0;     // longest frame kept; 0: no limit
  std::uint32_t section = 0;       // section of the file it belongs to, from 0
  std::uint32_t source_index = 0;  // which of several inputs it belongs to
  // What the capturing system counted, from its latest statistics.
  std::optional<std::uint64_t> received;
  std::optional<std::uint64_t> dropped;     // by the interface
  std::optional<std::uint64_t> os_dropped;  // by the operating system
};

// A comment that someone put on one packet.
struct PacketComment {
  std::uint64_t packet_number = 0;
  std::uint32_t source_index = 0;
  std::string text;

  friend bool operator==(const PacketComment&, const PacketComment&) = default;
};

// What an input says about itself, as far as it was read.
struct CaptureMetadata {
  std::string hardware;
  std::string os;
  std::string application;
  std::vector<std::string> comments;           // of the sections
  std::vector<PacketComment> packet_comments;  // the first thousand
  std::uint64_t packet_comment_count = 0;      // of all
  std::vector<CaptureInterface> interfaces;    // CaptureInfo::interface_index counts in here
};

// The memory of records that outlived their reader's next call (CaptureReader::hand_over). A reader that is
// given it back reads on in it.
struct RecordMemory {
  std::unique_ptr<std::uint8_t[]> bytes;
  std::size_t size = 0;
};

// A record (a pcapng block) above this size is taken as damage, not as data.
inline constexpr std::size_t record_size_max = std::size_t{256} << 20;

// What readers may take together: buffers, decompressors, what they remember of interfaces. Who has none for
// one more thing says so: a file that takes too much to decompress is not read, a record that does not fit
// into its buffer is damage. It also says who hears of secrets that lie in captures. Borrowed by the readers,
// which must be gone before it. One thread at a time.
class ReadingMemory {
 public:
  // Borrows the text for the call.
  using TlsSecretsSink = std::function<void(std::string_view)>;

  // Bytes of all, and of the buffer of one input, which has to hold its largest record.
  explicit ReadingMemory(std::size_t max, std::size_t buffer_max = record_size_max + 64)
      : max_(max), buffer_max_(buffer_max) {}
  ReadingMemory(const ReadingMemory&) = delete;
  ReadingMemory& operator=(const ReadingMemory&) = delete;

  [[nodiscard]] std::size_t left() const { return max_ - taken_; }
  [[nodiscard]] std::size_t buffer_max() const { return buffer_max_; }

  bool take(std::size_t size) {
    if (size > left()) return false;
    taken_ += size;
    return true;
  }
  // Requires: so much was taken.
  void give_back(std::size_t size) { taken_ -= size; }

  // Whole lines of a key log of TLS, out of a secrets block of pcapng, go to `sink` before the packets that
  // stand behind that block are handed out. Nobody hears of them without one.
  void set_tls_secrets_sink(TlsSecretsSink sink) { tls_secrets_sink_ = std::move(sink); }
  void tell_tls_secrets(std::string_view lines) const {
    if (tls_secrets_sink_) tls_secrets_sink_(lines);
  }

 private:
  TlsSecretsSink tls_secrets_sink_;
  std::size_t max_;
  std::size_t buffer_max_;
  std::size_t taken_ = 0;
};

// A source of records: a capture file, a pipe, an interface, several of these.
class CaptureReader {
 public:
  virtual ~CaptureReader() = default;

  // The next few records. They and their bytes live until the next call. Empty when finished(), or
  // when a live or filtered source, or a pipe, has nothing for now. A pipe hands out what is whole instead of
  // waiting for more.
  virtual std::span<const Record> next_batch() = 0;

  // Lets records live until hand_over(), for who works on some while others are read: from now on
  // next_batch() also comes back empty when what it handed out leaves no room for more. False: this reader
  // cannot, and its records have to be copied.
  virtual bool keep_records() { return false; }

  // Gives away the bytes of all records handed out so far, in `memory`, and reads on in what was there if
  // that is of `size` bytes, else in as much.
  // Requires: keep_records() answered true, and next_batch() came back empty.
  virtual void hand_over(RecordMemory& /*memory*/, std::size_t /*size*/) {}

  // How long next_batch() of a live or growing source, or of a pipe, may wait before it comes back with
  // nothing; 0: not at all. At first 100. Files do not care.
  virtual void set_patience_ms(int /*ms*/) {}

  // True once nothing will come any more; end() then says how it ended.
  [[nodiscard]] virtual bool finished() const = 0;
  [[nodiscard]] virtual const CaptureEnd& end() const = 0;

  // What is known so far; it grows as the input is read.
  [[nodiscard]] virtual const CaptureMetadata& metadata() const = 0;

  // "pcap", "pcapng", with byte order and precision where they differ: for messages.
  [[nodiscard]] virtual std::string format_name() const = 0;

  // Bytes taken from the input so far (compressed ones, if it is), and the size of the input where it
  // is known (a regular file): for progress.
  [[nodiscard]] virtual std::uint64_t bytes_read() const = 0;
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;
};

// Opens a capture; "-" is standard input. One that is compressed with gzip, zstd, lz4 or xz is recognised by
// its content. Records longer than the file's snap length are read. Errors, with a message that begins
// with the path: io (no such file, unreadable, a directory), unknown_format (none we know), unsupported
// (one we only know the name of), damaged (too short to hold a header, or not to be decompressed).
// Waits for the start of a pipe. Once `stop` is true, which a signal handler may set, a file is read no
// further, and a pipe until it says nothing for a tenth of a second, and for no more than one; that is no
// damage, but end() says stopped.
Result<std::unique_ptr<CaptureReader>> open_capture(const std::string& path,
                                                    const std::atomic<bool>* stop = nullptr,
                                                    ReadingMemory* memory = nullptr);

}  // namespace restitch
