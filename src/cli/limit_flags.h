// How much a run may hold, and how long things may wait: that part of the command line.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/input_flags.h"
#include "restitch/limits.h"
#include "restitch/options.h"

namespace CLI {
class App;
}

namespace restitch::cli {

struct LimitSelection {
  std::size_t memory = std::size_t{1} << 30;
  LimitPolicy at_total_bytes = LimitPolicy::skip_greediest;
  LimitPolicy at_connections = LimitPolicy::evict_idlest;
  Ageing ageing{};
  AssemblerOptions assembler{};
  std::size_t history_bytes_max = std::size_t{64} << 10;
};

class LimitFlags {
 public:
  // `selection` has to outlive this.
  explicit LimitFlags(LimitSelection& selection) : selection_(selection) {}

  void add_to(CLI::App& command);
  // Of a command that keeps no connections: --memory alone.
  void add_memory_to(CLI::App& command);

  // After parsing; what is live ages in another way than a file. False: what is wrong is in `complaint`.
  bool finish(const InputSelection& input, std::string& complaint);

 private:
  bool take_timeout(const std::string& text, std::string& complaint);

  LimitSelection& selection_;
  int pages_max_ = 0;
  int connection_pages_max_ = 0;
  std::string at_memory_ = "skip";
  std::string at_connections_ = "evict";
  std::vector<std::string> timeouts_;
};

}  // namespace restitch::cli
