// Inflater: what zlib needs to inflate one stream of DEFLATE. Owns the state of zlib, which is made by
// begin(): about 7 KiB, and a window of at most 32 KiB once there is output. One thread.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <memory>

#include "restitch/packet.h"

namespace restitch {

// Takes what a coding decoded.
class DecodedTaker {
 public:
  virtual ~DecodedTaker() = default;
  // `bytes` are lent for the call. Answers whether to go on.
  virtual bool take_decoded(Bytes bytes) = 0;
};

class Inflater {
 public:
  enum class Step : std::uint8_t {
    more,     // all was consumed
    ended,    // the stream is over, whatever is left behind it
    damaged,  // it cannot go on; what could be decoded was handed out
    stopped,  // the taker wants no more
  };

  // As inflateInit2() has it: 31 is gzip, 15 zlib, -8 to -15 without a header. Begins anew if it had begun.
  void begin(int window_bits);
  [[nodiscard]] bool begun() const { return stream_ != nullptr; }
  // Back to the beginning of a stream, with the same window bits. Requires: begun().
  void begin_again();
  void end() { stream_.reset(); }
  // All that was consumed ends with a block: nothing of it waits to be decoded. Requires: begun().
  [[nodiscard]] bool at_block_end() const { return (stream_->data_type & 128) != 0; }
  // What zlib takes, about.
  static constexpr std::size_t memory = std::size_t{40} << 10;

  // Takes what it consumes off the front of `coded`. Requires: begun().
  Step inflate(Bytes& coded, DecodedTaker& taker);

 private:
  struct End {
    void operator()(z_stream* stream) const;
  };
  std::unique_ptr<z_stream, End> stream_;
};

}  // namespace restitch
