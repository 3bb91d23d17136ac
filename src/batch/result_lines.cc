#include "batch/result_lines.h"

#include <fstream>
#include <limits>
#include <optional>

#include "batch/connection_line.h"

namespace restitch::batch {

void LineMerger::add_results_before(std::uint64_t rank) {
  for (; next_ < results_.size() && results_[next_].rank < rank; ++next_) {
    text_.clear();
    for_each_line(results_[next_].lines,
                  [this](std::string_view rest) { append_line(text_, connections_, rest); });
    ++connections_;
    write_(text_);
  }
}

Result<void> LineMerger::add_file(std::size_t file, const std::string& path, std::uint64_t lines,
                                  const Replaced* replaced) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return failure(ErrorCode::io, "cannot be read");
  std::optional<LinePlace> before;
  std::uint64_t read = 0;
  for (std::string line; std::getline(in, line); ++read) {
    const auto parsed = parse_line(line);
    const bool in_order = parsed && (!before || before->rank <= parsed->place.rank);
    if (!in_order) return failure(ErrorCode::damaged, "is not what a map task writes");
    const bool begins = !before || before->connection != parsed->place.connection;
    before = parsed->place;
    if (replaced == nullptr || replaced->contains(parsed->place.tuple)) continue;
    if (begins) {
      add_results_before((std::uint64_t{file} << rank_bits_) + parsed->place.rank);
      ++connections_;
    }
    if (parsed->rest.empty()) continue;
    text_.clear();
    append_line(text_, connections_ - 1, parsed->rest);
    write_(text_);
  }
  if (read != lines) return failure(ErrorCode::damaged, "was cut off, or is of another run than its carry");
  return {};
}

std::uint64_t LineMerger::finish() {
  add_results_before(std::numeric_limits<std::uint64_t>::max());
  return connections_;
}

}  // namespace restitch::batch
