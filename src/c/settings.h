// What options of the C interface mean for the library. The defaults are those of the command: the same
// capture gives the same streams.
#pragma once

#include <cstddef>
#include <cstdint>

#include "restitch/defragmenter.h"
#include "restitch/receiver_table.h"
#include "restitch/result.h"

namespace restitch::c {

// "linux", or with hosts "capture,10.0.0.0/8=linux"; null: "capture".
Result<ReceiverTable> parse_receivers(const char* text);

// Settings that belong together: they divide one sum of memory.
struct Settings {
  // 0: 1 GiB. Of that, 3/16 are for reading.
  explicit Settings(std::uint64_t memory_max);

  std::size_t reading_max;
  DecoderOptions decoder;
  PoolOptions pool;
};

// The options borrow the table.
void use_receivers(PoolOptions& options, const ReceiverTable& table);

}  // namespace restitch::c
