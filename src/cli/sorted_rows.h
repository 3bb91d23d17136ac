// SortedRows: rows that are printed at the end, sorted, and only the first ones of them. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

namespace restitch::cli {

// Equal ones keep their order.
template <class Row>
class SortedRows {
 public:
  // `rows_max` 0: all.
  SortedRows(std::size_t rows_max, std::size_t size_max) : rows_max_(rows_max), size_max_(size_max) {}

  // `size` is what the row takes of memory.
  void add(double key, Row row, std::size_t size) {
    size_ += size + overhead;
    rows_.emplace(key, Sized{size, std::move(row)});
    while (rows_.size() > 1 && ((rows_max_ != 0 && rows_.size() > rows_max_) || size_ > size_max_)) {
      if (rows_max_ == 0 || rows_.size() <= rows_max_) ++left_out_;
      const auto last = std::prev(rows_.end());
      size_ -= last->second.size + overhead;
      rows_.erase(last);
    }
  }

  // Hands them out in order. It has none afterwards.
  template <class Take>
  void take_all(Take&& take) {
    for (; !rows_.empty(); rows_.erase(rows_.begin())) take(std::move(rows_.begin()->second.row));
  }

  // Those that memory had no room for.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

 private:
  struct Sized {
    std::size_t size;
    Row row;
  };
  static constexpr std::size_t overhead = 96;

  std::size_t rows_max_;
  std::size_t size_max_;
  std::size_t size_ = 0;
  std::uint64_t left_out_ = 0;
  std::multimap<double, Sized, std::greater<>> rows_;
};

}  // namespace restitch::cli
