// How logs of connections are written: that part of the command line.
#pragma once

#include <string>

#include "restitch/output_log.h"

namespace CLI {
class App;
}

namespace restitch::cli {

class LogFlags {
 public:
  // `options` have to outlive this.
  explicit LogFlags(LogFileOptions& options) : options_(options) {}

  void add_to(CLI::App& command);

  // After parsing; `directory` is empty for standard output. False: what is wrong is in `complaint`.
  bool finish(const std::string& directory, std::string& complaint);

 private:
  LogFileOptions& options_;
  std::string rotation_;
};

}  // namespace restitch::cli
