// Which connections a run is about: that part of the command line.
#pragma once

#include <string>

#include "restitch/output_where.h"

namespace CLI {
class App;
}

namespace restitch::cli {

class ChoiceFlags {
 public:
  // `where` has to outlive this.
  explicit ChoiceFlags(ConnectionFilter& where) : where_(where) {}

  void add_to(CLI::App& command);

  // After parsing. False: what is wrong is in `complaint`.
  bool finish(std::uint16_t community_seed, std::string& complaint);

 private:
  ConnectionFilter& where_;
  std::string expression_;
  std::string numbers_;
};

}  // namespace restitch::cli
