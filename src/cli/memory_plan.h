// MemoryPlan: --memory, divided over all that a command holds. A value; any thread.
//
//   3/16  reading: buffers, decompressors, what waits to be merged, chunks of the threads
//   3/16  output: lists of gaps and events, connections that wait to be told, files' buffers, differences
//   5/8   the pools: memory_budget() divides it
//
// What the program itself takes, its libraries and the stacks of its threads come on top.
#pragma once

#include <cstddef>

#include "restitch/capture_inputs.h"
#include "restitch/limits.h"
#include "restitch/output.h"

namespace restitch::cli {

// What a command keeps for each connection besides what reassembly needs.
struct CommandCost {
  std::size_t connection = 0;  // stream, summary, names of files
  std::size_t pools = 1;       // as large as each other, for the same connections
};

struct MemoryPlan {
  // Reading.
  std::size_t reading_max = 0;
  std::size_t buffer_max = 0;   // of one input
  std::size_t waiting_max = 0;  // of packets that wait for an input
  unsigned threads_max = 1;

  // Output.
  LogLimits log{};
  FileLimits files{};
  std::size_t follow_waiting_max = 0;
  std::size_t undecided_max = 0;  // of diff
  std::size_t shown_max = 0;

  MemoryBudget pool{};  // of each of CommandCost::pools
};

// Less than 16 MiB is taken for 16 MiB.
MemoryPlan plan_memory(std::size_t total, const CommandCost& cost);

}  // namespace restitch::cli
