// MemoryLoan: what one part of a reader has taken of the ReadingMemory, if there is one; it goes back with
// the object. One thread at a time.
#pragma once

#include <cstddef>
#include <limits>
#include <utility>

#include "restitch/capture.h"

namespace restitch {

class MemoryLoan {
 public:
  explicit MemoryLoan(ReadingMemory* memory = nullptr) : memory_(memory) {}
  MemoryLoan(MemoryLoan&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MemoryLoan& operator=(MemoryLoan&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    return *this;
  }
  MemoryLoan(const MemoryLoan&) = delete;
  MemoryLoan& operator=(const MemoryLoan&) = delete;
  ~MemoryLoan() { resize(0); }

  [[nodiscard]] std::size_t size() const { return size_; }
  // What it could become.
  [[nodiscard]] std::size_t size_max() const {
    return memory_ == nullptr ? std::numeric_limits<std::size_t>::max() : size_ + memory_->left();
  }
  [[nodiscard]] ReadingMemory* memory() const { return memory_; }

  // False, and nothing changes: there is not so much.
  bool resize(std::size_t size) {
    if (size > size_max()) return false;
    if (memory_ != nullptr && size > size_) memory_->take(size - size_);
    if (memory_ != nullptr && size < size_) memory_->give_back(size_ - size);
    size_ = size;
    return true;
  }

 private:
  ReadingMemory* memory_;
  std::size_t size_ = 0;
};

}  // namespace restitch
