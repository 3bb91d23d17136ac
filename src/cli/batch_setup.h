// The setup of a batch: what its manifest says, read as the command line of `restitch streams --json`. The
// manifest may come from anywhere: it can ask for no more than that.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "batch/setup.h"
#include "cli/options.h"
#include "restitch/result.h"

namespace restitch::cli {

struct PlannedBatch {
  explicit PlannedBatch(Options read)
      : options(std::move(read)), memory(options.memory.reading_max, options.memory.buffer_max) {}

  Options options;  // the setup borrows this and the next
  ReadingMemory memory;
  batch::BatchSetup setup;
};

// Errors: one line that names the manifest.
Result<std::unique_ptr<PlannedBatch>> read_manifest(const std::string& path);

}  // namespace restitch::cli
