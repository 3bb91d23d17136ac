// What `restitch har` writes: that part of the command line.
#pragma once

#include <cstddef>

namespace CLI {
class App;
}

namespace restitch::cli {

class HarFlags {
 public:
  // `body_max` has to outlive this.
  explicit HarFlags(std::size_t& body_max) : body_max_(body_max) {}

  void add_to(CLI::App& command);

 private:
  std::size_t& body_max_;
};

}  // namespace restitch::cli
