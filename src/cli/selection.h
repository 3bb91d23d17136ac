// Selection: the numbers of the connections that a run is about. A value.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "cli/options.h"

namespace restitch::cli {

class Selection {
 public:
  // Reads all inputs for the connections that pass the filter: what a connection did, and what its number is,
  // is known at its end, and who asks needs to know it at the beginning. Who reads them again says what is
  // wrong with them. Nothing: they cannot be read twice, that was said, and `status` is the exit status.
  static std::optional<Selection> read_ahead(const Options& options, const ConnectionFilter& filter,
                                             int& status);

  // Whether the inputs can be read twice; can_read_twice() says so if they cannot.
  static bool possible(const Options& options);
  static bool can_read_twice(const Options& options);

  // Of no connection, to add some.
  static Selection none() {
    Selection selection;
    selection.all_ = false;
    return selection;
  }
  void add(std::uint64_t number) {
    if (chosen_.size() <= number) chosen_.resize(number + 1);
    chosen_[number] = true;
  }

  [[nodiscard]] bool has_all() const { return all_; }
  [[nodiscard]] bool has(std::uint64_t number) const {
    return all_ || (number < chosen_.size() && chosen_[number]);
  }
  // The lowest one; nothing if there is none.
  [[nodiscard]] std::optional<std::uint64_t> first() const {
    if (all_) return 0;
    const auto found = std::find(chosen_.begin(), chosen_.end(), true);
    if (found == chosen_.end()) return std::nullopt;
    return static_cast<std::uint64_t>(found - chosen_.begin());
  }

 private:
  bool all_ = true;
  std::vector<bool> chosen_;  // by number
};

}  // namespace restitch::cli
