// How logs are written: that part of the command line.
#pragma once

#include <string>
#include <vector>

#include "restitch/app/record_sinks.h"
#include "restitch/output_log.h"

namespace CLI {
class App;
}

namespace restitch::cli {

class LogFlags {
 public:
  // `options` have to outlive this.
  LogFlags(LogFileOptions& options, RowOptions& rows) : options_(options), rows_(rows) {}

  void add_to(CLI::App& command);

  // After parsing; `directory` is empty for standard output. False: what is wrong is in `complaint`.
  bool finish(const std::string& directory, std::string& complaint);

 private:
  bool finish_rotation(const std::string& directory, std::string& complaint);
  bool finish_kinds(const std::string& directory, std::string& complaint);
  bool finish_digests(std::string& complaint);

  LogFileOptions& options_;
  RowOptions& rows_;
  std::string rotation_;
  std::vector<std::string> kind_names_;
  std::vector<std::string> digest_names_;
};

}  // namespace restitch::cli
