// LineMerger: the lines of all map files and those of the pools, in order of the first packets of their
// connections, which are numbered then. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "restitch/result.h"

namespace RESTITCH_API restitch {
namespace batch {

// A connection that the pools tell, as `streams --json` does. The upper bits of its rank are its file.
struct ResultLines {
  std::uint64_t rank = 0;
  std::string lines;
};

// Tuples of a file, by their numbers in its carry.
using Replaced = std::unordered_set<std::uint32_t>;

class LineMerger {
 public:
  // Borrows the results, which are in order, and writes with `write`.
  LineMerger(const std::vector<ResultLines>& results, unsigned rank_bits,
             const std::function<void(std::string_view)>& write)
      : results_(results), rank_bits_(rank_bits), write_(write) {}

  // Adds what the map file of the next file says of tuples that are not replaced; nullptr: all are. Errors:
  // io; damaged, also when it has not as many lines as it should.
  Result<void> add_file(std::size_t file, const std::string& path, std::uint64_t lines,
                        const Replaced* replaced);

  // Adds the rest. Answers how many connections there are.
  std::uint64_t finish();

 private:
  void add_results_before(std::uint64_t rank);

  const std::vector<ResultLines>& results_;
  unsigned rank_bits_;
  const std::function<void(std::string_view)>& write_;
  std::size_t next_ = 0;  // of the results
  std::uint64_t connections_ = 0;
  std::string text_;  // scratch
};

}  // namespace batch
}  // namespace restitch
