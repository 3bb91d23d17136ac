// TlsCursor: reads the fields of messages of TLS, and never beyond the bytes it borrows: what is not there
// reads as 0, or as nothing, and good() turns false. One thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "restitch/packet.h"

namespace restitch {

class TlsCursor {
 public:
  explicit TlsCursor(Bytes bytes) : bytes_(bytes) {}

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }

  Bytes take(std::size_t size) {
    if (size > bytes_.size()) {
      good_ = false;
      size = bytes_.size();
    }
    const Bytes taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }
  // A number of `size` bytes, big-endian. Requires: size <= 4.
  std::uint32_t number(std::size_t size) {
    const Bytes taken = take(size);
    if (taken.size() < size) return 0;
    std::uint32_t value = 0;
    for (const std::uint8_t byte : taken) value = value << 8 | byte;
    return value;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  // Bytes behind their own number, which has `size` bytes.
  Bytes list(std::size_t size) { return take(number(size)); }

 private:
  Bytes bytes_;
  bool good_ = true;
};

}  // namespace restitch
