// BatchInput: some files of a batch as one input, behind its filter. It tells when their packets came, also
// those that the filter leaves out. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "batch/setup.h"
#include "restitch/capture.h"
#include "restitch/capture_inputs.h"

namespace RESTITCH_API restitch {
namespace batch {

class TimedReader;

class BatchInput {
 public:
  // Files by their numbers from 0. Errors: io, for one that is not what the manifest says; invalid_argument,
  // for the filter.
  static Result<BatchInput> open(const BatchSetup& setup, const std::vector<std::size_t>& files);

  [[nodiscard]] CaptureReader& reader() { return *reader_; }

  // As of now; both 0 if nothing came.
  [[nodiscard]] Timestamp earliest() const;
  [[nodiscard]] Timestamp latest() const;

  // What is wrong with the files, in one line that names them; empty: nothing.
  [[nodiscard]] std::string damage() const;
  // Whether the user asked for the end before it was reached.
  [[nodiscard]] bool stopped() const { return merged_->end().stopped; }

 private:
  BatchInput() = default;

  std::unique_ptr<CaptureReader> reader_;
  MergedReader* merged_ = nullptr;  // what reader_ leads to
  TimedReader* timed_ = nullptr;
};

}  // namespace batch
}  // namespace restitch
