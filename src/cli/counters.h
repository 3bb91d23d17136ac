// All that a run counts, in one list, and that list in the formats people read it in. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/restitch.h"

namespace restitch::cli {

// The state of a run at one moment.
struct RunCounts {
  FeedCounts fed;
  ByteCounts bytes;
  EventCounts events{};
  PoolSize pool;
  FragmentCounts fragments;
  std::uint64_t filtered_out = 0;
  std::uint64_t inputs_incomplete = 0;
  bool interrupted = false;
  std::vector<CaptureInterface> interfaces;
};

struct Counter {
  std::string_view name;  // as in Prometheus, without "restitch_" and "_total"
  std::string_view help;
  bool rises = true;       // a counter; else a gauge
  std::string_view label;  // what tells several values of one name apart; may be empty
  std::string label_value;
  std::uint64_t value = 0;
};

std::vector<Counter> counters_of(const RunCounts& counts);

// A line for each, aligned.
std::string counters_text(const std::vector<Counter>& counters);
// One object on one line; values of one name in an object of their own.
std::string counters_json(const std::vector<Counter>& counters);
// The text format of Prometheus, version 0.0.4.
std::string counters_prometheus(const std::vector<Counter>& counters);

}  // namespace restitch::cli
