// FileStream: a stream that writes each direction of its connection to a file, and an Extraction, the
// folder they all write to. Besides the files, the folder gets an index, one JSON object a line.
//
// Nothing is written outside the folder, no symbolic link in it is followed, and nothing that was there is
// changed. Only a bounded number of files is open, each with a bounded buffer.
//
// The Extraction owns files and index, and must outlive the pool of its streams. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "restitch/output_connections.h"
#include "restitch/output_names.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {

struct FileLimits {
  std::size_t open_files_max = 0;  // at the same time; 0: what RLIMIT_NOFILE allows, at most 4096
  // Bytes that wait to be written in one piece: of each open file, and of all. In memory, as the others.
  std::size_t buffer_size = 65536;
  std::size_t buffered_max = std::size_t{64} << 20;
  std::size_t listed_max = std::size_t{64} << 20;  // what is not in the index yet of open streams
  std::size_t names_max = std::size_t{32} << 20;   // names that were wanted more than once
};

// What becomes of bytes that were not captured.
enum class GapMode {
  skip,  // left out: the file holds what was captured, and nothing else
  zero,  // zeros, so that offsets in the file are those in the stream; holes, where the file system can
  stop,  // the file ends at the first gap
};

struct ExtractionOptions {
  static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

  NameTemplate names{};
  GapMode gaps = GapMode::skip;
  // With GapMode::zero, for one direction, and for all together: two packets can claim 2 GiB between them. A
  // gap that is larger than what is left is skipped.
  std::uint64_t zeros_max = std::uint64_t{64} << 20;
  std::uint64_t zeros_total_max = std::uint64_t{1} << 30;
  // What may be written at all: files beside the index, and bytes in them, zeros included. Directions beyond
  // get no file, and bytes none has room for are left out.
  std::uint64_t files_max = unlimited;
  std::uint64_t bytes_max = unlimited;
  std::uint64_t file_bytes_max = unlimited;  // of each file
  // For a capture without end: a direction that has ended gets its line in the index then, and does not wait
  // for the other one.
  bool index_directions = false;
  std::uint16_t community_seed = 0;  // of the ids in the index
  FileLimits limits{};
};

// What an extraction did so far.
struct ExtractionCounts {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;             // in them, as far as the system took them; without zeros
  std::uint64_t zeros = 0;             // bytes of gaps filled
  std::uint64_t gaps_not_filled = 0;   // because of the limits on zeros
  std::uint64_t bytes_after_stop = 0;  // left out behind the first gap of their stream
  std::uint64_t streams_left_out = 0;  // directions without a file, because of files_max …
  std::uint64_t bytes_left_out =
      0;  // … and bytes of them, or for which bytes_max, file_bytes_max had no room
};

class FileStore;
class OutputFolder;

// The folder. A file's time of modification is when the packet with its last byte was captured. Its
// index.jsonl has one line for each direction with payload, when its connection has ended (or with
// ExtractionOptions::index_directions the direction itself; it counts the packets up to then, and a further
// line follows at the end only if more was written): what append_connection_json() says, and
//
//   file       its name, relative to the folder
//   file_size
//   runs       [[file offset, stream offset, size, time, packet number],…]: which packet brought what. Where
//              there is more to tell an object follows: {"source":1,"interface":2,"sent":"again"}, of which
//              zeros and "first" are left out (CaptureInfo::source_index, interface_index, Transmission)
//   copies     [[stream offset, size, time, packet number],…]: who else brought the same bytes, if the pool
//              tells (PoolOptions::tell_copies); left out if none. copies_unlisted: so many more
//
// A direction of very many packets has lines of its own before that, with only `file`, `runs` and `copies`;
// those of a file are those of all its lines, in their order.
class Extraction {
 public:
  static constexpr std::string_view index_name = "index.jsonl";

  // Fails, having written nothing, if the folder cannot be made or holds an index already.
  static Result<std::unique_ptr<Extraction>> open(const std::string& directory,
                                                  const ExtractionOptions& options = {});
  // The same in a folder that is open: for who gives up the rights to make it before it is written to.
  static Result<std::unique_ptr<Extraction>> open(OutputFolder folder, const ExtractionOptions& options = {});
  Extraction(std::unique_ptr<FileStore> store, std::uint32_t index, const ExtractionOptions& options);
  ~Extraction();

  // Writes out what waits, so that it is in files and index even if this process is killed.
  void flush();

  // The same, after the pool's flush_all(); nothing may follow.
  void finish();

  // The first thing that went wrong, such as a full disk; from then on nothing is written.
  [[nodiscard]] const std::optional<Error>& error() const;
  // What waits to be written is not counted yet.
  [[nodiscard]] ExtractionCounts counts() const;

 private:
  friend class FileStream;
  friend class CaptureStream;
  struct Names;

  // A new file for a direction; nothing after an error.
  std::optional<std::uint32_t> create(const ConnectionSummary& summary, TcpFlowDirection direction,
                                      std::string_view suffix = {});
  std::optional<std::uint32_t> create_repeat(StreamName& name, const std::string& plain,
                                             std::string_view suffix);
  // Puts the directions that have something in more_ into the index, and empties that.
  void index_end(const ConnectionSummary& summary);
  // Whether there may be one more file.
  [[nodiscard]] bool may_create() const { return counts_.files < options_.files_max; }
  // How many of so many bytes may be written to a file of this size; they count as written.
  std::uint64_t admit(std::uint64_t size, std::uint64_t file_size);
  // The same of zeros for a gap of a direction, all or none.
  bool admit_zeros(std::uint64_t size, std::uint64_t file_size, std::uint64_t& zeros_of_direction);
  bool list(std::size_t size);
  void unlist(std::size_t size) { listed_ -= size; }

  std::unique_ptr<FileStore> store_;
  std::uint32_t index_;
  ExtractionOptions options_;
  std::unique_ptr<Names> names_;
  ExtractionCounts counts_;     // all but the bytes
  std::uint64_t admitted_ = 0;  // bytes and zeros
  std::size_t listed_ = 0;      // memory of what is not in the index yet
  bool finished_ = false;
  std::uint64_t index_size_ = 0;     // then
  std::string line_;                 // scratch
  std::array<std::string, 2> more_;  // scratch: further members of a line, by direction
  std::vector<std::uint8_t> block_;  // scratch
};

// A stream for BasicAssembler.
class FileStream {
 public:
  // Without `written`, it takes notes and writes nothing.
  FileStream(Extraction& extraction, ConnectionLog& log, ConnectionSummary& summary, bool written = true)
      : extraction_(&extraction), notes_(log, summary), written_(written) {}

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
    if (tcp.fin()) sides_[static_cast<std::size_t>(direction)].fin = true;
    if (tcp.rst()) reset_ = true;
    return notes_.accept(tcp, info, direction, next_seq, start, context);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context);
  bool reassembly_complete(AssemblerContext* context, EndReason reason);
  void on_event(const Event& event);

 private:
  struct Run {
    std::uint64_t file_offset;
    std::uint64_t stream_offset;
    std::uint64_t size;
    Timestamp time;
    std::uint64_t packet_number;
    std::uint32_t source;
    std::uint32_t interface;
    Transmission transmission;
  };
  struct Copy {
    std::uint64_t stream_offset;
    std::uint64_t size;
    Timestamp time;
    std::uint64_t packet_number;
  };
  struct Side {
    std::optional<std::uint32_t> file;
    std::uint64_t gap = 0;  // bytes missing just before what comes next
    std::uint64_t zeros = 0;
    bool stopped = false;   // at a gap
    bool refused = false;   // a limit has no room for it
    std::vector<Run> runs;  // not yet in the index
    std::vector<Copy> copies;
    std::uint64_t copies_unlisted = 0;
    bool fin = false;      // one was seen
    bool indexed = false;  // as a whole, up to now

    [[nodiscard]] bool has_news() const { return !runs.empty() || !copies.empty() || copies_unlisted != 0; }
  };

  void take(Side& side, const ScatterGather& sg);
  bool settle_gap(Side& side);
  void write(Side& side, const ScatterGather& sg);
  void write_chunk(Side& side, std::uint64_t stream_offset, const ScatterGather::Chunk& chunk);
  template <class Item>
  void note(Side& side, std::vector<Item>& list, Item item, std::size_t items_max);
  template <class Item>
  void forget(std::vector<Item>& list);
  static void append_origin(std::string& out, const Run& run);
  void append_copies(std::string& out, Side& side);
  void append_runs(std::string& out, Side& side);
  void index_runs(Side& side);
  void append_file(std::string& out, Side& side);
  void index_side(TcpFlowDirection direction);

  Extraction* extraction_;
  SummaryStream notes_;
  bool written_;
  std::array<Side, 2> sides_;
  bool reset_ = false;  // perhaps: a RST was seen
};

// `wanted` says whether a connection is to be written, by its number and ends; the others are only logged.
class FileStreamFactory {
 public:
  using Wanted = std::function<bool(const ConnectionSummary&)>;

  FileStreamFactory(Extraction& extraction, ConnectionLog& log, Wanted wanted = {})
      : extraction_(extraction), log_(log), wanted_(std::move(wanted)) {}

  std::optional<FileStream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                   AssemblerContext& /*context*/) {
    ConnectionSummary& summary = log_.open(net, transport);
    return std::optional<FileStream>(std::in_place, extraction_, log_, summary, !wanted_ || wanted_(summary));
  }

 private:
  Extraction& extraction_;
  ConnectionLog& log_;
  Wanted wanted_;
};

}  // namespace restitch
