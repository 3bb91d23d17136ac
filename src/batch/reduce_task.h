// reduce(): what the map tasks of a batch found, made one, as if one process had read all files. The files
// are gone through in order of time, with one set of pools, which are given only the packets of tuples that
// crossed a border. What they say of such a tuple replaces what the map tasks said. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "batch/setup.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {
namespace batch {

struct ReduceReport {
  std::uint64_t connections = 0;
  std::uint64_t crossing = 0;  // of those, of tuples that crossed a border
  std::uint64_t files = 0;
  std::uint64_t read_again = 0;      // files that were read once more for some of their packets
  std::uint64_t overlapping = 0;     // files whose times overlap: all of them was read again
  std::uint64_t limited = 0;         // how often a limit of all connections acted
  bool fragments_cut = false;        // too many fragments waited at a border
  std::vector<std::string> damages;  // lines about inputs
};

// Writes lines in order. Errors: io; damaged, for what is not a result of this manifest's tasks.
Result<ReduceReport> reduce(const BatchSetup& setup, const std::string& folder,
                            const std::function<void(std::string_view)>& write);

}  // namespace batch
}  // namespace restitch
