// What the watched hosts do with what they are sent, and what is wanted to be known of it: that part of the
// command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "restitch/receiver_table.h"

namespace CLI {
class App;
}

namespace restitch::cli {

struct ReceiverSelection {
  ReceiverTable table;
  std::optional<std::int64_t> acknowledged_tolerance_ns;
  bool observe = false;
  bool tell_copies = false;
  Checksums checksums = Checksums::by_direction;

  // `options` borrow the table.
  void apply(PoolOptions& options) const;
};

// All names, in lines of `width` at most.
std::string receiver_names(std::size_t width);
std::vector<std::string> receiver_words();

class ReceiverFlags {
 public:
  // `selection` has to outlive this.
  explicit ReceiverFlags(ReceiverSelection& selection) : selection_(selection) {}

  // `choose`: with the flag that chooses.
  void add_to(CLI::App& command, bool choose);

  // After parsing. False: what is wrong is in `complaint`.
  bool finish(std::string& complaint);

 private:
  void add_choice(CLI::App& command);
  void add_checksums(CLI::App& command);
  bool take_receiver(const std::string& text, std::string& complaint);

  ReceiverSelection& selection_;
  std::vector<std::string> receivers_;
  std::string acknowledged_;
  std::string checksums_ = "auto";
};

}  // namespace restitch::cli
