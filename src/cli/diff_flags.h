// Which receivers are compared, and how that is told: that part of the command line.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"

namespace CLI {
class App;
}

namespace restitch::cli {

class DiffFlags {
 public:
  // `options` have to outlive this.
  explicit DiffFlags(Options& options) : options_(options) {}

  void add_to(CLI::App& command);

  // After parsing. False: what is wrong is in `complaint`.
  bool finish(std::string& complaint);

 private:
  Options& options_;
  std::vector<std::string> receivers_{"first", "last", "linux", "bsd"};
};

}  // namespace restitch::cli
