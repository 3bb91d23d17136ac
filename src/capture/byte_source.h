// ByteSource: where the bytes of a capture come from (a file, a pipe, a decompressor, a test). This is
// the seam for new kinds of input. Owned by the InputBuffer that reads it; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace restitch {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Reads up to `size` bytes to `to`, waiting only while there are none at all. 0: the end, for good,
  // unless idle() says otherwise; if failure() then has something to say, it is not a clean one.
  // Requires: size > 0.
  virtual std::size_t read(std::uint8_t* to, std::size_t size) = 0;

  // After a read that gave nothing: true if more may come, as from a file that still grows.
  [[nodiscard]] virtual bool idle() const { return false; }
  // True when the end was asked for by the user, wherever it falls.
  [[nodiscard]] virtual bool stopped() const { return false; }
  // How long a read waits before it is idle. Means nothing to a source that never is; a pipe waits for ever
  // until it is told.
  virtual void set_patience_ms(int /*ms*/) {}

  // Why the bytes ended before the end; empty while all is well.
  [[nodiscard]] virtual const std::string& failure() const = 0;

  // Bytes taken from the input itself (compressed ones, if it is), and its size where it is known.
  [[nodiscard]] virtual std::uint64_t bytes_read() const = 0;
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;
};

}  // namespace restitch
