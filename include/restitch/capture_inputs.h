// Several captures as one: files, directories, rotated sets, files that still grow. A MergedReader hands
// out the records of all its inputs in order of time; it owns the inputs, and the bytes of a Record live
// until the next call. One thread at a time; the stop flag may be set from anywhere, a signal handler too.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "restitch/capture.h"

namespace RESTITCH_API restitch {

// A capture file and the time of its first record; 0: not known, or it has none.
struct InputFile {
  std::string path;
  Timestamp first{};
  std::string trouble{};  // why it cannot be read, in one line that begins with its name, if that is known

  friend bool operator==(const InputFile&, const InputFile&) = default;
};

// Something in a directory that is not read, and what it is: "not a capture", "bzip2-compressed", "a snoop
// capture", "hidden", "a directory", "not a file".
struct SkippedFile {
  std::string path;
  std::string kind;

  friend bool operator==(const SkippedFile&, const SkippedFile&) = default;
};

struct InputFiles {
  std::vector<InputFile> files;      // in order of their first record and then of their name
  std::vector<SkippedFile> skipped;  // in order of their name
};

// The files that these names stand for. A directory stands for the captures that lie in it, and with
// `recursive` below it (no link to a directory is followed); one that holds none, or cannot be read, is a
// file with a trouble. Other names stand for themselves, whether or not they can be opened. "-" and pipes are
// not looked into, and come first.
InputFiles expand_inputs(const std::vector<std::string>& paths, bool recursive = false);

// How to go on at the end of an input that grows. Clocks are those of this machine, not of the capture.
struct FollowOptions {
  const std::atomic<bool>* stop = nullptr;  // true: read what is there, then end
  std::int64_t idle_timeout_ns = 0;         // ends after so long without a new byte; 0: never
  // Called by whoever reads: another file has taken the place of the one of that name, which was read to its
  // end.
  std::function<void(const std::string& path)> on_replaced{};
  // The same, of a directory: what lies in it and is not read; each once.
  std::function<void(const SkippedFile& file)> on_skipped{};
  // The same, of a sender of packets: the connection to it broke off, or did not come about, and is tried
  // again. Once until something comes.
  std::function<void(const std::string& name, const std::string& why)> on_broken{};
  bool recursive = false;           // as for expand_inputs()
  ReadingMemory* memory = nullptr;  // of the readers; else they take what they need
};

// A file that is still written to: at its end, the reader waits for more. It need not exist yet nor hold a
// whole header. A record of which only a part is there is waited for; when stopped, it is left out, and
// that is no damage. When another file takes its place, as rotating writers do it, the old one is read to its
// end and the new one from its start; interface_index counts on. Errors as of open_capture().
Result<std::unique_ptr<CaptureReader>> follow_file(const std::string& path, const FollowOptions& options);

// A directory into which a rotating writer puts one file after the other: each is read to its end, which
// has come when a newer file holds a record and no byte came since. interface_index counts on from file to
// file; source_index stays 0. Errors: io (no such directory).
Result<std::unique_ptr<CaptureReader>> follow_directory(const std::string& path,
                                                        const FollowOptions& options);

// Whether a name is that of a sender of packets, as in tcp://10.0.0.1:57012, or TCP@10.0.0.1:57012 as
// Wireshark spells it (pcap-over-IP: pcap or pcapng through a TCP connection; the port is 57012 where none is
// named).
bool is_remote(const std::string& name);
// Whether such a name makes sense and its host is known, for which the resolver is waited for. Error:
// invalid_argument, one line. Requires: is_remote(name).
Result<void> check_remote(const std::string& name);

// Connects to a sender of packets. A connection that breaks off is tried again, at first after a quarter of a
// second and at last every half minute, until the end is asked for or `options.idle_timeout_ns` have passed
// without a packet; what arrived is delivered, end() counts the breaks and is damaged. When the sender closes
// the connection in order, that is the end; with `insist` it is tried again too, and the sender need not be
// there yet. packet_number and interface_index count on. Errors: invalid_argument (no such name), io (an
// unknown host, or nobody answers).
Result<std::unique_ptr<CaptureReader>> open_remote(const std::string& name, const FollowOptions& options,
                                                   bool insist = false);

// One input of a MergedReader, opened when its time has come: so a rotated set of any length costs one
// open file. `first` is the time of its first record; 0: open it at once.
struct MergeInput {
  std::string name;
  Timestamp first;
  std::optional<std::uint64_t> size;  // of the file, for progress
  std::function<Result<std::unique_ptr<CaptureReader>>()> open;
};

struct MergeOptions {
  static constexpr std::int64_t for_ever = std::numeric_limits<std::int64_t>::max();

  // How long a record waits for an input that has nothing for now (an interface, a growing file, a pipe):
  // until another record is so much younger, or so much time has passed. Files are merged exactly, without
  // it, and so is all else with for_ever.
  std::int64_t window_ns = 1'000'000'000;
  // What may wait, in bytes of memory; beyond it, the oldest goes on.
  std::size_t waiting_bytes_max = std::size_t{64} << 20;
  const std::atomic<bool>* stop = nullptr;  // true: what was not opened yet stays so (CaptureEnd::stopped)
};

// How one input of several ended.
struct InputEnd {
  std::string name;
  bool opened = false;
  bool finished = false;
  CaptureEnd end;  // damaged if it could not be opened; the message then begins with the name
};

// Merges inputs by time. Records of one input keep their order, whatever their times; among equal times
// the earlier input goes first. packet_number counts in each input, source_index says which it is, and
// interface_index counts in metadata() of the whole.
class MergedReader final : public CaptureReader {
 public:
  explicit MergedReader(std::vector<MergeInput> inputs, MergeOptions options = {});
  ~MergedReader() override;

  // One more input, numbered behind the others. Also when finished(), which is then no longer so.
  void add(MergeInput input);

  std::span<const Record> next_batch() override;
  void set_patience_ms(int ms) override { patience_ms_ = ms; }
  [[nodiscard]] bool finished() const override;
  // Damaged, or stopped, if any input is; the message names those that are damaged, with theirs. skipped is
  // the sum.
  [[nodiscard]] const CaptureEnd& end() const override { return end_; }
  // Of all inputs opened so far; texts about a file (hardware, application) are those of the first one.
  [[nodiscard]] const CaptureMetadata& metadata() const override;
  [[nodiscard]] std::string format_name() const override;
  [[nodiscard]] std::uint64_t bytes_read() const override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override;

  // One for each input, by source_index.
  [[nodiscard]] std::vector<InputEnd> ends() const;

 private:
  class Input;
  void drop_handed_out();
  bool refill();
  [[nodiscard]] bool stop_asked() const { return options_.stop != nullptr && options_.stop->load(); }
  [[nodiscard]] bool has_room() const;
  void emit(Input& input);
  void open_next();
  void open_due();
  void leave_due();
  [[nodiscard]] bool all_ready() const;
  void emit_exactly();
  void emit_behind_window();
  void finish();

  std::vector<std::unique_ptr<Input>> inputs_;  // by source_index
  std::vector<Input*> open_;                    // those that may still give something, by source_index
  std::vector<Input*> due_;                     // not opened yet, the earliest last
  MergeOptions options_;
  int patience_ms_ = 100;
  std::size_t waiting_bytes_ = 0;
  std::vector<Record> batch_;
  std::size_t batch_bytes_ = 0;
  CaptureEnd end_;
  bool finished_ = false;
  std::uint32_t interfaces_ = 0;
  mutable CaptureMetadata metadata_;
};

struct InputOptions {
  bool follow = false;  // directories and regular files still grow
  FollowOptions following;
  MergeOptions merging;  // the window counts with `follow`; without, pipes are waited for
};

// All inputs that these names stand for, merged: the way from a command line to records. An input that
// cannot be opened is damage of that input.
std::unique_ptr<MergedReader> open_inputs(const std::vector<std::string>& paths,
                                          const InputOptions& options = {});
// The same of files that are known, none of which grows.
std::unique_ptr<MergedReader> open_files(const std::vector<InputFile>& files,
                                         const InputOptions& options = {});

}  // namespace restitch
