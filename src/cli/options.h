// What the user asked for: the command line, parsed. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/input_flags.h"
#include "cli/limit_flags.h"
#include "cli/memory_plan.h"
#include "cli/receiver_flags.h"
#include "restitch/output.h"

namespace restitch::cli {

enum class Command { streams, extract, follow, diff };

// What is told on standard error in the end.
enum class Statistics { summary, text, json };

struct Options {
  Command command = Command::streams;

  // All commands.
  InputSelection input;
  ReceiverSelection receivers;
  LimitSelection limits;
  MemoryPlan memory;
  Statistics statistics = Statistics::summary;
  unsigned threads = 1;
  std::string metrics;  // where to serve them; empty: nowhere
  bool quiet = false;
  bool verbose = false;

  // streams, diff
  bool json = false;

  // streams
  bool events = false;
  bool with_empty = false;

  // extract
  std::string directory;
  ExtractionOptions extraction;
  bool captures = false;  // a pcapng for each connection instead
  double flush_interval_s = 1;

  // follow
  std::uint64_t number = 0;
  FollowFormat format = FollowFormat::ascii;
  bool notes = false;
  bool read_on = false;  // to the end of the input, also when the connection is complete

  // diff
  std::vector<const ReceiverPolicy*> diff_receivers;
};

// Either options, or the exit status when there is nothing left to do: help was printed, or one line
// about what was wrong with the command line.
struct ParsedOptions {
  std::optional<Options> options;
  int status = 0;
};

ParsedOptions parse_options(int argc, const char* const* argv);

// What --version prints: ours, and that of each library we stand on.
std::string version_text();

}  // namespace restitch::cli
