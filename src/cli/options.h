// What the user asked for: the command line, parsed. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/batch_flags.h"
#include "cli/cluster_flags.h"
#include "cli/follow_flags.h"
#include "cli/grep_flags.h"
#include "cli/input_flags.h"
#include "cli/limit_flags.h"
#include "cli/memory_plan.h"
#include "cli/receiver_flags.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "restitch/app/record_sinks.h"
#include "restitch/output.h"
#include "restitch/output_where.h"

namespace restitch::cli {

enum class Command { streams, extract, follow, diff, log, grep, har, batch, sense, work, cluster };

// What is told on standard error in the end.
enum class Statistics { summary, text, json };

// By what the connections of a table are sorted, the largest first; by start the earliest.
enum class SortKey { bytes, packets, gaps, duration, events, start };

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
  bool muted = false;      // not even errors: another run of the same tells them
  ConnectionFilter where;  // which connections this is about, --connection included

  std::uint16_t community_seed = 0;

  // streams, diff
  bool json = false;

  // streams
  bool events = false;
  bool with_empty = false;
  std::optional<SortKey> sort;
  std::size_t top = 0;          // 0: all
  std::vector<Column> columns;  // of the table; empty: those that fit
  bool console = false;         // what is said instead of who says it

  // streams, follow, grep
  ColourMode colour = ColourMode::automatic;

  // extract, log
  std::string directory;

  // extract
  ExtractionOptions extraction;
  bool captures = false;  // a pcapng for each connection instead
  bool objects = false;   // what is inside instead
  double flush_interval_s = 1;
  std::string listen;  // where to serve the packets instead of writing them; empty: nowhere

  // log
  LogFileOptions log;
  RowOptions log_rows;

  // What looks into streams.
  std::string keylog;  // with the secrets of TLS; empty: none

  FollowSelection follow;

  GrepSelection grep;

  std::size_t har_body_max = std::size_t{1} << 20;
  BatchSelection batch;
  ClusterSelection cluster;

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
