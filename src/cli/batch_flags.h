// What `restitch batch` is to do: that part of the command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace restitch::cli {

struct InputSelection;

enum class BatchStep { plan, map, reduce };

struct BatchSelection {
  BatchStep step = BatchStep::plan;
  std::string manifest;
  std::uint64_t task = 0;
  std::string output;                  // of map a folder, of reduce a file; empty: standard output
  std::vector<std::string> arguments;  // of plan: the flags that go into the manifest
};

class BatchFlags {
 public:
  // `selection` has to outlive this.
  explicit BatchFlags(BatchSelection& selection) : selection_(selection) {}

  // The words in front of FILE.
  void add_step_to(CLI::App& command);
  void add_to(CLI::App& command);

  // After parsing, before the inputs are looked at: whether this step takes a FILE.
  [[nodiscard]] bool takes_files() const { return selection_.step != BatchStep::map; }

  // After parsing; `input` is finished if the step takes files. False: what is wrong is in `complaint`.
  bool finish(const CLI::App& command, const InputSelection& input, std::string& complaint);

 private:
  bool take_arguments(const CLI::App& command, const InputSelection& input, std::string& complaint);
  bool check_step(const InputSelection& input, std::string& complaint) const;

  BatchSelection& selection_;
};

}  // namespace restitch::cli
