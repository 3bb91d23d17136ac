#include "capture/input_buffer.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace restitch {

InputBuffer::InputBuffer(std::unique_ptr<ByteSource> source, std::size_t capacity, std::size_t capacity_max,
                         ReadingMemory* memory)
    : source_(std::move(source)),
      loan_(memory),
      storage_(std::make_unique_for_overwrite<std::uint8_t[]>(capacity)),
      capacity_(capacity),
      capacity_max_(std::max(capacity, capacity_max)) {
  loan_.resize(capacity);
}

void InputBuffer::consume(std::size_t size) {
  assert(size <= end_ - begin_);
  begin_ += size;
}

bool InputBuffer::refill() {
  // What is left is part of one record, so moving it costs little and gives the next read all the room.
  if (begin_ > 0) {
    std::memmove(storage_.get(), storage_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_ && !grow()) return false;
  const std::size_t got = source_->read(storage_.get() + end_, capacity_ - end_);
  end_ += got;
  return got > 0;
}

void InputBuffer::exchange(RecordMemory& memory, std::size_t size) {
  const Bytes rest = bytes();
  const std::size_t wanted = std::max(size, rest.size());
  if (memory.size != wanted) memory = {std::make_unique_for_overwrite<std::uint8_t[]>(wanted), wanted};
  if (!rest.empty()) std::memcpy(memory.bytes.get(), rest.data(), rest.size());
  begin_ = 0;
  end_ = rest.size();
  std::swap(storage_, memory.bytes);
  std::swap(capacity_, memory.size);
  loan_.resize(capacity_);
}

bool InputBuffer::require(std::size_t size) {
  while (bytes().size() < size) {
    if (!refill()) return false;
  }
  return true;
}

const std::string& InputBuffer::failure() const { return failure_.empty() ? source_->failure() : failure_; }

bool InputBuffer::grow() {
  const std::size_t capacity = std::min(capacity_ * 2, capacity_max_);
  std::unique_ptr<std::uint8_t[]> storage;
  // For a moment there are both.
  const bool room = capacity > capacity_ && loan_.resize(capacity_ + capacity);
  if (room) storage.reset(new (std::nothrow) std::uint8_t[capacity]);
  if (!storage) {
    loan_.resize(capacity_);
    failure_ = "one record does not fit into " + std::to_string(capacity_) + " bytes of memory";
    return false;
  }
  std::memcpy(storage.get(), storage_.get(), end_);
  storage_ = std::move(storage);
  capacity_ = capacity;
  loan_.resize(capacity_);
  return true;
}

}  // namespace restitch
