// What `restitch grep` is asked for: that part of the command line.
#pragma once

#include <string>
#include <vector>

#include "restitch/app/search_stream.h"

namespace CLI {
class App;
}

namespace restitch::cli {

class InputFlags;

struct GrepSelection {
  // What is printed.
  enum class Output {
    excerpts,     // lines with matches, or each match
    counts,       // how many there are in each direction
    connections,  // which connections have one
    others,       // which have none
    unmatched,    // which directions have none
    nothing,
  };

  std::vector<std::string> patterns;
  SearchOptions search;
  SearchPlan plan;
  Output output = Output::excerpts;
  bool json = false;
  bool matches_only = false;
  bool heads = true;
  std::string capture;  // where the packets of what matches go; empty: nowhere

  // Whether it is told for each connection at its end.
  [[nodiscard]] bool at_end() const { return output != Output::excerpts; }
};

class GrepFlags {
 public:
  // Letters that stand for something else here than in other commands.
  static constexpr std::string_view taken_letters = "ifFcvBq";

  // `selection` has to outlive this.
  explicit GrepFlags(GrepSelection& selection) : selection_(selection) {}

  // Before the words that are files: REGEX comes first.
  void add_pattern_to(CLI::App& command);
  void add_to(CLI::App& command);

  // After parsing, and before `input` finishes. False: what is wrong is in `complaint`.
  bool finish(InputFlags& input, std::string& complaint);

 private:
  void add_patterns(CLI::App& command);
  void add_output(CLI::App& command);
  void add_context(CLI::App& command);
  bool take_patterns(InputFlags& input, std::string& complaint);
  bool take_sides(std::string& complaint);
  bool take_context(std::string& complaint);
  bool take_output(std::string& complaint);

  GrepSelection& selection_;
  std::string word_;  // REGEX, or the first FILE
  std::vector<std::string> expressions_;
  std::vector<std::string> files_;
  std::string then_;
  std::string before_;
  std::string after_;
  std::string around_;
  bool client_ = false;
  bool server_ = false;
  bool counts_ = false;
  bool connections_ = false;
  bool others_ = false;
  bool unmatched_ = false;
  bool nothing_ = false;
};

}  // namespace restitch::cli
