// Input: the captures that a reader of the C interface reads, behind its filter. Owns the readers. One
// thread; the stop flag may be set from anywhere.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "restitch/capture_filter.h"
#include "restitch/capture_inputs.h"

namespace restitch::c {

struct InputWishes {
  std::vector<std::string> paths;
  std::string filter;
  bool recursive = false;
  std::size_t memory_max = 0;
};

class Input {
 public:
  // `stop` has to outlive the Input. Errors: as of open_capture() if nothing can be read; of the filter.
  static Result<std::unique_ptr<Input>> open(const InputWishes& wishes, const std::atomic<bool>& stop);

  [[nodiscard]] CaptureReader& reader() { return *reader_; }

  // At the end: what was wrong with the inputs, in one line; empty if nothing was.
  [[nodiscard]] std::string damage() const;
  // Whether the stop flag was seen before the end.
  [[nodiscard]] bool stopped() const { return reader_->end().stopped; }

 private:
  explicit Input(std::size_t memory_max) : memory_(memory_max) {}
  Result<void> open_one(const std::string& path, const std::atomic<bool>& stop);
  Result<void> open_several(const InputWishes& wishes, const std::atomic<bool>& stop);
  Result<void> filter(const std::string& expression);

  ReadingMemory memory_;
  std::unique_ptr<CaptureReader> reader_;
  std::string name_;  // of the only one
};

}  // namespace restitch::c
