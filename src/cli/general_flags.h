// How a run goes on and what is told of it, whatever it does: that part of the command line.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace restitch::cli {

struct Options;

class GeneralFlags {
 public:
  // `options` have to outlive this.
  explicit GeneralFlags(Options& options) : options_(options) {}

  void add_threads_to(CLI::App& command);
  // In grep -q and -v stand for something else.
  void add_to(CLI::App& command, bool grep);
  void add_quiet_to(CLI::App& command);

  // After parsing, when the rest is finished. False: what is wrong is in `complaint`.
  bool finish(std::string& complaint);

 private:
  Options& options_;
  unsigned threads_ = 0;  // 0: as many as there is work for
};

}  // namespace restitch::cli
