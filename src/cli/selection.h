// Selection: which connections a run is about, by --where and --connection. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "cli/options.h"

namespace restitch::cli {

class Selection {
 public:
  // What a connection did, and its number, is known at its end. A command that needs to know it at the
  // beginning reads its inputs once more for this. Nothing: that failed, and `status` is the exit status.
  static std::optional<Selection> read_ahead(const Options& options, int& status);

  [[nodiscard]] bool has_all() const { return all_; }
  [[nodiscard]] bool has(std::uint64_t number) const { return all_ || numbers_.contains(number); }
  // The lowest one; nothing if there is none.
  [[nodiscard]] std::optional<std::uint64_t> first() const {
    return numbers_.empty() ? std::nullopt : std::optional(*numbers_.begin());
  }

 private:
  bool all_ = true;
  std::set<std::uint64_t> numbers_;
};

}  // namespace restitch::cli
