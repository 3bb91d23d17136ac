// Chunks: takes the framing of chunks off a body (RFC 9112, 7.1). It keeps no bytes: what it cannot use yet
// is to be given again, with more behind it. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "app/http1_head.h"

namespace restitch::http1 {

class Chunks {
 public:
  // What the next bytes are.
  struct Step {
    enum class Kind : std::uint8_t {
      data,      // `size` bytes of the body
      framing,   // `size` bytes between them
      trailers,  // `size` bytes: fields behind the last chunk, with their empty line, which is the end
      more,      // that cannot be said yet
      damaged,   // they are no chunk
    };
    Kind kind = Kind::more;
    std::size_t size = 0;
    Oddity oddity;  // `what` is empty: none
  };

  // Of the first of `text`. `forced`: nothing comes behind it.
  Step next(std::string_view text, bool forced);
  // So many bytes are missing. Answers how many of them belong to the body that is known to go on.
  std::uint64_t gap(std::uint64_t size);

  static constexpr std::size_t line_max = 4096;

 private:
  enum class State : std::uint8_t { first_size, size, data, data_end, trailers };
  Step size_line(std::string_view text, bool forced);
  Step data_end(std::string_view text, bool forced);
  Step read_size(std::string_view line, std::size_t skipped, std::size_t whole);

  State state_ = State::first_size;
  std::uint32_t seen_ = 0;  // so much of the line has no line feed
  std::uint64_t left_ = 0;  // of the chunk
  HeadEnd trailers_;
};

}  // namespace restitch::http1
