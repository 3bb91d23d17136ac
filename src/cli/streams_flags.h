// How `restitch streams` lists connections: that part of the command line.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace restitch::cli {

struct Options;

class StreamsFlags {
 public:
  // `options` have to outlive this.
  explicit StreamsFlags(Options& options) : options_(options) {}

  void add_to(CLI::App& command);

  // After parsing, when the inputs are finished. False: what is wrong is in `complaint`.
  bool finish(std::string& complaint);

 private:
  void add_sorting(CLI::App& command);
  bool take_columns(std::string& complaint);

  Options& options_;
  std::vector<std::string> columns_;
};

}  // namespace restitch::cli
