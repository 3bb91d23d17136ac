// WireWriter and WireReader: numbers and bytes as they lie in batches and checkpoints, lowest byte first, or
// as varints of seven bits a byte. The reader takes any bytes: what is not there is 0, and makes it fail for
// good. It borrows the bytes. Values; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "restitch/packet.h"

namespace restitch::cluster {

class WireWriter {
 public:
  explicit WireWriter(std::vector<std::uint8_t>& out) : out_(out) {}

  template <class Number>
  void fixed(Number number) {
    auto rest = static_cast<std::uint64_t>(number);
    for (std::size_t i = 0; i < sizeof(Number); ++i, rest >>= 8) {
      out_.push_back(static_cast<std::uint8_t>(rest));
    }
  }
  void varint(std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) out_.push_back(static_cast<std::uint8_t>(number | 0x80));
    out_.push_back(static_cast<std::uint8_t>(number));
  }
  // Small ones of either sign are short.
  void signed_varint(std::int64_t number) {
    varint((static_cast<std::uint64_t>(number) << 1) ^ (number < 0 ? ~std::uint64_t{0} : std::uint64_t{0}));
  }
  void bytes(Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void sized(Bytes some) {
    varint(some.size());
    bytes(some);
  }

 private:
  std::vector<std::uint8_t>& out_;
};

class WireReader {
 public:
  explicit WireReader(Bytes bytes) : left_(bytes) {}

  template <class Number>
  Number fixed() {
    std::uint64_t number = 0;
    const Bytes some = bytes(sizeof(Number));
    for (std::size_t i = some.size(); i-- > 0;) number = number << 8 | some[i];
    return static_cast<Number>(number);
  }
  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = fixed<std::uint8_t>();
      number |= std::uint64_t{byte & 0x7FU} << shift;
      if ((byte & 0x80U) == 0) return number;
    }
    fail();
    return 0;
  }
  // A varint that has to fit; else it fails.
  template <class Number>
  Number small() {
    const std::uint64_t number = varint();
    if (number > static_cast<std::uint64_t>(static_cast<Number>(~Number{0}))) fail();
    return static_cast<Number>(number);
  }
  std::int64_t signed_varint() {
    const std::uint64_t number = varint();
    return static_cast<std::int64_t>((number >> 1) ^ (0 - (number & 1)));
  }
  Bytes bytes(std::size_t size) {
    if (size > left_.size()) {
      fail();
      return {};
    }
    const Bytes taken = left_.first(size);
    left_ = left_.subspan(size);
    return taken;
  }
  Bytes sized() { return bytes(varint()); }
  // How many things follow, each of at least `least` bytes: no more than there is room for.
  std::size_t count(std::size_t least) {
    const std::uint64_t number = varint();
    if (number <= left_.size() / least) return number;
    fail();
    return 0;
  }

  void fail() {
    failed_ = true;
    left_ = {};
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool empty() const { return left_.empty(); }
  [[nodiscard]] std::size_t size() const { return left_.size(); }

 private:
  Bytes left_;
  bool failed_ = false;
};

}  // namespace restitch::cluster
