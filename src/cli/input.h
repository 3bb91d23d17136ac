// An Input is all that a run reads, files or interfaces, behind its filter. It owns the readers. One thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "cli/input_flags.h"
#include "cli/memory_plan.h"
#include "restitch/capture_filter.h"
#include "restitch/capture_inputs.h"

namespace restitch::cli {

class Input {
 public:
  // `stop` ends all inputs; it and the selection have to outlive the Input. Files that cannot be opened are
  // in troubles(), if that is all there is, or else in ends(). Error: of an interface or a filter; one line.
  // Secrets of TLS that lie in captures go to `secrets`, if it is there, before the packets behind them are
  // handed out.
  static Result<std::unique_ptr<Input>> open(const InputSelection& selection, const MemoryPlan& memory,
                                             const std::atomic<bool>& stop,
                                             ReadingMemory::TlsSecretsSink secrets = {});

  [[nodiscard]] CaptureReader& reader() { return *reader_; }
  [[nodiscard]] const CaptureReader& reader() const { return *reader_; }

  // Not empty: there is nothing to read, for these reasons, a line each.
  [[nodiscard]] const std::vector<std::string>& troubles() const { return troubles_; }
  // What lies in the directories and is not read, as far as is known.
  [[nodiscard]] const std::vector<SkippedFile>& skipped() const { return skipped_; }

  // One for each file and interface, by CaptureInfo::source_index. Before reading.
  [[nodiscard]] std::vector<std::string> names() const;
  // The same, as they ended.
  [[nodiscard]] std::vector<InputEnd> ends() const;
  // Whether one was not read to its end because of `stop`; and, in words, how far all were: "at 25 % of
  // a.pcap".
  [[nodiscard]] bool stopped() const;
  [[nodiscard]] std::string how_far() const;
  [[nodiscard]] std::uint64_t filtered_out() const { return filtered_ ? filtered_->filtered_out() : 0; }
  // Of a filter that matches nothing: one that would.
  [[nodiscard]] std::string better_filter() const { return filtered_ ? filtered_->would_match() : ""; }

 private:
  Input(const InputSelection& selection, const MemoryPlan& memory, const std::atomic<bool>& stop)
      : selection_(selection),
        stop_(stop),
        waiting_max_(memory.waiting_max),
        memory_(memory.reading_max, memory.buffer_max) {}

  Result<void> open_files();
  [[nodiscard]] FollowOptions following();
  void open_one(const std::string& name);
  void open_several();
  Result<void> open_interfaces();
  Result<void> filter(const std::string& expression);

  const InputSelection& selection_;
  const std::atomic<bool>& stop_;
  std::size_t waiting_max_;
  ReadingMemory memory_;  // before the readers, which borrow it
  std::unique_ptr<CaptureReader> reader_;
  std::string name_;                // of the one file, which needs no merging …
  MergedReader* merged_ = nullptr;  // … or this is what reader_ leads to
  FilteredReader* filtered_ = nullptr;
  std::vector<std::string> troubles_;
  std::vector<SkippedFile> skipped_;
};

}  // namespace restitch::cli
