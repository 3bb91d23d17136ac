// InputBuffer: a refillable view of a ByteSource, in which what is not consumed yet lies in one piece.
//
//     storage_   [ consumed | bytes() ........ | free ]
//                           ^begin_            ^end_    ^capacity_
//
// It owns the bytes; pointers into bytes() live until the next refill(), those of exchange() for as long as
// what it gave away. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "capture/byte_source.h"
#include "capture/memory_loan.h"
#include "restitch/capture.h"

namespace restitch {

class InputBuffer {
 public:
  // `capacity` is what is allocated at first; it grows, but only when full of bytes that arrived, and
  // never above capacity_max nor beyond what `memory` has left.
  InputBuffer(std::unique_ptr<ByteSource> source, std::size_t capacity, std::size_t capacity_max,
              ReadingMemory* memory = nullptr);

  [[nodiscard]] Bytes bytes() const { return {storage_.get() + begin_, end_ - begin_}; }

  // Moves the start of bytes() ahead. Requires: size <= bytes().size().
  void consume(std::size_t size);

  // Appends what one read of the source gives. False: nothing was added, because the source ended, is idle,
  // or the buffer is full at its limit; failure() tells, and is empty for a clean end.
  bool refill();

  // Gives away the memory, with all that was consumed, and goes on with bytes() in the one it is given, or in
  // another if that is not of `size` bytes; more if there is more left than that.
  void exchange(RecordMemory& memory, std::size_t size);

  // Refills until bytes() holds `size` bytes or the source ends.
  bool require(std::size_t size);

  [[nodiscard]] const std::string& failure() const;
  [[nodiscard]] ReadingMemory* memory() const { return loan_.memory(); }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] const ByteSource& source() const { return *source_; }
  void set_patience_ms(int ms) { source_->set_patience_ms(ms); }

 private:
  bool grow();

  std::unique_ptr<ByteSource> source_;
  MemoryLoan loan_;
  std::unique_ptr<std::uint8_t[]> storage_;
  std::size_t capacity_;
  std::size_t capacity_max_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string failure_;
};

}  // namespace restitch
