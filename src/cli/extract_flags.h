// What is extracted, and how: that part of the command line.
#pragma once

#include <string>

#include "cli/options.h"

namespace CLI {
class App;
}

namespace restitch::cli {

class ExtractFlags {
 public:
  // `options` have to outlive this.
  explicit ExtractFlags(Options& options) : options_(options) {}

  void add_to(CLI::App& command);

  // After parsing. False: what is wrong is in `complaint`.
  bool finish(std::string& complaint);

 private:
  bool check_destination(std::string& complaint) const;

  Options& options_;
  std::string template_{NameTemplate::tcpflow_default};
};

}  // namespace restitch::cli
